"""Finished runs side by side: the page, the table, and what is said of numbers that do not fit."""

import json
import re
import shutil

import pytest

from vae_keras import RunDirectory
from vae_keras.cli import main as cli
from vae_keras.studies.compare.run import compare_runs

# Python hides these from users, pytest does not, and here the standard error is looked at.
pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def others(tiny, tmp_path_factory):
    """A run at another KL weight, and an autoencoder, of the same data as `run`."""
    folder = tmp_path_factory.mktemp("others")
    train = ["train", *tiny, "--epochs", "2"]
    weights = ["--warmup-epochs", "0", "--kl-weight", "4", "--latent-dim", "3"]
    assert cli.main([*train, *weights, "--run-dir", str(folder / "heavy")]) == 0
    assert cli.main([*train, "--model", "autoencoder", "--run-dir", str(folder / "plain")]) == 0
    return RunDirectory(folder / "heavy"), RunDirectory(folder / "plain")


@pytest.fixture
def copy(run, tmp_path):
    """A copy of `run` to spoil."""
    return RunDirectory(shutil.copytree(run.path, tmp_path / "copy"))


def complaint(capsys, arguments):
    """Return the one line that the command leaves on the standard error."""
    capsys.readouterr()
    code = cli.main(["compare", *(str(argument) for argument in arguments)])
    output, errors = capsys.readouterr()
    assert code == 2, output + errors
    (line,) = errors.splitlines()
    assert line.startswith("vae-keras compare: error: ")
    return line


def number(run, name):
    return json.loads(run.metrics.read_text())["test"][name]


def pictures(page):
    return re.findall(r"<figcaption>(.*?)</figcaption>", page)


def test_two_weights(run, others, command, tmp_path):
    heavy, _ = others
    page = tmp_path / "comparison.html"
    output = command("compare", run.path, heavy.path, "--output", page)
    lines = output.splitlines()
    line = next(line for line in lines if line.startswith("MSE "))
    values = [number(run.directory, "mse"), number(heavy, "mse")]
    assert [float(text) for text in re.findall(r"(\S+) ±", line)] == pytest.approx(values, rel=0.01)
    assert ("*" in line.split("±")[1]) == (values[0] < values[1])
    loss = next(line for line in lines if line.startswith("loss "))
    assert "*" not in loss
    assert "Do not compare loss: the runs differ in kl_weight." in lines
    assert lines[-1] == f"The page is {page}"

    html = page.read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!data:|#)', html)  # nothing from elsewhere
    assert html.count('src="data:image/') == len(pictures(html)) == 4
    assert pictures(html)[:2] == [
        "Training curves of all runs",
        "The same test images, and what each run makes of them",
    ]
    assert pictures(html)[2:] == ["Samples of run [a] :car:", "Samples of heavy"]
    assert "Do not compare loss: the runs differ in kl_weight." in html
    row = re.search(r">kl_weight</th>\s*<td>1</td>\s*<td>4</td>", html)
    assert row and ">latent_dim</th>" in html
    assert ">seed</th>" not in html  # the same in both


def test_an_autoencoder_beside_a_vae(run, others, command, tmp_path):
    _, plain = others
    output = command("compare", run.path, plain.path, "--output", tmp_path / "page.html")
    assert "Do not compare loss, reconstruction loss: that of an autoencoder" in output
    elbo = next(line for line in output.splitlines() if line.startswith("ELBO"))
    assert elbo.count("±") == 1 and "*" not in elbo


def test_other_data(run, others, copy, command, tmp_path):
    config = json.loads(copy.config.read_text())
    copy.config.write_text(json.dumps({**config, "seed": 1}))  # another draw of the test images
    output = command("compare", run.path, copy.path, "--output", tmp_path / "page.html")
    assert "Do not compare any of the metrics: the test images differ." in output
    assert "*" not in output.replace("* best of a row", "")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Reconstructions of copy" in pictures(page)  # of different images, so each its own
    assert "The same test images" not in page


def test_data_that_is_gone(run, copy, command, tmp_path):
    config = json.loads(copy.config.read_text())
    copy.config.write_text(json.dumps({**config, "data": "/nowhere", "dataset": "array"}))
    output = command("compare", run.path, copy.path, "--output", tmp_path / "page.html")
    assert "The data of copy cannot be loaded: `data` must be an existing file" in output
    assert "so the test images may differ" in output


def test_in_python(run, others, tmp_path):
    comparison = compare_runs([run.path, *(other.path for other in others)], tmp_path / "page.html")
    assert comparison.names == [run.path.name, "heavy", "plain"]
    row = next(row for row in comparison.numbers if row.label == "parameters")
    assert len(set(row.cells)) == 3
    assert (tmp_path / "page.html").stat().st_size > 50_000


BAD = {
    "none": ([], ["`runs` must be 2 to 10", "Received: 0"]),
    "one": (["{run}"], ["`runs` must be 2 to 10", "Received: 1"]),
    "twice": (["{run}", "{run}/../{name}"], ["`runs` must hold each run once", "the same"]),
    "too many": ([f"run{number}" for number in range(11)], ["Received: 11"]),
    "not there": (["{run}", "{out}/nowhere"], ["must be a run directory", "nowhere", "not there"]),
    "a file": (["{run}", "{run}/config.json"], ["must be a run directory", "config.json"]),
    "no run": (["{run}", "{out}"], ["must be a run directory", "no config.json"]),
    "suffix": (["{run}", "{copy}", "--output", "page.pdf"], ["`output` must end in .html"]),
    "output below a file": (
        ["{run}", "{copy}", "--output", "{run}/config.json/page.html"],
        ["page.html", "writable"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_mistakes(case, run, capsys, tmp_path, copy):
    arguments, expected = BAD[case]
    places = {"run": run.path, "name": run.path.name, "out": tmp_path, "copy": copy.path}
    line = complaint(capsys, [one.format(**places) for one in arguments])
    for text in expected:
        assert text in line
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("metrics.json", "vae-keras evaluate"), ("model.keras", "training has not finished")],
)
def test_a_run_that_is_not_finished(missing, expected, run, copy, capsys):
    (copy.path / missing).unlink()
    line = complaint(capsys, [run.path, copy.path])
    assert f"{copy.path}, with no {missing}" in line
    assert expected in line


def test_numbers_that_cannot_be_read(run, copy, capsys):
    copy.metrics.write_text("{")
    assert "metrics.json" in complaint(capsys, [run.path, copy.path])


def test_help(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["compare", "--help"])
    assert stop.value.code == 0
    output = capsys.readouterr().out
    assert "usage: vae-keras compare" in output
    assert "--output" in output and "RUN RUN" in output
