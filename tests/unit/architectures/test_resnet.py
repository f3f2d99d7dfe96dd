import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.architectures import resnet
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import SquaredError

NARROW = {"filters": (8, 16), "encoder_units": (16,), "decoder_units": (16,)}


def conv_count(kernel, channels_in, channels_out):
    return kernel * kernel * channels_in * channels_out + channels_out


def dense_count(units_in, units_out):
    return units_in * units_out + units_out


def norm_count(channels):
    return 2 * channels


def block_count(channels):
    return 2 * (norm_count(channels) + conv_count(3, channels, channels))


def test_parameter_count():
    encoder, decoder = resnet((64, 64, 3), 32, SquaredError())
    stages = [(3, 32), (32, 64), (64, 128), (128, 256)]
    assert (
        encoder.count_params()
        == 3_024_320
        == (
            sum(conv_count(3, before, after) + block_count(after) for before, after in stages)
            + norm_count(256)
            + dense_count(4 * 4 * 256, 256)
            + norm_count(256)
            + 2 * dense_count(256, 32)
        )
    )
    assert (
        decoder.count_params()
        == 3_322_083
        == (
            dense_count(32, 256)
            + norm_count(256)
            + dense_count(256, 4 * 4 * 256)
            + sum(
                block_count(after) + norm_count(after) + conv_count(4, after, before)
                for before, after in stages
            )
        )
    )


@pytest.mark.parametrize(
    ("shape", "stages", "grid"),
    [
        ((28, 28, 1), 3, (4, 4)),
        ((64, 64, 3), 4, (4, 4)),
        ((96, 64, 3), 4, (6, 4)),
        ((128, 128, 3), 5, (4, 4)),
        ((8, 8, 1), 1, (4, 4)),
        ((9, 7, 3), 1, (5, 4)),
        ((1, 1, 1), 1, (1, 1)),
    ],
)
def test_depth_follows_the_image(shape, stages, grid):
    encoder, decoder = resnet(shape, 2, SquaredError(), **NARROW)
    strided = [la for la in encoder.layers if getattr(la, "strides", None) == (2, 2)]
    assert len(strided) == stages
    widths = [8, 16, 16, 16, 16][:stages]  # the last one serves all further stages
    assert [layer.filters for layer in strided] == widths
    (flatten,) = [la for la in encoder.layers if isinstance(la, keras.layers.Flatten)]
    assert flatten.input.shape[1:3] == grid
    upward = [la for la in decoder.layers if isinstance(la, keras.layers.Conv2DTranspose)]
    assert [layer.filters for layer in upward] == [*widths[-2::-1], shape[2]]


@pytest.mark.parametrize("blocks", [1, 3])
def test_every_stage_has_its_blocks(blocks):
    parts = resnet((28, 28, 1), 2, SquaredError(), blocks_per_stage=blocks, **NARROW)
    for part in parts:
        assert sum(isinstance(la, keras.layers.Add) for la in part.layers) == 3 * blocks


@pytest.mark.parametrize("normalization", ["none", "group"])
def test_blocks_start_near_the_identity(normalization):
    keras.utils.set_random_seed(0)
    encoder, _ = resnet((28, 28, 1), 2, SquaredError(), normalization=normalization, **NARROW)
    images = np.random.default_rng(0).random((4, 28, 28, 1), "float32")
    for add in (layer for layer in encoder.layers if isinstance(layer, keras.layers.Add)):
        before, after = keras.Model(encoder.input, [add.input[0], add.output])(images)
        before, after = ops.convert_to_numpy(before), ops.convert_to_numpy(after)
        change = np.linalg.norm(after - before) / np.linalg.norm(before)
        assert 1e-4 < change < 0.3


def test_an_image_is_normalized_by_itself():
    encoder, _ = resnet((9, 7, 3), 2, SquaredError(), **NARROW)
    images = np.random.default_rng(0).random((5, 9, 7, 3), "float32")
    for training in (False, True):
        among = ops.convert_to_numpy(encoder(images, training=training)[0])[:1]
        alone = ops.convert_to_numpy(encoder(images[:1], training=training)[0])
        np.testing.assert_allclose(alone, among, atol=1e-5)


@pytest.mark.parametrize("filters", [(5,), (8,), (32,)])
def test_normalization_leaves_something_of_one_pixel(filters):
    encoder, _ = resnet((1, 1, 3), 2, SquaredError(), filters=filters)
    images = np.random.default_rng(0).random((8, 1, 1, 3), "float32")
    assert ops.convert_to_numpy(encoder(images)[0]).std(axis=0).max() > 1e-3


@pytest.mark.thorough
@pytest.mark.backend
def test_learns_smooth_images():
    keras.utils.set_random_seed(0)
    coarse = np.random.default_rng(0).random((16, 2, 2, 3), "float32")
    images = ops.convert_to_numpy(ops.image.resize(coarse, (8, 8)))
    encoder, decoder = resnet((8, 8, 3), 16, SquaredError(), variational=False, **NARROW)
    pair = keras.Model(encoder.input, decoder(encoder(encoder.input)))
    pair.compile(keras.optimizers.Adam(1e-2), "mse", jit_compile=False)
    losses = pair.fit(images, images, batch_size=16, epochs=30, verbose=0).history["loss"]
    # Less than the best single picture for all would leave.
    assert losses[-1] < 0.7 * images.var(axis=0).mean() < losses[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": ()}, r"`filters` must be .* at least 1 of .*Received: filters=\(\)"),
        ({"filters": (8, 0)}, "`filters`"),
        ({"blocks_per_stage": 0}, "`blocks_per_stage`"),
        ({"encoder_units": (0,)}, "`encoder_units`"),
        ({"decoder_units": (1.5,)}, "`decoder_units`"),
        ({"normalization": "batch"}, "`normalization` must be one of group, none"),
    ],
)
def test_senseless_options_are_argument_errors(options, message):
    with pytest.raises(ArgumentError, match=message):
        resnet((8, 8, 1), 2, SquaredError(), **options)
