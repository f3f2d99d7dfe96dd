"""Names of folders, runs and files that a page, a figure, a table or a terminal could obey."""

import contextlib
import csv
import io
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from vae_keras.cli import main as cli
from vae_keras.io.text import printable

# Python hides these from users, pytest does not, and here the standard error is looked at.
pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

# For the page, for matplotlib, for rich, for a terminal, for a spreadsheet, for a template.
CLASSES = [
    "<img src=x onerror=document.title='hit'>",
    "<!-- & \"quotes\" 'and' <script>document.title='hit'",
    "$\\bad{$",
    "a$b$c_d^e 100% %s",
    "_hidden",
    "[red]bold[\\] :car:",
    "\x1b[31mred\x1b[2J",
    "two\nlines\u2028",
    "\u202egnp.exe",
    os.fsdecode(b"caf\xe9 \xff"),
    "=1+1",
    "x" * 255,
    "{{ 7*7 }} {% x %}",
    "日本",
    "-rf",
]
EACH = 10


@pytest.fixture(scope="module")
def named_run(offline, tmp_path_factory):
    """A conditional run on such classes, in such a folder, with such a name; its output."""
    root = tmp_path_factory.mktemp("names")
    data = root / os.fsdecode(b"data <b>$x$ [red]\x1b[2J\n\xff")
    for position, name in enumerate(CLASSES):
        (data / name).mkdir(parents=True)
        for number in range(EACH):
            pixels = np.full((8, 8), 16 * position + number, "uint8")
            Image.fromarray(pixels).save(data / name / f"{number}.png")
    run = root / "run <i>$_$&[green]\x1b[0m\n"
    settings = [
        *["--data", str(data), "--model", "conditional", "--epochs", "1"],
        *["--architecture", "mlp", "--encoder-units", "8", "--warmup-epochs", "0"],
    ]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        assert cli.main(["train", *settings, "--run-dir", str(run)]) == 0
    return run, data, output.getvalue()


def harmless(text: str) -> bool:
    """Tell whether a terminal only shows a text."""
    return all(printable(line) == line for line in text.split("\n"))


def test_the_console(named_run, command):
    run, _, output = named_run
    assert harmless(output)
    assert printable(run) in output
    again = command("report", run)
    assert harmless(again)
    assert printable(run) in again  # and rich took nothing in it for markup


def test_the_figures(named_run):
    run, _, _ = named_run
    for name in ("samples", "classes", "reconstructions", "latent_scatter", "loss_by_class"):
        with Image.open(run / "figures" / f"{name}.png") as picture:
            assert max(picture.size) < 3000, name


def test_the_page(named_run, tmp_path):
    """Needs a browser: no script runs, and every name is there as it is."""
    run, _, _ = named_run
    path = shutil.which("chromium") or os.environ.get("VAE_KERAS_BROWSER")
    if path is None:
        if os.environ.get("VAE_KERAS_REQUIRE_BROWSER") == "1":
            pytest.fail("no Chromium, and VAE_KERAS_REQUIRE_BROWSER=1 asks for one")
        pytest.skip("no Chromium: set VAE_KERAS_BROWSER to one")
    from playwright.sync_api import sync_playwright

    heard = []
    shutil.copy(run / "report.html", tmp_path / "report.html")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=path, args=options)
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: heard.append(dialog.message))
        page.on("console", lambda one: heard.append(one.text) if one.type == "error" else None)
        page.goto((tmp_path / "report.html").as_uri())
        page.wait_for_selector(".explorer[data-ready]", timeout=20_000)
        title = page.title()
        choices = page.locator(".ex-label option").all_text_contents()
        rows = page.locator("details:has-text('By class') th[scope=row]").all_text_contents()
        text = page.locator("body").inner_text()
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    names = sorted(CLASSES)
    assert heard == []
    assert title == printable(run.name)
    assert choices == [printable(name) for name in names]
    assert set(rows) <= {printable(name) for name in names} and len(rows) > 5
    assert printable(run.parent) in text
    assert harmless(text.replace("\t", " "))  # between the cells of a table
    assert wide <= 1000


def test_the_settings_can_be_read_again(named_run):
    from vae_keras.config.config import read_config

    run, data, _ = named_run
    assert read_config(run / "config.json").data == str(data)


@pytest.mark.parametrize("relative", [False, True])
def test_the_table_of_codes(named_run, command, tmp_path, monkeypatch, relative):
    run, data, _ = named_run
    monkeypatch.chdir(data)
    folders = [name if relative else data / name for name in ("=1+1", "two\nlines\u2028")]
    if relative:
        folders.append("@SUM")
        shutil.copytree(data / "_hidden", data / "@SUM")
    output = tmp_path / "codes.csv"
    try:
        printed = command("encode", run, *folders, "--label", "_hidden", "--output", output)
    finally:
        shutil.rmtree(data / "@SUM", ignore_errors=True)
    assert harmless(printed)
    with output.open(encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    assert len(names) == EACH * len(folders)
    assert not any(name.startswith(tuple("=+-@\t\r")) for name in names)
    assert all(map(harmless, names))
    if relative:
        assert (data / names[0]).is_file()  # "./=1+1/0.png"


def test_a_complaint_is_one_line(capsys, tmp_path):
    folder = tmp_path / "two\nlines \x1b[2J"
    folder.mkdir()
    (folder / "\u202egnp.png").write_text("no image")
    capsys.readouterr()
    assert cli.main(["train", "--data", str(folder), "--run-dir", str(tmp_path / "new")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert harmless(line)
    assert "two\\nlines \\x1b[2J/\\u202egnp.png" in line
