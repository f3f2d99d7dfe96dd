"""Files that are well formed, and would take more time or memory than their size lets expect."""

import copy
import tracemalloc

import keras
import numpy as np
import pytest

import vae_keras
from vae_keras.architectures import conv, mlp
from vae_keras.errors import ModelFileError
from vae_keras.likelihoods import Bernoulli, SquaredError
from vae_keras.objectives import ImportanceWeighted
from vae_keras.priors import Mixture
from vae_keras.saving.config import check_config
from vae_keras.saving.initial_values import without_initial_values
from vae_keras.saving.refused import Refused
from vae_keras.saving.size import check_size


def layer_of(config, class_name, part="encoder"):
    layers = config["config"][part]["config"]["layers"]
    return next(layer for layer in layers if layer["class_name"] == class_name)


def refused_without_memory(refused, path):
    tracemalloc.start()
    try:
        message = refused(path, keras_sees_it=True)
        return message, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.backend
@pytest.mark.parametrize(
    ("class_name", "name"), [("Dense", "units"), ("Conv2D", "filters"), ("Conv2D", "kernel_size")]
)
def test_layers_of_terabytes(config, write, refused, class_name, name):
    size = 10**6 if name == "kernel_size" else 10**11
    layer_of(config, class_name)["config"][name] = [size] * 2 if name == "kernel_size" else size
    message, peak = refused_without_memory(refused, write(config))
    assert "a model of many more weights than the" in message
    assert peak < 100 << 20


@pytest.mark.backend
def test_a_prior_of_terabytes(tmp_path, refused):
    likelihood = SquaredError()
    parts = mlp((4, 4, 1), 2, likelihood, encoder_units=(4,))
    model = vae_keras.VAE(*parts, likelihood, prior=Mixture(3), seed=0)
    model.prior.components = 10**11
    model.save(tmp_path / "model.keras")
    message, peak = refused_without_memory(refused, tmp_path / "model.keras")
    assert "a model of many more weights than the" in message
    assert peak < 100 << 20


def test_an_image_of_terabytes(config, write, refused):
    layer_of(config, "InputLayer")["config"]["batch_shape"] = [None, 10**6, 10**6, 3]
    assert "an input of shape (None, 1000000, 1000000, 3)" in refused(write(config))


def test_an_input_without_a_shape(config, write, refused):
    layer_of(config, "InputLayer")["config"]["batch_shape"] = None
    assert "has no shape" in refused(write(config))


def test_a_decoder_that_makes_images_larger(tmp_path, refused):
    """Few weights, and pictures of a terabyte in between."""
    likelihood = SquaredError()
    encoder, _ = conv((8, 8, 1), 2, likelihood, filters=(2,))
    codes = keras.Input((2,))
    x = keras.layers.Reshape((8, 8, 1))(keras.layers.Dense(64)(codes))
    for _ in range(2):
        x = keras.layers.UpSampling2D(300)(x)
    x = keras.layers.AveragePooling2D(90_000)(x)
    decoder = keras.Model(codes, keras.layers.Activation("sigmoid", name="parameters")(x))
    vae_keras.VAE(encoder, decoder, likelihood, seed=0).save(tmp_path / "model.keras")
    message, peak = refused_without_memory(refused, tmp_path / "model.keras")
    assert "more than 1 GiB an image" in message
    assert peak < 100 << 20


def test_an_objective_of_a_billion_samples(tmp_path):
    likelihood = Bernoulli()
    parts = mlp((4, 4, 1), 2, likelihood, encoder_units=(4,))
    model = vae_keras.VAE(*parts, likelihood, objective=ImportanceWeighted(3), seed=0)
    check_size(model)
    model.objective.samples = 10**9
    model.save(tmp_path / "model.keras")
    with pytest.raises(ModelFileError, match="objective of 1000000000 samples"):
        vae_keras.load(tmp_path / "model.keras")


def functional(name, layers):
    ends = [[layers[0]["name"], 0, 0]], [[layers[-1]["name"], 0, 0]]
    inner = {"name": name, "layers": layers, "input_layers": ends[0], "output_layers": ends[1]}
    kind = {"module": "keras.src.models.functional", "class_name": "Functional"}
    return {**kind, "config": inner, "registered_name": "Functional", "name": name}


