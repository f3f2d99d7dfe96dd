import numpy as np
import pytest

from vae_keras import Config, build_model, preset
from vae_keras.config.preset_table import PRESETS, SUMMARIES
from vae_keras.config.presets import check_member, member, member_names
from vae_keras.errors import ArgumentError


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_builds(name):
    settings = preset(name)
    assert settings == PRESETS[name]
    assert settings.preset == name  # as `config.json` will tell
    assert settings.warmup_epochs < settings.epochs
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1)).astype("uint8")
    vae = build_model(settings, (8, 8, 1), num_classes=3, images=images)
    assert vae.latent_dim == settings.latent_dim
    assert vae.image_shape == (8, 8, 1)
    assert vae.num_classes == (3 if settings.model == "conditional" else 0)
    assert vae.decoder.output_shape == (None, 8, 8, vae.likelihood.parameters_per_channel)
    assert vae.reconstruct(images, label=1 if vae.num_classes else None).shape == images.shape
    assert isinstance(vae.likelihood, member("likelihoods", settings.likelihood))
    assert float(vae.optimizer.learning_rate) == pytest.approx(settings.learning_rate)


def test_every_preset_has_a_line():
    assert list(SUMMARIES) == list(PRESETS)
    assert all(summary and "\n" not in summary for summary in SUMMARIES.values())


def test_changes_override_a_preset():
    changed = preset("default", latent_dim=16, epochs=3)
    assert (changed.latent_dim, changed.epochs) == (16, 3)
    default = PRESETS["default"]
    assert changed.replace(latent_dim=default.latent_dim, epochs=default.epochs) == default


def test_another_architecture_than_the_presets():
    settings = preset("default", architecture="mlp", encoder_units=(8,))
    assert build_model(settings, (8, 8, 1)).encoder.count_params() == 65 * 8 + 2 * 9 * 2


def test_unknown_preset_names_the_nearest():
    with pytest.raises(ArgumentError, match=r"Did you mean 'stable_conv'.*preset='stabel_conv'"):
        preset("stabel_conv")
    with pytest.raises(ArgumentError, match=r"one of autoencoder, .*, conv, .*preset='x'"):
        preset("x")
    with pytest.raises(ArgumentError, match="unknown latent"):
        preset("default", latent=3)


def test_members_are_found_by_their_files():
    assert {"conv", "mlp", "stable_conv"} <= set(member_names("architectures"))
    assert {"bernoulli", "squared_error"} <= set(member_names("likelihoods"))
    assert "kl" in member_names("regularizers")
    for axis in ("architectures", "likelihoods", "regularizers"):
        names = member_names(axis)
        assert not {"base", "blocks", "__init__"} & set(names)
        assert all(callable(member(axis, name)) for name in names)


def test_members_by_name():
    import vae_keras

    assert member("likelihoods", "squared_error") is vae_keras.likelihoods.SquaredError
    assert member("architectures", "mlp") is vae_keras.architectures.mlp
    assert member("regularizers", "kl") is vae_keras.regularizers.KL


def test_unknown_member_names_the_nearest():
    with pytest.raises(ArgumentError, match=r"`likelihood` .* Did you mean 'bernoulli'"):
        check_member("likelihoods", "bernouli")
    with pytest.raises(ArgumentError, match=r"`architecture` must be one of conv, mlp"):
        member("architectures", "base")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            Config(architecture="mlp", filters=(8,)),
            r"`filters` must not be set for architecture 'mlp'.* Received: filters=\(8,\)",
        ),
        (
            Config(architecture="stable_conv", activation="relu"),
            r"`activation` must not be set for architecture 'stable_conv'",
        ),
        (
            Config(architecture="mlp", activation="reul"),
            r"`activation` must be one of .* Did you mean 'relu'.* Received: activation='reul'",
        ),
        (Config(filters=()), "`filters` must be positive integers, at least 1 of them"),
        (Config(likelihood="gaussan"), "`likelihood` must be one of "),
        (
            Config(likelihood="gaussian", likelihood_options=("scal=1",)),
            r"`likelihood_options` must be one of .* Did you mean 'scale'.*'scal'",
        ),
        (Config(likelihood="gaussian", likelihood_options=("scale=0",)), r"`scale` must .*=0"),
        (Config(likelihood="perceptual"), "'perceptual' takes `network`, which only Python"),
        (Config(objective="importance_weighted", objective_options=("samples=0",)), "`samples`"),
        (Config(objective="importance_weighted", regularizer="mmd"), "`regularizer` must be `KL`"),
        (Config(regularizer="capacity", regularizer_options=("capacity=-1",)), "`capacity` must"),
        (Config(regularizer="free_bits", prior="mixture"), "`prior` must have independent"),
        (Config(model="conditional"), "`num_classes` must be given"),
        (Config(model="autoencoder", likelihood="bernoulli"), "`likelihood` must be `Squared"),
        (Config(output_bias="data"), "`images` must be given"),
        (
            Config(
                binarize="dynamic", likelihood="gaussian", likelihood_options=("data_range=[-1,1]",)
            ),
            "`binarize` must go with a likelihood of data in",
        ),
    ],
)
def test_settings_that_do_not_fit_the_members(settings, message):
    with pytest.raises(ArgumentError, match=message) as caught:
        build_model(settings, (8, 8, 1))
    assert "\n" not in str(caught.value)


def test_same_seed_same_weights():
    settings = preset("mlp_512_256", encoder_units=(8,), seed=3)
    first, again = (build_model(settings, (4, 4, 1)).get_weights() for _ in range(2))
    other = build_model(settings.replace(seed=4), (4, 4, 1)).get_weights()
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert any((one != two).any() for one, two in zip(first, other, strict=True))
