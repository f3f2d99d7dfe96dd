import keras
import pytest

import vae_keras
from vae_keras.architectures import mlp
from vae_keras.errors import ArgumentError, ModelFileError
from vae_keras.likelihoods import SquaredError
from vae_keras.regularizers import Regularizer


@keras.saving.register_keras_serializable("my_package")
class Halved(Regularizer):
    def __call__(self, latent):
        return 0.5 * latent.kl


@keras.saving.register_keras_serializable("my_package")
def bent(x):
    return keras.ops.tanh(x)


class NotRegistered(Regularizer):
    def __call__(self, latent):
        return latent.kl


@keras.saving.register_keras_serializable("vae_keras", name="Stranger")
class Stranger(Regularizer):
    """Registered under the package's name by somebody else."""

    def __call__(self, latent):
        return latent.kl


def saved(path, regularizer=None, activation="relu"):
    likelihood = SquaredError()
    parts = mlp((4, 4, 1), 2, likelihood, encoder_units=(4,), activation=activation)
    vae_keras.VAE(*parts, likelihood, regularizer, seed=0).save(path)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.keras"


@pytest.mark.backend
def test_a_class_of_ones_own_is_let_in_by_name(path):
    saved(path, Halved())
    with pytest.raises(ModelFileError, match=r"custom_objects=\{'Halved': Halved\}") as caught:
        vae_keras.load(path)
    assert "`my_package>Halved`" in str(caught.value)
    for name in ("Halved", "my_package>Halved", "anything"):
        loaded = vae_keras.load(path, custom_objects={name: Halved})
        assert type(loaded.regularizer) is Halved


def test_a_function_of_ones_own_is_let_in_by_name(path):
    saved(path, activation=bent)
    with pytest.raises(ModelFileError, match="my_package>bent"):
        vae_keras.load(path)
    loaded = vae_keras.load(path, custom_objects={"bent": bent})
    assert bent in [getattr(layer, "activation", None) for layer in loaded.encoder.layers]


def test_a_class_that_is_not_registered(path):
    saved(path, NotRegistered())
    with pytest.raises(ModelFileError, match="NotRegistered"):
        vae_keras.load(path)
    loaded = vae_keras.load(path, custom_objects={"NotRegistered": NotRegistered})
    assert type(loaded.regularizer) is NotRegistered


def test_more_of_keras_is_let_in_by_name(with_layer, write, refused):
    layer = keras.saving.serialize_keras_object(keras.layers.UpSampling1D(2, name="extra"))
    path = write(with_layer("keras.layers", "UpSampling1D", layer["config"]))
    assert "keras.layers.UpSampling1D" in refused(path)
    options = {"custom_objects": {"UpSampling1D": keras.layers.UpSampling1D}}
    assert isinstance(vae_keras.load(path, **options), vae_keras.VAE)


def test_lambda_stays_refused_whatever_is_let_in(with_layer, write, refused):
    layer = keras.saving.serialize_keras_object(keras.layers.Lambda(lambda x: x))
    path = write(with_layer("keras.layers", "Lambda", layer["config"]))
    options = {"custom_objects": {"Lambda": keras.layers.Lambda}}
    assert "__lambda__" in refused(path, **options)


def test_the_package_s_name_is_no_pass(path, refused):
    saved(path, Stranger())
    assert "vae_keras>Stranger" in refused(path)


def test_a_model_class_of_ones_own(path, refused):
    @keras.saving.register_keras_serializable("my_package")
    class Own(vae_keras.VAE):
        pass

    likelihood = SquaredError()
    Own(*mlp((4, 4, 1), 2, likelihood, encoder_units=(4,)), likelihood).save(path)
    assert "my_package>Own" in refused(path)
    assert type(vae_keras.load(path, custom_objects={"Own": Own})) is Own


@pytest.mark.parametrize("value", [[Halved], "Halved", {"Halved": 3}, {3: Halved}])
def test_anything_else_is_an_argument_error(path, value):
    with pytest.raises(ArgumentError, match="`custom_objects` must hold classes and functions"):
        vae_keras.load(saved(path), custom_objects=value)


def test_another_class_than_the_registered_one(path):
    with pytest.raises(ArgumentError, match="must not hold another 'my_package>Halved'"):
        vae_keras.load(saved(path), custom_objects={"my_package>Halved": NotRegistered})
