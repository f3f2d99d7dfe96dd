import numpy as np
import pytest
from PIL import Image

from vae_keras.callbacks import ReconstructionImages


@pytest.mark.backend
def test_a_picture_for_each_epoch(vae, images, tmp_path):
    callback = ReconstructionImages(images[:4], tmp_path / "epochs")
    vae.fit(images, epochs=2, verbose=0, callbacks=[callback])
    found = sorted(tmp_path.rglob("*"))
    assert found == [tmp_path / "epochs"] + [
        tmp_path / "epochs" / f"epoch_{n:03d}.png" for n in (1, 2)
    ]
    with Image.open(found[1]) as picture:
        assert min(picture.size) > 50
        assert np.asarray(picture.convert("L")).std() > 10


def test_every_so_many(vae, images, tmp_path):
    callback = ReconstructionImages(images[:2], tmp_path, every=2)
    callback.set_model(vae)
    for epoch in range(5):
        callback.on_epoch_end(epoch)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch_002.png", "epoch_004.png"]


@pytest.mark.backend
def test_no_picture_of_a_diverged_model(vae, images, tmp_path):
    vae.decoder.set_weights([weight * np.nan for weight in vae.decoder.get_weights()])
    callback = ReconstructionImages(images[:2], tmp_path)
    callback.set_model(vae)
    callback.on_epoch_end(0)
    assert list(tmp_path.iterdir()) == []
