"""The explorer and the report as a reader has them: a file, a browser, no network."""

import base64
import os
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import vae_keras
from vae_keras.architectures import conv, mlp, resnet
from vae_keras.likelihoods import (
    Bernoulli,
    ContinuousBernoulli,
    DiscretizedLogistic,
    LearnedGaussian,
    SquaredError,
)
from vae_keras.report import Report, Table, explore, explorer
from vae_keras.report.decoder_export import export_decoder

pytestmark = pytest.mark.thorough

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
NAMES = ["zero", "</script><script>document.title='hit'</script>", "two", '3 & "more"', *"456789"]
ARGUMENTS = [
    *["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
    *["--disable-background-networking", "--disable-component-update"],
]


def _browser_path() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = (shutil.which(name) for name in names)
    return os.environ.get("VAE_KERAS_BROWSER") or next((path for path in found if path), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = _browser_path()
    if path is None:
        if os.environ.get("VAE_KERAS_REQUIRE_BROWSER") == "1":
            pytest.fail("no Chromium, and VAE_KERAS_REQUIRE_BROWSER=1 asks for one")
        pytest.skip("no Chromium: set VAE_KERAS_BROWSER to one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a file and waits until it is alive.

    A request to anywhere else, an error or a warning fails the test.
    """
    contexts, complaints = [], []

    def request(route: Any) -> None:
        if not route.request.url.startswith(("file:", "data:", "blob:")):
            complaints.append(f"asks for {route.request.url}")
        route.continue_()

    def heard(message: Any) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def open_page(path: Path, device: dict[str, Any] = DESKTOP) -> Any:
        context = browser.new_context(**device)
        contexts.append(context)
        context.set_offline(True)
        context.route("**/*", request)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_selector(".explorer[data-ready]", timeout=10_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def digits() -> Any:
    return vae_keras.load_dataset("digits")


def trained(
    kind: Any, architecture: Any, data: Any, latent_dim: int, *, epochs: int = 5, **options: Any
) -> Any:
    """A model of `kind` that has seen the data for a moment; the same one every time."""
    import keras

    keras.utils.set_random_seed(0)
    likelihood = SquaredError()
    parts = architecture(data.image_shape, latent_dim, likelihood, **options)
    # At the weight 1 the codes of so small images would all be the same.
    weight = {} if kind is vae_keras.Autoencoder else {"kl_weight": 0.05}
    model = kind(*parts, likelihood, seed=0, **weight)
    model.compile(keras.optimizers.Adam(3e-3))
    labels = data.train.labels if model.num_classes else None
    model.fit(data.train.images, labels, epochs=epochs, batch_size=64, verbose=0)
    return model


@pytest.fixture(scope="module")
def small(digits: Any) -> Any:
    """A VAE of digits with two-dimensional codes."""
    return trained(vae_keras.VAE, mlp, digits, 2, epochs=20, encoder_units=(64, 32))


@pytest.fixture(scope="module")
def small_page(small: Any, digits: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "explorer [1].html"
    explore(small, digits.test.images, digits.test.labels, class_names=NAMES).save(path)
    return path


@pytest.fixture(scope="module")
def fashion(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A VAE of 28 x 28 images with 16-dimensional codes, and its page."""
    data = vae_keras.load_dataset("fashion_mnist", train_size=1500)
    vae = trained(vae_keras.VAE, conv, data, 16)
    path = tmp_path_factory.mktemp("fashion") / "explorer.html"
    test = data.test
    explore(vae, test.images[:500], test.labels[:500], class_names=data.class_names).save(path)
    return vae, path


def canvas(page: Any, name: str) -> np.ndarray:
    """Pixels of a canvas, shape `(height, width, 3)`, in `[0, 1]`."""
    url = page.evaluate("name => document.querySelector(name).toDataURL()", name)
    picture = Image.open(BytesIO(base64.b64decode(url.split(",")[1])))
    return np.asarray(picture.convert("RGB")) / 255


def state(page: Any) -> dict[str, Any]:
    """What the page holds, and where on the screen its dots are."""
    page.wait_for_timeout(60)  # for a frame or two
    return page.evaluate(
        """() => {
            const it = window.explorers[0];
            const box = it.plot.surface.getBoundingClientRect();
            const screen = (at) => {
                const [x, y] = it.plot.toPixels(at);
                return [box.left + x, box.top + y];
            };
            return {
                code: Array.from(it.code), shown: Array.from(it.shownCode), label: it.label,
                chosen: it.chosen, dots: it.places.map(screen), drawn: it.plot.points.index.length,
                labels: it.labels, indices: it.data.indices, cursor: screen(it.project(it.code)),
                box: [box.left, box.top, box.width, box.height],
                span: it.plot.span,
            };
        }"""
    )


def free_place(held: dict[str, Any]) -> tuple[float, float]:
    """A place on the plot, away from every dot and the cursor."""
    left, top, width, height = held["box"]
    taken = np.array([*held["dots"], held["cursor"]])
    grid = [
        (left + x * width, top + y * height)
        for x in np.linspace(0.1, 0.9, 17)
        for y in np.linspace(0.1, 0.9, 17)
    ]
    return max(grid, key=lambda place: np.hypot(*(taken - place).T).min())


def lonely_dot(held: dict[str, Any]) -> int:
    """The dot with the most room around it, the cursor too."""
    dots = np.array(held["dots"])
    others = np.array([*dots, held["cursor"]])
    distances = np.hypot(*(dots[:, None] - others[None]).transpose(2, 0, 1))
    distances[np.arange(len(dots)), np.arange(len(dots))] = np.inf
    return int(distances.min(axis=1).argmax())


def decoded_by(model: Any, held: dict[str, Any], code: str = "shown") -> np.ndarray:
    label = held["label"] if model.num_classes else None
    return model.to_unit_range(model.decode([held[code]], label=label))[0]


def assert_shows(page: Any, model: Any) -> None:
    """The decoded image is what the model decodes the code to that the page holds."""
    expected = decoded_by(model, state(page))
    np.testing.assert_allclose(
        canvas(page, ".ex-decoded"), np.broadcast_to(expected, (*expected.shape[:2], 3)), atol=0.01
    )


# --- the decoder in the page --------------------------------------------------------------------

DECODERS = {
    "mlp": (mlp, (7, 5, 1), ContinuousBernoulli(), {"normalization": "layer"}),
    "mlp_batch": (mlp, (9, 4, 3), LearnedGaussian(), {"normalization": "batch"}),
    "conv": (conv, (13, 10, 3), SquaredError((-1, 1)), {"normalization": "batch"}),
    "conv_gelu": (conv, (28, 28, 1), Bernoulli(), {"activation": "gelu", "decoder_kernel_size": 5}),
    "conv_one": (conv, (6, 6, 1), DiscretizedLogistic(), {"decoder_kernel_size": 1}),
    "resnet": (resnet, (18, 15, 3), SquaredError(), {"filters": (8, 12)}),
}


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("num_classes", [0, 3])
def test_the_decoder_in_the_page_gives_what_the_model_gives(browser, name, num_classes):
    import keras

    keras.utils.set_random_seed(0)
    architecture, shape, likelihood, options = DECODERS[name]
    parts = architecture(shape, 5, likelihood, num_classes=num_classes, **options)
    kind = vae_keras.ConditionalVAE if num_classes else vae_keras.VAE
    model = kind(*parts, likelihood)
    # Weights as after a training: biases and moving averages are no longer zero and one.
    generator = np.random.default_rng(0)
    for variable in model.decoder.weights:
        noise = generator.normal(0, 0.1, variable.shape)
        moving = variable.name == "moving_variance"
        variable.assign(variable.numpy() + (np.abs(noise) if moving else noise))
    codes = generator.normal(size=(4, 5)).astype("float32")
    labels = np.array([0, 2, 1, 2]) if num_classes else None
    expected = model.to_unit_range(model.decode(codes, label=labels))
    script = Path(explorer.__file__).parent / "static" / "decoder.js"
    page = browser.new_page()
    page.add_script_tag(content=f"{script.read_text()}\nwindow.VaeDecoder = VaeDecoder;")
    found = page.evaluate(
        """([graph, codes, labels]) => {
            const decode = VaeDecoder.make(graph, 3);
            return codes.map((code, i) => Array.from(decode(code, labels ? labels[i] : 0)));
        }""",
        [export_decoder(model), codes.tolist(), None if labels is None else labels.tolist()],
    )
    page.close()
    assert np.ptp(expected) > 0.02
    np.testing.assert_allclose(np.reshape(found, expected.shape), expected, atol=2e-3)


# --- two dimensions -----------------------------------------------------------------------------


def test_pointing_at_a_dot_shows_its_image_and_its_numbers(opened, small, small_page, digits):
    page = opened(small_page)
    held = state(page)
    dot = lonely_dot(held)
    page.mouse.move(*held["dots"][dot])
    held = state(page)
    image = digits.test.images[[held["indices"][dot]]]
    original = image[0] / 255
    reconstruction = small.reconstruct(image)[0]
    np.testing.assert_allclose(canvas(page, ".ex-original")[..., :1], original, atol=0.01)
    np.testing.assert_allclose(
        canvas(page, ".ex-reconstruction")[..., :1], reconstruction, atol=0.01
    )
    text = page.inner_text(".ex-numbers").replace("\N{MINUS SIGN}", "-")
    code = small.encode(image)[0]
    loss = np.square(original - reconstruction).sum()
    assert f"{loss:.2f} nats" in text and f"{loss / 64:.4f}" in text
    assert all(f"{value:.2f}" in text for value in code)
    label = digits.test.labels[held["indices"][dot]]
    assert page.inner_text(".ex-name").startswith(NAMES[label])
    page.wait_for_timeout(450)  # a screen reader is told when the pointer rests
    assert f"image {held['indices'][dot]}" in page.text_content(".ex-live")


def test_pointing_elsewhere_shows_what_the_decoder_makes_of_it(opened, small, small_page):
    page = opened(small_page)
    before = canvas(page, ".ex-decoded")
    held = state(page)
    x, y = free_place(held)
    page.mouse.move(x, y)
    after = state(page)
    # The code is the one under the pointer, by the axes that Bokeh draws.
    axes = page.evaluate(
        """() => {
            const {x_range: x, y_range: y, inner_width, inner_height} = explorers[0].plot.model;
            return [x.start, x.end, y.start, y.end, inner_width, inner_height];
        }"""
    )
    left, top, width, height = held["box"]
    np.testing.assert_allclose([width, height], axes[4:], atol=1.01)
    expected = [
        axes[0] + (x - left) / width * (axes[1] - axes[0]),
        axes[3] - (y - top) / height * (axes[3] - axes[2]),
    ]
    np.testing.assert_allclose(after["shown"], expected, atol=0.02)
    assert np.abs(canvas(page, ".ex-decoded") - before).max() > 0.1
    assert_shows(page, small)
    # Looking changes nothing for good; a click does.
    page.mouse.move(5, 5)
    np.testing.assert_allclose(state(page)["shown"], held["code"])
    page.mouse.click(x, y)
    page.mouse.move(5, 5)
    np.testing.assert_allclose(state(page)["code"], expected, atol=0.02)
    assert_shows(page, small)


def test_dots_are_drawn_where_they_are_found(opened, small_page):
    page = opened(small_page)
    held = state(page)
    dot = lonely_dot(held)
    page.evaluate(
        "document.querySelectorAll('.ex-cursor, .ex-ring').forEach((mark) => mark.remove())"
    )
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    color = page.evaluate("([i]) => explorers[0].data.classes[explorers[0].labels[i]].color", [dot])
    expected = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
    seen = picture.getpixel(tuple(round(at) for at in held["dots"][dot]))
    np.testing.assert_allclose(seen, 0.85 * np.array(expected) + 0.15 * 255, atol=6)


def test_dragging_moves_the_cursor(opened, small, small_page):
    page = opened(small_page)
    held = state(page)
    page.mouse.move(*held["cursor"])
    page.mouse.down()
    x, y = free_place(held)
    page.mouse.move(x, y, steps=4)
    page.mouse.up()
    np.testing.assert_allclose(state(page)["cursor"], [x, y], atol=1)
    assert_shows(page, small)


def test_classes_are_hidden_by_click_and_by_key(opened, small_page):
    page = opened(small_page)
    held = state(page)
    chips = page.locator(".ex-legend button")
    assert [chips.nth(i).inner_text().split("\n")[0] for i in range(4)] == NAMES[:4]
    assert page.title() == "Latent explorer"
    chips.nth(1).click()
    one = state(page)["drawn"]
    assert one == len(held["labels"]) - held["labels"].count(1)
    chips.nth(2).focus()
    page.keyboard.press("Space")
    assert state(page)["drawn"] == one - held["labels"].count(2)
    assert [chips.nth(i).get_attribute("aria-pressed") for i in range(4)] == [
        *("true", "false", "false", "true")
    ]
    # What is hidden is not pointed at either.
    hidden = next(i for i, label in enumerate(held["labels"]) if label == 1)
    page.focus(".ex-surface")
    page.keyboard.press("Escape")
    page.mouse.click(*held["dots"][hidden])
    chosen = state(page)["chosen"]
    assert chosen == -1 or held["labels"][chosen] not in (1, 2)
    page.get_by_role("button", name="Show all").click()
    assert state(page)["drawn"] == len(held["labels"])


def test_keys_move_the_cursor_and_go_through_the_images(opened, small, small_page):
    page = opened(small_page)
    page.focus(".ex-surface")
    outline = "getComputedStyle(document.querySelector('.ex-surface')).outlineStyle"
    page.keyboard.press("Escape")
    assert page.evaluate(outline) == "solid"
    assert state(page)["code"] == [0, 0] and state(page)["chosen"] == -1
    assert not canvas(page, ".ex-original").any()
    page.keyboard.press("ArrowRight")
    right = state(page)["code"]
    page.keyboard.press("Shift+ArrowUp")
    up = state(page)["code"]
    assert right[0] > 0 and right[1] == 0
    assert up[0] == right[0] and up[1] == pytest.approx(5 * right[0])
    assert_shows(page, small)
    page.keyboard.press("n")
    page.keyboard.press("n")
    held = state(page)
    assert held["chosen"] == 1
    page.keyboard.press("P")
    assert state(page)["chosen"] == 0
    assert_shows(page, small)
    span = state(page)["span"][0]
    page.keyboard.press("+")
    assert state(page)["span"][0] < span
    page.keyboard.press("0")
    assert state(page)["span"][0] == pytest.approx(span)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.ex-legend') !== null")


def test_the_map_shows_the_plane(opened, small, small_page):
    page = opened(small_page)
    page.get_by_role("button", name="Decoded map").click()
    page.wait_for_timeout(600)
    picture = canvas(page, ".ex-tiles")
    held = state(page)
    _, _, width, height = held["box"]
    across, down = round(width / 46), round(height / width * round(width / 46))
    for column, row in [(0, 0), (across - 1, down // 2), (across // 2, down - 1)]:
        place = [(column + 0.5) * width / across, (row + 0.5) * height / down]
        code = page.evaluate("at => explorers[0].plot.toPlane(at)", place)
        tile = picture[
            round(row * picture.shape[0] / down) : round((row + 1) * picture.shape[0] / down),
            round(column * picture.shape[1] / across) : round(
                (column + 1) * picture.shape[1] / across
            ),
        ]
        assert tile.mean() == pytest.approx(small.decode([code]).mean(), abs=0.02)


# --- a telephone --------------------------------------------------------------------------------


def test_tap_and_drag_on_a_telephone(opened, small, small_page, digits):
    page = opened(small_page, PHONE)
    page.locator(".ex-plot").scroll_into_view_if_needed()
    held = state(page)
    dot = lonely_dot(held)
    page.touchscreen.tap(*held["dots"][dot])
    assert state(page)["chosen"] == dot
    x, y = free_place(state(page))
    page.touchscreen.tap(x, y)
    np.testing.assert_allclose(state(page)["cursor"], [x, y], atol=1)
    assert_shows(page, small)
    # Sideways a finger moves the cursor.
    left, top, width, height = held["box"]
    touch(page, (left + 0.2 * width, top + 0.5 * height), (left + 0.8 * width, top + 0.4 * height))
    np.testing.assert_allclose(
        state(page)["cursor"], [left + 0.8 * width, top + 0.4 * height], atol=2
    )
    # The ring moves up and down too.
    x, y = state(page)["cursor"]
    touch(page, (x, y), (x, y + 0.3 * height))
    np.testing.assert_allclose(state(page)["cursor"], [x, y + 0.3 * height], atol=2)
    assert_shows(page, small)


def touch(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    session = page.context.new_cdp_session(page)

    def send(kind: str, points: list[dict[str, float]]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for kind, share in [("touchStart", 0.0), *(("touchMove", k / 8) for k in range(1, 9))]:
        x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
        send(kind, [{"x": x, "y": y}])
        page.wait_for_timeout(16)  # fingers are not faster than frames
    send("touchEnd", [])


def test_a_finger_going_up_scrolls_the_page_and_leaves_the_cursor(opened, small_page):
    page = opened(small_page, PHONE)
    held = state(page)
    left, top, width, height = held["box"]
    cursor = np.array(held["cursor"])
    x = left + (0.2 if cursor[0] > left + width / 2 else 0.8) * width
    touch(page, (x, top + 0.7 * height), (x, top + 0.7 * height - 200))
    after = state(page)
    assert page.evaluate("scrollY") > 100
    assert (after["code"], after["chosen"]) == (held["code"], held["chosen"])


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_is_wider_than_the_screen(opened, fashion, device):
    page = opened(fashion[1], device)
    width = device["viewport"]["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in (".ex-plot", ".ex-side", ".ex-sliders", ".ex-numbers", ".ex-legend"):
        box = page.locator(name).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width + 0.5, name


# --- more dimensions ----------------------------------------------------------------------------


def test_the_plane_of_many_dimensions_is_the_readers(opened, fashion):
    vae, path = fashion
    page = opened(path)
    held = state(page)
    x, y = free_place(held)
    page.mouse.click(x, y)
    moved = state(page)
    change = np.subtract(moved["code"], held["code"])
    assert (np.abs(change) > 1e-6).sum() > 2  # along principal axes
    np.testing.assert_allclose(moved["cursor"], [x, y], atol=1)
    assert_shows(page, vae)
    page.select_option(".ex-plane", "pair")
    page.select_option(".ex-first", "4")
    page.select_option(".ex-second", "11")
    held = state(page)
    page.mouse.click(*free_place(held))
    change = np.subtract(state(page)["code"], held["code"])
    assert set(np.flatnonzero(np.abs(change) > 1e-6)) == {4, 11}
    assert_shows(page, vae)
    page.select_option(".ex-first", "11")  # they change places
    assert page.input_value(".ex-second") == "4"


def test_sliders_move_one_dimension_and_go_back(opened, fashion):
    vae, path = fashion
    page = opened(path)
    held = state(page)
    slider = page.get_by_label("z₃", exact=True)
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    change = np.subtract(state(page)["code"], held["code"])
    assert set(np.flatnonzero(np.abs(change) > 1e-6)) == {2} and change[2] > 0.1
    assert_shows(page, vae)
    page.get_by_role("button", name="Prior mean (all 0)").click()
    assert state(page)["code"] == [0] * 16
    assert_shows(page, vae)
    page.get_by_role("button", name="Code of the chosen image").click()
    np.testing.assert_allclose(state(page)["code"], held["code"])


def test_sliders_with_most_divergence_come_first(opened, fashion):
    page = opened(fashion[1])
    order = page.evaluate("explorers[0].sliders.map(({j}) => explorers[0].data.relevance[j])")
    assert len(order) == 16 and order == sorted(order, reverse=True)


# --- other models -------------------------------------------------------------------------------


def test_a_conditional_model_decodes_as_the_class_that_is_asked_for(opened, digits, tmp_path):
    options = {"encoder_units": (32,), "num_classes": 10}
    vae = trained(vae_keras.ConditionalVAE, mlp, digits, 3, **options)
    test = digits.test
    explore(vae, test.images, test.labels, class_names=NAMES).save(tmp_path / "page.html")
    page = opened(tmp_path / "page.html")
    held = state(page)
    assert held["label"] == held["labels"][held["chosen"]]
    assert_shows(page, vae)
    other = (held["label"] + 1) % 10
    page.select_option(".ex-label", str(other))
    assert state(page)["label"] == other and state(page)["code"] == held["code"]
    assert_shows(page, vae)


def test_without_a_decoder_in_the_page_the_nearest_of_a_grid_is_shown(
    opened, fashion, tmp_path, monkeypatch
):
    vae, _ = fashion

    def refused(model: Any) -> None:
        raise explorer.NotExportable("it is too large")

    monkeypatch.setattr(explorer, "export_decoder", refused)
    images = vae_keras.load_dataset("fashion_mnist", train_size=10).test.images[:40]
    made = explore(vae, images)
    made.save(tmp_path / "page.html")
    page = opened(tmp_path / "page.html")
    assert "does not run in this page: it is too large" in page.inner_text(".ex-note")
    assert page.locator(".ex-sliders, .ex-plane").count() == 0
    page.mouse.click(*free_place(state(page)))
    place = page.evaluate("explorers[0].gridTile(explorers[0].project(explorers[0].code)).place")
    principal = made.data["principal"]
    code = np.array(principal["center"]) + np.array(place) @ np.array(principal["axes"])
    expected = np.broadcast_to(vae.decode([code])[0], (28, 28, 3))
    np.testing.assert_allclose(canvas(page, ".ex-decoded"), expected, atol=0.02)


def test_an_autoencoder_with_one_dimension(opened, digits, tmp_path):
    options = {"encoder_units": (16,), "variational": False}
    model = trained(vae_keras.Autoencoder, mlp, digits, 1, **options)
    explore(model, digits.test.images).save(tmp_path / "page.html")
    page = opened(tmp_path / "page.html")
    x, y = free_place(state(page))
    page.mouse.click(x, y)
    assert state(page)["cursor"][0] == pytest.approx(x, abs=1)
    assert_shows(page, model)


# --- the report ---------------------------------------------------------------------------------


def picture(size: tuple[int, int]) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "teal").save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_report_is_whole(opened, small, digits, tmp_path, device):
    pictures = [picture(size) for size in ((1600, 500), (700, 700), (900, 800))]
    report = Report(
        title="A run <b>with</b> marks",
        subtitle="/a/path/" + "without/an/end/" * 20,
        headline=[("test loss", "24.68", "± 0.09 nats")] * 6,
        findings=[{"title": "t", "severity": "warning", "text": "x" * 300, "advice": "do"}],
        figures=[(f"Picture {i}", one) for i, one in enumerate(pictures)],
        explorer=explore(small, digits.test.images, digits.test.labels, class_names=NAMES),
        tables=[Table("Settings", [("a", "y" * 400), ("b", 1)], collapsed=True)],
    )
    report.save(tmp_path / "report.html")
    page = opened(tmp_path / "report.html", device)
    assert page.inner_text("h1") == "A run <b>with</b> marks"
    assert page.evaluate("document.documentElement.scrollWidth") <= device["viewport"]["width"]
    page.get_by_role("link", name="Tables").click()
    page.locator("summary", has_text="Settings").click()
    assert page.get_by_text("y" * 400).is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= device["viewport"]["width"]
    for i in range(len(pictures)):
        image = page.locator("figure img").nth(i)
        image.scroll_into_view_if_needed()
        page.wait_for_timeout(50)
        assert image.evaluate("image => image.naturalWidth") > 0
    assert_shows(page, small)


def test_a_notebook_shows_the_page_in_a_frame(browser, small, digits):
    made = explore(small, digits.test.images[:50])
    page = browser.new_page()
    page.set_content(f"<div>{made._repr_html_()}</div>")
    frame = page.frame_locator("iframe")
    frame.locator(".explorer[data-ready]").wait_for(timeout=10_000)
    assert frame.locator(".ex-name").inner_text().startswith("Image")
    page.close()
