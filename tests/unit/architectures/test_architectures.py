import keras
import numpy as np
import pytest
from keras import ops

import vae_keras
from vae_keras.architectures import conv, mlp, stable_conv
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import Bernoulli, SquaredError

SHAPES = [(32, 32, 3), (33, 47, 3), (96, 64, 3), (5, 5, 1), (1, 1, 1)]


def conv_count(kernel, channels_in, channels_out):
    return kernel * kernel * channels_in * channels_out + channels_out


def dense_count(units_in, units_out):
    return units_in * units_out + units_out


STABLE_CONV = (
    conv_count(5, 1, 128)
    + conv_count(3, 128, 64)
    + 2 * conv_count(3, 64, 64)
    + dense_count(14 * 14 * 64, 32)
    + 2 * dense_count(32, 2)
    + dense_count(2, 14 * 14 * 64)
    + 3 * conv_count(3, 64, 64)
    + conv_count(5, 64, 128)
    + conv_count(5, 128, 1)
)
CONV = (
    conv_count(3, 1, 32)
    + conv_count(3, 32, 64)
    + 2 * dense_count(7 * 7 * 64, 2)
    + dense_count(2, 7 * 7 * 64)
    + conv_count(4, 64, 32)
    + conv_count(4, 32, 1)
)
MLP = (
    dense_count(784, 512)
    + dense_count(512, 256)
    + 2 * dense_count(256, 2)
    + dense_count(2, 256)
    + dense_count(256, 512)
    + dense_count(512, 784)
)


@pytest.mark.parametrize(
    ("architecture", "pinned", "by_hand"),
    [(stable_conv, 909_093, STABLE_CONV), (conv, 74_085, CONV), (mlp, 1_068_820, MLP)],
)
def test_parameter_counts(architecture, pinned, by_hand):
    assert pinned == by_hand
    encoder, decoder = architecture((28, 28, 1), 2, SquaredError())
    assert encoder.count_params() + decoder.count_params() == pinned


def test_conditional_mlp_as_published():
    by_hand = (
        dense_count(784 + 10, 512)
        + dense_count(512, 256)
        + 2 * dense_count(256, 20)
        + dense_count(20 + 10, 256)
        + dense_count(256, 512)
        + dense_count(512, 784)
    )
    parts = mlp((28, 28, 1), 20, Bernoulli(), num_classes=10)
    assert sum(part.count_params() for part in parts) == by_hand == 1_090_360


def test_autoencoder_mlp_as_published():
    widths = (784, 256, 128, 32, 128, 256, 784)
    by_hand = sum(map(dense_count, widths[:-1], widths[1:]))
    parts = mlp((28, 28, 1), 32, SquaredError(), encoder_units=(256, 128), variational=False)
    assert sum(part.count_params() for part in parts) == by_hand == 476_720


@pytest.mark.parametrize("shape", SHAPES)
def test_any_image_size_comes_back(architecture, shape):
    encoder, decoder = architecture(shape, 3, SquaredError())
    assert encoder.output_shape == [(None, 3), (None, 3)]
    assert decoder.output_shape == (None, *shape)
    if shape[0] % 2:  # padded and cropped: computed too, not only inferred
        mean, log_var = encoder(ops.zeros((2, *shape)))
        assert tuple(mean.shape) == tuple(log_var.shape) == (2, 3)
        assert tuple(decoder(mean).shape) == (2, *shape)


