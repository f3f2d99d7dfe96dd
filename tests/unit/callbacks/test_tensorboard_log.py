"""What TensorBoard itself reads from the log."""

import io

import numpy as np
import pytest
from PIL import Image

from vae_keras.callbacks import TensorBoardLog

pytestmark = pytest.mark.backend


@pytest.fixture
def log(tiny_vae, make_images, tmp_path):
    """The events of three epochs, training and validation, and the history of the fit."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    images = make_images(12)
    history = tiny_vae().fit(
        images,
        validation_data=(images[:4],),
        epochs=3,
        verbose=0,
        callbacks=[TensorBoardLog(tmp_path, images[:4], every=2)],
    )
    parts = {}
    for part in ("train", "validation"):
        parts[part] = EventAccumulator(str(tmp_path / part), size_guidance={"images": 0})
        parts[part].Reload()
    return parts, history.history


def test_curves_have_the_names_and_values_of_the_history(log):
    parts, history = log
    for name, values in history.items():
        part = parts["validation" if name.startswith("val_") else "train"]
        events = part.Scalars(name.removeprefix("val_"))
        assert [event.step for event in events] == [1, 2, 3]
        np.testing.assert_allclose([event.value for event in events], values, rtol=1e-6)


def test_pictures_every_second_epoch(log):
    parts, _ = log
    for part, tag in (("validation", "reconstructions"), ("train", "samples")):
        (event,) = parts[part].Images(tag)
        assert event.step == 2
        with Image.open(io.BytesIO(event.encoded_image_string)) as picture:
            assert picture.size == (event.width, event.height)
            assert np.asarray(picture.convert("L")).std() > 10


def test_without_images_there_are_curves_alone(tiny_vae, make_images, tmp_path):
    tiny_vae().fit(make_images(4), epochs=1, verbose=0, callbacks=[TensorBoardLog(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["train"]
