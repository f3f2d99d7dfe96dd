import base64

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras import VAE
from vae_keras.architectures import conv, mlp, resnet, stable_conv
from vae_keras.likelihoods import Bernoulli, LearnedGaussian, SquaredError
from vae_keras.report.decoder_export import export_decoder
from vae_keras.report.decoder_layers import NotExportable


def with_decoder(*layers, latent_dim=2, likelihood=None):
    """A VAE of 4 x 4 images whose decoder is made of `layers`."""
    likelihood = SquaredError() if likelihood is None else likelihood
    encoder, _ = mlp((4, 4, 1), latent_dim, likelihood, encoder_units=(4,))
    codes = hidden = keras.Input((latent_dim,))
    for layer in layers:
        hidden = layer(hidden)
    hidden = keras.layers.Activation(likelihood.output_activation)(hidden)
    return VAE(encoder, keras.Model(codes, hidden), likelihood)


def ops_of(graph):
    return [step["op"] for step in graph["steps"]]


def weights_of(graph):
    return np.frombuffer(base64.b64decode(graph["weights"]), "<f2")


def test_steps_follow_the_layers_and_end_with_the_mean_of_the_likelihood():
    likelihood = Bernoulli()
    vae = VAE(*conv((6, 7, 1), 2, likelihood, filters=(4, 8)), likelihood)
    graph = export_decoder(vae)
    assert ops_of(graph) == [
        *("dense", "reshape", "transposedConvolution", "transposedConvolution", "pad"),
        *("activate", "identity", "activate"),
    ]
    assert graph["steps"][4]["options"] == {"sides": [[-1, -1], [0, -1]]}
    assert [step["options"].get("activation") for step in graph["steps"]][-3:] == [
        "linear",
        None,
        "sigmoid",
    ]
    made = {number for step in graph["steps"] for number in step["outputs"]}
    assert graph["output"] in made and not made & set(graph["inputs"])


def test_weights_are_the_decoders_in_half_precision():
    likelihood = SquaredError()
    vae = VAE(*mlp((4, 4, 1), 3, likelihood, encoder_units=(5,)), likelihood)
    graph = export_decoder(vae)
    pool = weights_of(graph)
    dense = [step for step in graph["steps"] if step["op"] == "dense"]
    layers = [layer for layer in vae.decoder.layers if isinstance(layer, keras.layers.Dense)]
    for step, layer in zip(dense, layers, strict=True):
        for name in ("kernel", "bias"):
            place = step["weights"][name]
            values = pool[place["start"] :][: np.prod(place["shape"])].reshape(place["shape"])
            np.testing.assert_allclose(
                values, ops.convert_to_numpy(getattr(layer, name)), rtol=1e-3, atol=1e-7
            )
    assert len(pool) == vae.decoder.count_params()


def test_batch_normalization_becomes_a_scale_and_a_shift():
    normalization = keras.layers.BatchNormalization(epsilon=0.25)
    vae = with_decoder(
        keras.layers.Dense(16), normalization, keras.layers.Reshape((4, 4, 1)), latent_dim=2
    )
    normalization.gamma.assign(np.full(16, 3.0))
    normalization.beta.assign(np.full(16, 0.5))
    normalization.moving_mean.assign(np.full(16, 2.0))
    normalization.moving_variance.assign(np.full(16, 2.0))
    graph = export_decoder(vae)
    step = next(one for one in graph["steps"] if one["op"] == "scaleAndShift")
    pool = weights_of(graph)
    # 3 (x - 2) / sqrt(2 + 0.25) + 0.5 = 2 x - 3.5
    assert pool[step["weights"]["scale"]["start"]] == pytest.approx(2.0)
    assert pool[step["weights"]["shift"]["start"]] == pytest.approx(-3.5)


