import copy
import json

import keras
import pytest

import vae_keras
from vae_keras.architectures import conv
from vae_keras.likelihoods import Perceptual, SquaredError
from vae_keras.saving import allowed
from vae_keras.saving.config import check_config
from vae_keras.saving.refused import Refused


def encoder_layers(config):
    return config["config"]["encoder"]["config"]["layers"]


def first(config, class_name):
    return next(layer for layer in encoder_layers(config) if layer["class_name"] == class_name)


def test_every_allowed_class_is_one_of_keras():
    for module, name in allowed.CLASSES:
        found = keras
        for part in module.split(".")[1:]:
            found = getattr(found, part)
        assert isinstance(getattr(found, name), type), (module, name)
    for name in allowed.ACTIVATIONS:
        assert callable(getattr(keras.activations, name))


def test_nothing_that_runs_code_or_reads_files_is_allowed():
    names = {name for _, name in allowed.CLASSES}
    assert not names & {
        *("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup"),
        *("IntegerLookup", "TextVectorization", "Discretization", "Wrapper", "RNN", "Loss"),
        *("TimeDistributed", "Bidirectional", "FeatureSpace", "Map", "Scan", "WhileLoop", "Cond"),
    }


@pytest.mark.parametrize(
    "value",
    [None, [], "VAE", 3, {}, {"module": "keras", "config": {}}],
    ids=["null", "list", "text", "number", "empty", "no class"],
)
def test_no_model(write, refused, value):
    path = write(config=value if value is not None else [None])
    assert "describes no model" in refused(path)


def later_layer(class_name, module="keras.layers", **changes):
    return {"module": module, "class_name": class_name, "config": {}, **changes}


BAD = {
    "a wrapper": (later_layer("TimeDistributed"), "TimeDistributed"),
    "a recurrent layer": (later_layer("Bidirectional"), "Bidirectional"),
    "a layer of JAX": (later_layer("JaxLayer"), "JaxLayer"),
    "a layer elsewhere": (later_layer("Dense", "os"), "os.Dense"),
    "a private module": (later_layer("Dense", "keras.src.layers"), "keras.src.layers.Dense"),
    "an operation that takes functions": (later_layer("Map", "keras.src.ops.core"), "Map"),
    "no module": ({"class_name": "Dense", "config": {}}, "legacy format"),
    "null module": ({"module": None, "class_name": "Dense", "config": {}}, "None.Dense"),
    "no text": (later_layer(["Dense"]), "names a class ['Dense']"),
    "another registered": (later_layer("Dense", registered_name="other>Evil"), "other>Evil"),
    "ours, that does not exist": (
        later_layer("Evil", "vae_keras.evil", registered_name="vae_keras>Evil"),
        "vae_keras>Evil",
    ),
    "ours, called otherwise": (
        later_layer("Dense", registered_name="vae_keras>KL"),
        "vae_keras>KL",
    ),
    "registered under a list": (later_layer("Dense", registered_name=["a"]), "['a']"),
    "a lambda": ({"class_name": "__lambda__", "config": {"value": "x"}}, "__lambda__"),
    "a type": (
        {"class_name": "__typespec__", "spec_name": "A", "module": "os", "config": []},
        "__typespec__",
    ),
    "bytes": ({"class_name": "__bytes__", "config": {"value": "a"}}, "__bytes__"),
    "an array of objects": (
        {"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}},
        "must be of numbers",
    ),
    "an array of long strings": (
        {"class_name": "__numpy__", "config": {"value": ["a"], "dtype": "S1000000000"}},
        "must be of numbers",
    ),
    "an array with more": (
        {"class_name": "__tensor__", "config": {"value": 1, "dtype": "int32", "x": 1}},
        "what Keras writes",
    ),
    "a config that is none": (later_layer("Dense", config=3), "must be an object"),
    "a function without a name": (later_layer("function", "builtins"), "has no name"),
    "a function elsewhere": (later_layer("function", "os", config="system"), "os.system"),
    "a function called otherwise": (
        later_layer("function", "builtins", config="relu", registered_name="other>f"),
        "other>f",
    ),
    "a part that is compiled": (
        later_layer("Dense", compile_config={"optimizer": "adam"}),
        "compiled by itself",
    ),
    "a share of nothing": (later_layer("Dense", shared_object_id="a"), "has no number"),
    "NaN": (float("nan"), "NaN or an infinite number"),
    "infinity": (float("-inf"), "NaN or an infinite number"),
    "a long number": (1 << 64, "more than 64 bits"),
    "something registered": ("vae_keras>KL", "vae_keras>KL"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("place", ["seed", "kl_schedule", "layers", "build_config"])
def test_wherever_it_stands(config, kind, place):
    value, reason = copy.deepcopy(BAD[kind])
    if place == "layers":
        encoder_layers(config).append(value)
    elif place == "build_config":
        first(config, "Dense")["build_config"]["more"] = [{"deep": [value]}]
    else:
        config["config"][place] = value
    with pytest.raises(Refused) as caught:
        check_config(config)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_bad_config_does_not_reach_keras(config, write, refused):
    config["config"]["kl_schedule"] = BAD["a wrapper"][0]
    message = refused(write(config))
    assert "custom_objects={'TimeDistributed': TimeDistributed}" in message


def test_a_class_without_its_module_is_of_a_legacy_format(config, write, refused):
    del first(config, "Dense")["module"]
    assert "legacy format" in refused(write(config))


def test_nodes_of_a_legacy_format(config, write, refused):
    first(config, "Dense")["inbound_nodes"] = [[["images", 0, 0, {}]]]
    assert "legacy format" in refused(write(config))


def test_compiled_with_something_else(config, write, refused):
    config["compile_config"]["callbacks"] = []
    assert "arguments that `compile` does not have" in refused(write(config))


def test_a_loss_is_nothing_of_this_package(config, write, refused):
    config["compile_config"]["loss"] = later_layer("MeanSquaredError", "keras.losses")
    assert "MeanSquaredError" in refused(write(config))


@pytest.mark.parametrize("kind", ["Functional", "Sequential"])
def test_another_model(config, write, refused, kind):
    other = config["config"]["encoder"] | {"class_name": kind}
    message = refused(write(other))
    assert message.endswith(f"a `{kind}`")


def test_a_part_of_another_kind(config, write, refused):
    config["config"]["likelihood"] = config["config"]["regularizer"]
    assert "`likelihood` must be an instance" in refused(write(config), keras_sees_it=True)


def test_networks_of_many_kinds_are_let_in(tmp_path):
    images = keras.Input((8, 8, 1))
    x = keras.ops.concatenate([images * 2.0 - 1.0] * 3)
    x = keras.layers.Conv2D(4, 3, kernel_regularizer="l2", activation=keras.activations.gelu)(x)
    x = keras.layers.SpectralNormalization(keras.layers.Conv2D(4, 3))(x)
    x = keras.layers.GroupNormalization(2)(keras.layers.LeakyReLU()(x))
    x = x[:, ::2, ..., :3]
    network = keras.Model(images, [x, keras.ops.mean(x, axis=-1)])
    likelihood = Perceptual(network, SquaredError())
    parts = conv((8, 8, 1), 2, likelihood, filters=(2,))
    vae = vae_keras.VAE(*parts, likelihood, seed=0)
    vae.compile(keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 10)))
    vae.optimizer.build(vae.trainable_variables)
    vae.save(tmp_path / "model.keras")
    loaded = vae_keras.load(tmp_path / "model.keras")
    assert json.dumps(loaded.get_config()) == json.dumps(vae.get_config())
