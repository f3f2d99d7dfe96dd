import base64
import html

import numpy as np
import pytest

from vae_keras import Autoencoder, ConditionalVAE
from vae_keras.architectures import mlp
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import SquaredError
from vae_keras.plotting.style import PALETTE
from vae_keras.report import explore, explorer

HOSTILE = ["</script><script>window.hit=1</script>", "\"'&<!--", "\u2028 {{ 7 * 7 }}"]


def test_page_holds_codes_and_numbers_of_each_image(tiny_vae, make_images, payload, unpacked):
    vae, images = tiny_vae(latent_dim=3), make_images(30, dtype="uint8")
    data = payload(explore(vae, images, np.arange(30) % 3, points=10).html)
    codes = np.frombuffer(base64.b64decode(data["codes"]), "<f4").reshape(10, 3)
    np.testing.assert_allclose(codes, vae.encode(images[data["indices"]]), rtol=1e-5)
    assert data["labels"] == [i % 3 for i in data["indices"]]
    assert [one["color"] for one in data["classes"]] == list(PALETTE[:3])
    sheet = unpacked(data["sheets"][0])
    np.testing.assert_array_equal(sheet[:8, :8, 0], images[data["indices"][0], ..., 0])
    assert data["decoder"]["steps"] and data["grid"] is None and data["total"] == 30


def test_page_says_how_many_are_shown_and_where_the_decoder_is(tiny_vae, make_images, parsed):
    text = " ".join(
        " ".join(parsed(explore(tiny_vae(), make_images(30), points=10).html).text).split()
    )
    assert "10 of 30 images, drawn at random," in text
    assert "The decoder runs in this page" in text


def test_page_says_so_where_it_cannot_decode(tiny_vae, make_images, parsed, payload, monkeypatch):
    def refused(model):
        raise explorer.NotExportable("it has a layer of <magic>")

    monkeypatch.setattr(explorer, "export_decoder", refused)
    page = explore(tiny_vae(latent_dim=4), make_images(30)).html
    text = " ".join(" ".join(parsed(page).text).split())
    assert "does not run in this page: it has a layer of <magic>." in text
    assert "codes decoded beforehand, on the plane of the codes" in text
    data = payload(page)
    assert data["decoder"] is None and len(data["grid"]["sheets"]) == 1


def test_page_asks_nothing_of_the_network(tiny_vae, make_images, parsed):
    found = parsed(explore(tiny_vae(), make_images(6)).html).found
    policies = [a["content"] for tag, a in found if a.get("http-equiv")]
    assert policies[0].startswith("default-src 'none'")
    addresses = [a[name] for _, a in found for name in ("src", "href") if a.get(name)]
    assert addresses and all(one.startswith(("data:", "#")) for one in addresses)


def test_hostile_class_names_stay_text(tiny_vae, make_images, parsed, payload):
    page = explore(tiny_vae(), make_images(9), np.arange(9) % 3, class_names=HOSTILE).html
    assert [one["name"] for one in payload(page)["classes"]] == HOSTILE
    assert "window.hit=1</script>" not in page
    scripts = [attributes for tag, attributes in parsed(page).found if tag == "script"]
    assert len(scripts) == 2


def test_a_conditional_model_offers_its_classes(make_images, parsed):
    likelihood = SquaredError()
    parts = mlp((8, 8, 1), 2, likelihood, encoder_units=(4,), num_classes=3)
    vae = ConditionalVAE(*parts, likelihood)
    page = explore(vae, make_images(9), np.arange(9) % 3, class_names=HOSTILE).html
    elements = parsed(page)
    assert [a["value"] for tag, a in elements.found if tag == "option"] == ["0", "1", "2"]
    assert HOSTILE[0] in elements.text
    with pytest.raises(ArgumentError, match="`label` must be given"):
        explore(vae, make_images(9))


def test_an_autoencoder_of_one_dimension_has_a_page(make_images, parsed):
    likelihood = SquaredError()
    parts = mlp((8, 8, 1), 1, likelihood, encoder_units=(4,), variational=False)
    page = explore(Autoencoder(*parts), make_images(9)).html
    assert "the height of a dot says nothing" in " ".join(parsed(page).text)


def test_fewer_images_are_shown_where_they_would_not_fit(tiny_vae, make_images, monkeypatch):
    vae, images = tiny_vae((32, 32, 3)), make_images(60, (32, 32, 3))
    whole = explore(vae, images).data
    assert len(whole["indices"]) == 60
    room = len(whole["decoder"]["weights"]) + 20_000
    monkeypatch.setattr(explorer, "_DATA_BYTES", room)
    fewer = explore(vae, images).data
    assert 1 < len(fewer["indices"]) < 60
    assert sum(map(len, fewer["sheets"])) < 20_000
    assert len(fewer["measures"][0]["values"]) == len(fewer["indices"])


def test_notebooks_show_the_whole_page_in_a_frame(tiny_vae, make_images, parsed):
    made = explore(tiny_vae(), make_images(6))
    ((tag, attributes),) = parsed(made._repr_html_()).found
    assert tag == "iframe" and attributes["srcdoc"] == made.html
    assert html.escape(made.html, quote=True) in made._repr_html_()


def test_page_is_saved_as_it_is(tiny_vae, make_images, tmp_path):
    made = explore(tiny_vae(), make_images(6))
    made.save(tmp_path / "sub" / "page.html")
    assert (tmp_path / "sub" / "page.html").read_text("utf-8") == made.html


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"points": 0}, ArgumentError, "`points` must be a positive integer. Received: points=0"),
        ({"points": 2.5}, ArgumentError, "`points`"),
        ({"seed": -1}, ArgumentError, "`seed`"),
        ({"labels": [0, 1]}, ArgumentError, r"`labels`.*Received: labels.shape=\(2,\)"),
        ({"labels": [-1] * 6}, ArgumentError, "`labels` must be integers of at least 0"),
        ({"labels": [0.5] * 6}, ArgumentError, "`labels`.*float64"),
        ({"labels": [2] * 6, "class_names": ["a"]}, ArgumentError, "`class_names`.*3 classes"),
        ({"images": np.zeros((6, 5, 5, 1))}, DataError, "`images` must hold images of shape"),
    ],
)
def test_wrong_input_is_refused(tiny_vae, make_images, arguments, error, message):
    with pytest.raises(error, match=message):
        explore(tiny_vae(), **{"images": make_images(6), **arguments})


def test_images_that_cannot_be_shown_are_refused(tiny_vae, make_images):
    with pytest.raises(ArgumentError, match="`images` must have 1 or 3 channels"):
        explore(tiny_vae((8, 8, 2)), make_images(6, (8, 8, 2)))