def test_operations_of_an_image_are_counted():
    likelihood = SquaredError()
    vae = VAE(*conv((8, 8, 1), 2, likelihood, filters=(4, 8)), likelihood)
    dense = 2 * 2 * (2 * 2 * 8)
    first = 2 * (2 * 2) * (4 * 4) * 8 * 4
    second = 2 * (4 * 4) * (4 * 4) * 4 * 1
    assert export_decoder(vae)["flops"] == dense + first + second


@pytest.mark.parametrize("likelihood", [SquaredError(data_range=(-1, 1)), LearnedGaussian()])
def test_range_of_the_images_is_the_likelihoods(likelihood):
    vae = VAE(*mlp((4, 4, 1), 2, likelihood, encoder_units=(4,)), likelihood)
    graph = export_decoder(vae)
    assert (graph["low"], graph["high"]) == likelihood.data_range


def test_half_of_the_outputs_is_the_mean_of_a_likelihood_with_two_parameters():
    likelihood = LearnedGaussian()
    vae = VAE(*mlp((4, 4, 1), 2, likelihood, encoder_units=(4,)), likelihood)
    split = next(one for one in export_decoder(vae)["steps"] if one["op"] == "split")
    assert split["options"] == {"parts": 2} and len(split["outputs"]) == 2


def test_a_decoder_that_is_too_large_or_too_slow_is_refused_with_its_numbers():
    likelihood = SquaredError()
    vae = VAE(*mlp((8, 8, 1), 2, likelihood, encoder_units=(64,)), likelihood)
    with pytest.raises(NotExportable, match=r"weights would take 0\.0 MB .* limit of 0\.0 MB"):
        export_decoder(vae, max_bytes=1000)
    with pytest.raises(NotExportable, match="operations"):
        export_decoder(vae, max_flops=1000)
    slow = VAE(*stable_conv((28, 28, 1), 2, likelihood), likelihood)
    with pytest.raises(NotExportable, match="the decoder takes 370 million operations"):
        export_decoder(slow)


def test_group_normalization_of_the_residual_architecture_keeps_its_groups():
    likelihood = SquaredError()
    vae = VAE(*resnet((8, 8, 1), 2, likelihood, filters=(8,)), likelihood)
    groups = [
        step["options"]["groups"]
        for step in export_decoder(vae)["steps"]
        if step["op"] == "groupNormalization"
    ]
    assert groups and set(groups) == {2}


class Odd(SquaredError):
    def mean(self, parameters):
        return np.asarray(parameters)


def test_what_the_page_does_not_know_is_refused():
    image = keras.layers.Reshape((4, 4, 1))
    dense = keras.layers.Dense(16)
    shared = keras.layers.Dense(16)
    for layers, reason in [
        ([dense, image, keras.layers.DepthwiseConv2D(3, padding="same")], "DepthwiseConv2D"),
        ([dense, image, keras.layers.Conv2D(1, 3, padding="same", dilation_rate=2)], "dilation"),
        ([dense, image, keras.layers.LayerNormalization(axis=1)], "axis"),
        ([keras.layers.Dense(16, activation="softmax"), image], "activation 'softmax'"),
        ([dense, lambda x: ops.cumsum(x, axis=1), image], "operation Cumsum"),
        ([dense, lambda x: shared(shared(x)), image], "more than once"),
        ([keras.Sequential([keras.Input((2,)), keras.layers.Dense(16)]), image], "Sequential"),
    ]:
        with pytest.raises(NotExportable, match=reason):
            export_decoder(with_decoder(*layers))
    with pytest.raises(NotExportable, match="mean of Odd is not made of Keras operations"):
        export_decoder(with_decoder(keras.layers.Dense(16), image, likelihood=Odd()))


def test_weights_beyond_half_precision_are_refused():
    dense = keras.layers.Dense(16)
    vae = with_decoder(dense, keras.layers.Reshape((4, 4, 1)))
    for value in (1e5, np.nan):
        dense.bias.assign(np.full(16, value))
        with pytest.raises(NotExportable, match="not a number below 65504"):
            export_decoder(vae)
