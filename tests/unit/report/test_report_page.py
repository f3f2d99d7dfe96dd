import io
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from vae_keras.errors import ArgumentError
from vae_keras.report import Report, Table, explore

HOSTILE = "</title></script><script>window.hit=1</script>\"'&<!--{{ 7 * 7 }}"


def png(width, height):
    file = io.BytesIO()
    Image.new("L", (width, height), 128).save(file, "png")
    return file.getvalue()


@dataclass(frozen=True)
class Finding:
    title: str
    severity: str
    text: str
    advice: str


def everything(text, explorer=None):
    return Report(
        title=text,
        subtitle=text,
        headline=[(text, text, text)],
        findings=[Finding(text, text, text, text), {"title": "Short", "severity": "good"}],
        figures=[(text, png(30, 20))],
        explorer=explorer,
        tables=[Table(text, [(text, text), ("a", 1)], header=(text, text), collapsed=True)],
    )


def test_every_text_is_shown_as_text(parsed):
    elements = parsed(everything(HOSTILE).html)
    assert "script" not in [tag for tag, _ in elements.found]
    text = "".join(elements.text)
    # Title, navigation, heading, subtitle, card (3), finding (4), figure, table (4 and its title).
    assert text.count(HOSTILE) >= 15
    assert [a["alt"] for tag, a in elements.found if tag == "img"] == [HOSTILE]


def test_explorer_comes_with_all_it_needs_and_before_its_scripts(tiny_vae, make_images, parsed):
    explorer = explore(tiny_vae(), make_images(6), np.zeros(6, int), class_names=[HOSTILE])
    page = everything(HOSTILE, explorer).html
    assert [tag for tag, _ in parsed(page).found].count("script") == 2
    assert page.index("ex-data") < page.index("window.explorerReady")
    assert ".ex-plot {" in page
    assert "window.explorerReady" not in everything("plain").html


def test_figures_are_embedded_with_their_size_and_pixels(parsed, unpacked):
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype("uint8")
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "png")
    page = Report("a", figures=[("noise", file.getvalue()), ("grey", png(60, 40))]).html
    images = [a for tag, a in parsed(page).found if tag == "img"]
    assert [(a["width"], a["height"], a["loading"]) for a in images] == [
        ("30", "20", "lazy"),
        ("60", "40", "lazy"),
    ]
    np.testing.assert_array_equal(unpacked(images[0]["src"]), noise)
    np.testing.assert_array_equal(unpacked(images[1]["src"])[..., 0], 128)
    with pytest.raises(ArgumentError, match="`figures` must hold the content of PNG files"):
        Report("a", figures=[("a picture", b"<svg/>")]).html  # noqa: B018


def test_navigation_leads_to_the_sections_that_exist(parsed):
    def targets(page):
        elements = parsed(page).found
        links = [a["href"][1:] for tag, a in elements if tag == "a"]
        assert set(links) <= {a["id"] for _, a in elements if "id" in a}
        return links

    assert targets(everything("a").html) == ["top", "findings", "figures", "tables"]
    assert targets(Report("a").html) == ["top"]


def test_severity_is_a_word_and_unknown_ones_look_neutral(parsed):
    found = parsed(everything("odd").html).found
    classes = [a["class"] for tag, a in found if tag == "li" and "class" in a]
    assert classes == ["finding info", "finding good"]


def test_tables_are_open_unless_they_are_asked_not_to_be(parsed):
    def opened(collapsed):
        page = Report("a", tables=[Table("t", [("a", 1)], collapsed=collapsed)]).html
        ((_, attributes),) = (one for one in parsed(page).found if one[0] == "details")
        return "open" in attributes

    assert opened(False) and not opened(True)


def test_page_is_saved_as_it_is(tmp_path):
    report = Report("a")
    report.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8") == report.html


def test_a_picture_that_webp_cannot_hold_stays_as_it_is():
    page = Report(title="tall", figures=[("tall", png(2, 16_384))]).html
    assert "data:image/png;base64," in page
    assert 'height="16384"' in page


def test_marks_that_a_browser_obeys_are_shown():
    page = everything("a\u202eb\u2028c\x1bd\udcff").html
    assert "a\\u202eb\\u2028c\\x1bd\\xff" in page
    assert not any(mark in page for mark in "\u202e\u2028\x1b\udcff")