def called(layer, *sources):
    tensors = [
        {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}
        for name in sources
    ]
    for tensor in tensors:
        tensor["config"] |= {"shape": [None, 1], "dtype": "float32"}
    nodes = [{"args": [tensor], "kwargs": {}} for tensor in tensors]
    return {**layer, "inbound_nodes": nodes}


def layer(class_name, name, **inner):
    kind = {"module": "keras.layers", "class_name": class_name, "registered_name": None}
    return {**kind, "config": {"name": name, **inner}, "name": name}


def opening(name="x"):
    return called(layer("InputLayer", name, batch_shape=[None, 1]))


def test_networks_that_double_at_each_level(config):
    """Twelve levels, each of which calls the one below it twice: 4,096 calls and more."""
    network = functional("level0", [opening(), called(layer("Identity", "i"), "x")])
    for level in range(1, 12):
        network = functional(f"level{level}", [opening(), called(network, "x", "x")])
    config["config"]["kl_schedule"] = network
    with pytest.raises(Refused, match="networks of"):
        check_config(config)


def test_networks_that_double_by_their_number_alone(config):
    config["config"]["kl_schedule"] = []
    for level in range(12):
        inner = called(layer("Identity", "i") if level == 0 else shared(level - 1), "x", "x")
        network = functional(f"level{level}", [opening(), inner])
        config["config"]["kl_schedule"].append({**network, "shared_object_id": level})
    with pytest.raises(Refused, match="networks of"):
        check_config(config)


def shared(number):
    return {**functional("", [opening()]), "shared_object_id": number, "name": "shared"}


def test_too_many_layers(config, write, refused):
    layers = config["config"]["encoder"]["config"]["layers"]
    layers.extend(called(layer("Identity", f"i{n}"), "images") for n in range(6000))
    assert "networks of 60" in refused(write(config))


def test_layers_in_the_wrong_order(config, write, refused):
    names = [f"i{n}" for n in range(200)]
    chain = [
        called(layer("Identity", name), before)
        for name, before in zip(names, ["images", *names], strict=False)
    ]
    layers = config["config"]["encoder"]["config"]["layers"]
    layers.extend(chain)
    check_config(config)
    layers[-200:] = chain[::-1]
    assert "before what they are given" in refused(write(config))


@pytest.mark.parametrize("depth", [101, 100_000])
def test_a_config_of_absurd_depth(good, refused, tmp_path, depth):
    import zipfile

    path = tmp_path / "model.keras"
    for opening_, closing in (("[", "]"), ('{"config":', "}")):
        deep = opening_ * depth + "1" + closing * depth
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in {**good, "config.json": deep}.items():
                archive.writestr(name, content)
        assert "nested more than 100 deep" in refused(path)


def test_a_config_at_the_depth_that_is_let_in(config):
    deep = copy.deepcopy(config)
    value = deep["config"]
    for _ in range(80):
        value["deep"] = {}
        value = value["deep"]
    check_config(deep)


def test_initial_values_are_counted_on_this_thread_only():
    zeros = keras.initializers.Zeros()
    with without_initial_values(0):
        assert np.shape(zeros((1000, 1000), "float32")) == (1000, 1000)
        with pytest.raises(Refused, match="many more weights"):
            zeros((1000, 1000), "float32")
    assert np.shape(zeros((2000, 1000), "float32")) == (2000, 1000)


@pytest.mark.parametrize("name", ["Ones", "Constant", "Identity", "Orthogonal", "HeNormal"])
def test_no_initial_value_is_forgotten(name):
    initializer = getattr(keras.initializers, name)()
    with without_initial_values(0), pytest.raises(Refused, match="many more weights"):
        initializer((10**6, 10**6), "float32")


def test_a_model_never_trained_has_room_for_its_optimizer(tmp_path):
    likelihood = SquaredError()
    parts = mlp((16, 16, 1), 2, likelihood, encoder_units=(2048,), decoder_units=(2048,))
    model = vae_keras.VAE(*parts, likelihood, seed=0)
    assert model.count_params() > 1 << 20
    model.compile(keras.optimizers.Adam(amsgrad=True, use_ema=True))
    model.save(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer"):
        loaded = vae_keras.load(tmp_path / "model.keras")
    assert len(loaded.optimizer.variables) > 4 * len(loaded.trainable_variables)
