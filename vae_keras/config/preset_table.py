"""The presets: the summary and the settings of each. This table alone holds their names."""

from vae_keras.config.config import Config

_DIGITS = {"dataset": "mnist", "likelihood": "bernoulli", "latent_dim": 20, "epochs": 20}
_BURDA_STAGES = tuple(3**stage for stage in range(8))
_BURDA = {
    **_DIGITS,
    "architecture": "mlp",
    "encoder_units": (200, 200),
    "activation": "tanh",
    "latent_dim": 50,
    "binarize": "dynamic",
    "output_bias": "data",
    "validation_size": 0,
    "batch_size": 20,
    "adam_epsilon": 1e-4,
    "epochs": sum(_BURDA_STAGES),
    "stage_epochs": _BURDA_STAGES,
    "stage_factor": 10 ** (-1 / 7),
}
# Adam on the mean loss of a batch of 128, with this epsilon, takes the steps of Adam on the sum.
_EPSILON_OF_SUM = 1e-7 / 128

# fmt: off
_TABLE: dict[str, tuple[str, dict]] = {
    "default": (
        "Convolutions and dense layers for two-dimensional codes, Fashion-MNIST",
        {
            "architecture": "conv", "filters": (16, 32), "largest_grid": 8, "kernel_size": 4,
            "decoder_kernel_size": 4, "encoder_units": (256, 256),
            "decoder_units": (256, 256, 512), "activation": "silu", "normalization": "layer",
            "learning_rate": 3e-3, "warmup_epochs": 3, "epochs": 60, "plateau_patience": 3,
            "plateau_min_delta": 0.02, "min_learning_rate": 1e-5,
        },
    ),
    "stable_conv": (
        "Wide convolutions at half the image's size, squared error, Fashion-MNIST; wants a GPU",
        {
            "architecture": "stable_conv", "epochs": 60, "learning_rate": 1e-4,
            "warmup_epochs": 40, "min_learning_rate": 5e-5,
        },
    ),
    "conv": (
        "Two strided convolutions, Bernoulli, MNIST",
        {"architecture": "conv", **_DIGITS},
    ),
    "conv_fashion": (
        "`conv` on Fashion-MNIST",
        {"architecture": "conv", **_DIGITS, "dataset": "fashion_mnist"},
    ),
    "mlp_400": (
        "One dense layer of 400, squared error in [-1, 1], Fashion-MNIST",
        {
            "architecture": "mlp", "encoder_units": (400,),
            "likelihood_options": ("data_range=[-1,1]",), "latent_dim": 20, "epochs": 30,
            "adam_epsilon": _EPSILON_OF_SUM,
        },
    ),
    "mlp_400_conv": (
        "`mlp_400` with two strided convolutions in place of the dense layer",
        {
            "architecture": "conv", "decoder_kernel_size": 3,
            "likelihood_options": ("data_range=[-1,1]",), "latent_dim": 20, "epochs": 30,
            "adam_epsilon": _EPSILON_OF_SUM,
        },
    ),
    "mlp_400x2": (
        "Two dense layers of 400, Bernoulli, MNIST",
        {"architecture": "mlp", "encoder_units": (400, 400), **_DIGITS},
    ),
    "mlp_400x2_gaussian": (
        "`mlp_400x2` with a Gaussian of fixed variance, with the 1/2",
        {
            "architecture": "mlp", "encoder_units": (400, 400), **_DIGITS,
            "likelihood": "gaussian",
        },
    ),
    "mlp_400x2_learned_gaussian": (
        "`mlp_400x2` with a Gaussian whose variance is learned for each pixel",
        {
            "architecture": "mlp", "encoder_units": (400, 400), **_DIGITS,
            "likelihood": "learned_gaussian",
        },
    ),
    "mlp_400x2_clipped": (
        "`mlp_400x2` with the gradient norm clipped at 1",
        {"architecture": "mlp", "encoder_units": (400, 400), **_DIGITS, "clip_norm": 1.0},
    ),
    "mlp_512_256": (
        "Dense layers of 512 and 256, Bernoulli, MNIST",
        {"architecture": "mlp", **_DIGITS},
    ),
    "mlp_256x2": (
        "Two dense layers of 256, Bernoulli, gradient norm of the summed loss clipped at 1, MNIST",
        {
            "architecture": "mlp", "encoder_units": (256, 256), **_DIGITS, "latent_dim": 32,
            "clip_norm": 1.0 / 128, "adam_epsilon": _EPSILON_OF_SUM,
        },
    ),
    "autoencoder": (
        "Autoencoder, dense layers of 256 and 128, mean squared error, MNIST",
        {
            "model": "autoencoder", "architecture": "mlp", "encoder_units": (256, 128),
            "dataset": "mnist", "latent_dim": 32, "epochs": 10,
        },
    ),
    "conditional": (
        "VAE given the class, dense layers of 512 and 256, Bernoulli, MNIST",
        {"model": "conditional", "architecture": "mlp", **_DIGITS, "epochs": 15},
    ),
    "burda_2016": (
        "VAE of Burda et al. 2016, one layer of codes, dynamically binarised MNIST",
        _BURDA,
    ),
    "burda_2016_iwae": (
        "`burda_2016` with the importance-weighted bound of 5 samples",
        {
            **_BURDA,
            "objective": "importance_weighted", "objective_options": ("samples=5",),
        },
    ),
    "rezende_2015": (
        "One dense layer of 400, 40 codes, statically binarised MNIST, as pythae reproduces it",
        {
            **_DIGITS, "architecture": "mlp", "encoder_units": (400,), "latent_dim": 40,
            "binarize": "static", "validation_size": 10_000, "batch_size": 100, "epochs": 300,
            "plateau_patience": 10, "early_stopping_patience": 30, "min_learning_rate": 1e-5,
        },
    ),
    "resnet_64": (
        "Residual networks for 64 x 64 pixels and more, and for colour; sprites, or your --data",
        {
            "dataset": "sprites", "architecture": "resnet", "likelihood": "optimal_gaussian",
            "latent_dim": 64,
            "learning_rate": 5e-4, "batch_size": 64, "epochs": 100, "warmup_epochs": 5,
            "clip_norm": 200.0,
        },
    ),
}
# fmt: on

PRESETS: dict[str, Config] = {
    name: Config(preset=name, **settings) for name, (_, settings) in _TABLE.items()
}
SUMMARIES: dict[str, str] = {name: summary for name, (summary, _) in _TABLE.items()}
