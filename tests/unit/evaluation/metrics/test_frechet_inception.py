import sys
from pickle import UnpicklingError
from types import ModuleType
from urllib.error import URLError

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import frechet_inception_distance


class _Metric:
    """Stands in for torchmetrics' metric: keeps what it is given."""

    error: Exception | None = None
    made: "list[_Metric]" = []  # noqa: RUF012  (one list for all is what is wanted)

    def __init__(self, feature_extractor_weights_path=None):
        if self.error is not None:
            raise self.error
        self.path, self.batches = feature_extractor_weights_path, []
        self.made.append(self)

    def update(self, images, *, real):
        self.batches.append((images, real))

    def compute(self):
        return 12.5


@pytest.fixture
def metric(monkeypatch):
    for name in ("torch", "torch_fidelity", "torchmetrics", "torchmetrics.image"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["torch"].from_numpy = lambda array: array
    fid = ModuleType("torchmetrics.image.fid")
    fid.FrechetInceptionDistance = _Metric
    monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", fid)
    monkeypatch.setattr(_Metric, "made", [])
    return _Metric


def test_grey_images_go_in_as_rgb_bytes_channels_first_in_batches(metric, make_images):
    images, others = make_images(5, (8, 6, 1), dtype="uint8"), make_images(3, (8, 6, 1), seed=1)
    assert frechet_inception_distance(images, others, batch_size=2) == 12.5
    (used,) = metric.made
    for real, expected in ((True, images), (False, np.rint(255 * others))):
        given = np.concatenate([batch for batch, of_real in used.batches if of_real is real])
        assert given.dtype == np.uint8
        assert given.shape == (len(expected), 3, 8, 6)
        for channel in range(3):
            np.testing.assert_array_equal(given[:, channel], expected[..., 0])
    assert [len(batch) for batch, _ in used.batches] == [2, 2, 1, 2, 1]


def test_colours_keep_their_places_and_the_weights_file_is_handed_on(metric, make_images, tmp_path):
    images = make_images(2, (8, 6, 3), dtype="uint8")
    weights = tmp_path / "weights.pth"
    weights.touch()
    frechet_inception_distance(images, images, weights=weights)
    (used,) = metric.made
    assert used.path == str(weights)
    np.testing.assert_array_equal(np.moveaxis(used.batches[0][0], 1, -1), images)


@pytest.mark.parametrize("package", ["torchmetrics.image.fid", "torch_fidelity"])
def test_it_says_what_to_install(metric, monkeypatch, make_images, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ArgumentError, match=r"pip install 'vae-keras\[fid\]'.*Received"):
        frechet_inception_distance(make_images(2), make_images(2))


@pytest.mark.parametrize(
    "error",
    [
        URLError("no route"),
        RuntimeError("Error(s) in loading state_dict:\n\tMissing"),
        UnpicklingError("invalid load key, '<'."),
        EOFError(),
    ],
)
def test_it_says_where_to_put_weights_that_cannot_be_had(metric, monkeypatch, make_images, error):
    monkeypatch.setattr(metric, "error", error)
    message = "hub/checkpoints.*weights-inception-2015-12-05-6726825d.pth.*Received: weights=None"
    with pytest.raises(ArgumentError, match=message) as caught:
        frechet_inception_distance(make_images(2), make_images(2))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((1, 8, 8, 1))}, "`images` must be at least 2 images"),
        ({"other_images": np.zeros((2, 9, 8, 1))}, "`other_images` must be of the size"),
        ({"other_images": np.full((2, 8, 8, 1), np.nan)}, "`other_images` must.*finite"),
        ({"weights": "/nowhere/weights.pth"}, "`weights` must be a file.*nowhere"),
        ({"batch_size": 0}, "`batch_size` must be a positive integer"),
    ],
)
def test_wrong_input_is_refused(change, message):
    given = {"images": np.zeros((2, 8, 8, 1)), "other_images": np.zeros((2, 8, 8, 1)), **change}
    with pytest.raises(ArgumentError, match=message):
        frechet_inception_distance(**given)


def test_two_channels_are_refused():
    with pytest.raises(ArgumentError, match="`images` must have one channel or three"):
        frechet_inception_distance(np.zeros((2, 8, 8, 2)), np.zeros((2, 8, 8, 2)))