@pytest.mark.parametrize("filters", [(2,), (2, 3), (2, 3, 4)])
def test_conv_halves_the_grid_for_each_entry_of_filters(filters):
    encoder, decoder = conv((9, 13, 2), 2, SquaredError(), filters=filters)
    rows, columns = -(-9 // 2 ** len(filters)), -(-13 // 2 ** len(filters))
    features = rows * columns * filters[-1]
    assert encoder.get_layer("z_mean").kernel.shape == (features, 2)
    assert decoder.output_shape == (None, 9, 13, 2)


@pytest.mark.parametrize(
    ("size", "grid"),
    [(28, (7, 7, 32)), (32, (8, 8, 32)), (33, (5, 5, 64)), (256, (8, 8, 128)), (512, (8, 8, 128))],
)
def test_the_default_deepens_with_the_image(size, grid):
    options = vae_keras.preset("default").architecture_options
    encoder, decoder = conv((size, size, 1), 2, SquaredError(), **options)
    assert next(x for x in encoder.layers if "flatten" in x.name).input.shape[1:] == grid
    assert next(x for x in decoder.layers if "reshape" in x.name).output.shape[1:] == grid
    assert decoder.output_shape[1:] == (size, size, 1)
    channels = [x.filters for x in encoder.layers if isinstance(x, keras.layers.Conv2D)]
    assert channels == [16, 32, 64, 128, 128, 128][: len(channels)]


def test_wider_stages_than_the_added_ones_stay_as_wide():
    encoder, _ = conv((64, 16, 1), 2, SquaredError(), filters=(256,), largest_grid=8)
    channels = [x.filters for x in encoder.layers if isinstance(x, keras.layers.Conv2D)]
    assert channels == [256, 256, 256]  # by the longer side


def test_padding_and_cropping_are_centred():
    # One pixel of a 5 x 5 image is missing to 6: even sides would need it on the far side only.
    encoder, decoder = stable_conv((5, 7, 1), 2, SquaredError())
    (padding,) = [la.padding for la in encoder.layers if "padding" in la.name]
    (cropping,) = [la.cropping for la in decoder.layers if "cropping" in la.name]
    assert padding == cropping == ((0, 1), (0, 1))
    encoder, decoder = conv((29, 30, 1), 2, SquaredError(), filters=(2, 3))
    (padding,) = [la.padding for la in encoder.layers if "padding" in la.name]
    (cropping,) = [la.cropping for la in decoder.layers if "cropping" in la.name]
    assert padding == cropping == ((1, 2), (1, 1))


def test_widths_are_mirrored_and_can_be_set():
    encoder, decoder = mlp((4, 4, 1), 2, SquaredError(), encoder_units=(7, 5))
    assert encoder.count_params() == dense_count(16, 7) + dense_count(7, 5) + 2 * dense_count(5, 2)
    assert decoder.count_params() == dense_count(2, 5) + dense_count(5, 7) + dense_count(7, 16)
    _, decoder = mlp((4, 4, 1), 2, SquaredError(), encoder_units=(7, 5), decoder_units=(3,))
    assert decoder.count_params() == dense_count(2, 3) + dense_count(3, 16)


def test_conv_takes_dense_layers_around_the_code():
    encoder, decoder = conv(
        (8, 8, 1), 2, SquaredError(), filters=(2, 3), encoder_units=(6,), decoder_units=(5, 4)
    )
    features = 2 * 2 * 3
    assert encoder.count_params() == (
        conv_count(3, 1, 2) + conv_count(3, 2, 3) + dense_count(features, 6) + 2 * dense_count(6, 2)
    )
    assert decoder.count_params() == (
        dense_count(2, 5)
        + dense_count(5, 4)
        + dense_count(4, features)
        + conv_count(4, 3, 2)
        + conv_count(4, 2, 1)
    )


@pytest.mark.parametrize(("normalization", "extra"), [("none", 0), ("layer", 2), ("batch", 4)])
def test_normalization_adds_its_parameters_to_each_dense_layer(normalization, extra):
    encoder, decoder = mlp(
        (4, 4, 1), 2, SquaredError(), encoder_units=(7, 5), normalization=normalization
    )
    plain = [m.count_params() for m in mlp((4, 4, 1), 2, SquaredError(), encoder_units=(7, 5))]
    assert encoder.count_params() == plain[0] + extra * (7 + 5)
    assert decoder.count_params() == plain[1] + extra * (7 + 5)


@pytest.mark.parametrize(
    ("normalization", "extra"),
    [
        ("none", [0, 0]),
        ("layer", [2 * 6, 2 * (5 + 4)]),  # dense layers alone: the default preset is built so
        ("batch", [4 * (2 + 3 + 6), 4 * (5 + 4 + 2)]),
    ],
)
def test_conv_normalizes_convolutions_over_the_batch_only(normalization, extra):
    sizes = {"filters": (2, 3), "encoder_units": (6,), "decoder_units": (5, 4)}
    plain, normalized = (
        [part.count_params() for part in conv((8, 8, 1), 2, SquaredError(), **sizes, **option)]
        for option in ({}, {"normalization": normalization})
    )
    assert [n - p for n, p in zip(normalized, plain, strict=True)] == extra


@pytest.mark.parametrize("architecture", [conv, mlp])
def test_batch_normalization_depends_on_the_batch_in_training_only(architecture):
    encoder, decoder = architecture((8, 8, 1), 2, SquaredError(), normalization="batch")
    images = np.random.default_rng(0).random((6, 8, 8, 1), "float32")
    codes = np.random.default_rng(1).normal(size=(6, 2)).astype("float32")
    for part, values in ((lambda *a, **k: encoder(*a, **k)[0], images), (decoder, codes)):
        alone, among = (
            ops.convert_to_numpy(part(some, training=False))[:2] for some in (values[:2], values)
        )
        np.testing.assert_allclose(alone, among, atol=1e-6)
        alone, among = (
            ops.convert_to_numpy(part(some, training=True))[:2] for some in (values[:2], values)
        )
        assert np.abs(alone - among).max() > 1e-3


def test_the_likelihood_owns_the_output(architecture):
    for likelihood in (SquaredError(), SquaredError((-1, 1)), Bernoulli()):
        _, decoder = architecture((8, 8, 1), 2, likelihood)
        assert decoder.layers[-1].activation.__name__ == likelihood.output_activation

    likelihood = SquaredError()
    likelihood.parameters_per_channel = 2
    _, decoder = architecture((8, 8, 3), 2, likelihood)
    assert decoder.output_shape == (None, 8, 8, 6)


@pytest.mark.parametrize(
    ("shape", "latent_dim", "message"),
    [
        ((8, 8), 2, r"`image_shape` must be .*Received: image_shape=\(8, 8\)"),
        ((8, 8, 1, 1), 2, "`image_shape`"),
        ((0, 8, 1), 2, "`image_shape`"),
        ((8, -8, 1), 2, "`image_shape`"),
        ((8, 8.0, 1), 2, "`image_shape`"),
        ((None, 8, 1), 2, "`image_shape`"),
        ((8, 8, 1), 0, "`latent_dim` must be a positive integer. Received: latent_dim=0"),
        ((8, 8, 1), -2, "`latent_dim`"),
        ((8, 8, 1), 2.5, "`latent_dim`"),
        ((8, 8, 1), "2", "`latent_dim`"),
    ],
)
def test_senseless_sizes_are_argument_errors(architecture, shape, latent_dim, message):
    with pytest.raises(ArgumentError, match=message):
        architecture(shape, latent_dim, SquaredError())


@pytest.mark.parametrize(
    ("architecture", "options", "message"),
    [
        (conv, {"filters": ()}, r"`filters` must be .* at least 1 of .*Received: filters=\(\)"),
        (conv, {"filters": (32, 0)}, "`filters`"),
        (conv, {"kernel_size": 0}, "`kernel_size`"),
        (conv, {"largest_grid": 0}, "`largest_grid`"),
        (conv, {"decoder_kernel_size": -1}, "`decoder_kernel_size`"),
        (conv, {"encoder_units": (1.5,)}, "`encoder_units`"),
        (conv, {"decoder_units": (0,)}, "`decoder_units`"),
        (conv, {"normalization": "btach", "encoder_units": (4,)}, "`normalization`.*'batch'"),
        (mlp, {"encoder_units": (8, 0)}, r"`encoder_units`.*encoder_units=\(8, 0\)"),
        (mlp, {"decoder_units": (-8,)}, "`decoder_units`"),
        (conv, {"normalization": "layers"}, "`normalization`.*'layer'"),
        (mlp, {"normalization": "group"}, "`normalization`"),
        (mlp, {"normalization": "group", "encoder_units": ()}, "`normalization`"),
    ],
)
def test_senseless_options_are_argument_errors(architecture, options, message):
    with pytest.raises(ArgumentError, match=message):
        architecture((8, 8, 1), 2, SquaredError(), **options)


def test_log_variance_is_bounded_whatever_comes_in(architecture):
    encoder, _ = architecture((8, 8, 1), 4, SquaredError())
    head = encoder.get_layer("z_log_var")
    features = head.kernel.shape[0]
    head.kernel.assign(np.random.default_rng(0).normal(size=(features, 4)) * 1e6)
    head.bias.assign([1e5, -1e5, 0.0, 0.0])
    images = np.random.default_rng(1).random((20, 8, 8, 1), "float32") * 1e3
    log_var = ops.convert_to_numpy(encoder(images)[1])
    assert np.abs(log_var).max() <= 20.0 + 1e-4
    assert log_var.max() > 19.9  # the bound was reached
    assert np.isfinite(np.exp(log_var)).all()


def test_heads_and_output_stay_float32_under_mixed_precision(architecture):
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        encoder, decoder = architecture((8, 8, 1), 2, SquaredError())
        autoencoder, _ = architecture((8, 8, 1), 2, SquaredError(), variational=False)
    finally:
        keras.config.set_dtype_policy(previous)
    assert encoder.layers[1].compute_dtype == "float16"  # the policy was at work
    mean, log_var = encoder(np.random.default_rng(0).random((2, 8, 8, 1), "float32"))
    assert [t.dtype for t in encoder.outputs] == ["float32", "float32"]
    assert decoder.outputs[0].dtype == "float32"
    codes = autoencoder(np.random.default_rng(0).random((2, 8, 8, 1), "float32"))
    for tensor in (mean, log_var, codes, decoder(mean)):
        assert keras.backend.standardize_dtype(tensor.dtype) == "float32"


def test_stable_conv_heads_are_never_negative_and_its_codes_are():
    encoder, _ = stable_conv((8, 8, 1), 8, SquaredError())
    images = np.random.default_rng(0).normal(size=(10, 8, 8, 1)).astype("float32")
    mean, log_var = (ops.convert_to_numpy(head) for head in encoder(images))
    assert mean.min() == 0.0 and mean.max() > 0  # ReLU on both heads, as published
    assert log_var.min() > -1e-6

    encoder, _ = stable_conv((8, 8, 1), 8, SquaredError(), variational=False)
    assert ops.convert_to_numpy(encoder(images)).min() < 0
