"""The catalog names every metric once, and the docs explain it where the catalog says."""

import re
from pathlib import Path

import pytest

from vae_keras.catalog import METRICS, metric
from vae_keras.runs.report import _HEADLINE
from vae_keras.studies.sweep.figures import _BARS
from vae_keras.studies.sweep.table import MAIN_METRICS

DOCS = Path(__file__).parents[2] / "docs" / "guide" / "evaluation.md"


@pytest.mark.parametrize("one", METRICS.values(), ids=METRICS)
def test_the_docs_explain_each_metric_in_its_section(one):
    sections = re.split(r"^## ", DOCS.read_text(), flags=re.MULTILINE)
    (section,) = (text for text in sections if text.lower().startswith(one.section))
    assert f"`{one.name}`" in section
    assert one.unit in ("", "nats", "dB")


def test_no_two_metrics_have_one_label():
    assert len({one.heading for one in METRICS.values()}) == len(METRICS)
    assert len({one.column for one in METRICS.values()}) == len(METRICS)


def test_tables_select_from_the_catalog():
    assert {*_HEADLINE, *_BARS, *MAIN_METRICS} <= set(METRICS)


def test_a_metric_is_written_with_its_unit():
    assert METRICS["elbo"].heading == "ELBO (nats)"
    assert METRICS["ssim"].heading == "SSIM"
    assert METRICS["kl_loss"].column == "KL"
    assert METRICS["loss"].title == "Loss"


def test_an_unknown_metric_goes_by_its_name():
    unknown = metric("a_new_metric")
    assert (unknown.heading, unknown.digits, unknown.better) == ("a new metric", 4, None)
