"""The table at the end of a run adds up for its reader."""

from rich.console import Console

from vae_keras.summaries import numbers_table

NUMBERS = {"loss": 9.0, "recon_loss": 5.0, "kl_loss": 1.0, "mse": 0.1}


def printed(numbers):
    console = Console(width=80)
    with console.capture() as capture:
        console.print(numbers_table(numbers, title="Test set"))
    return capture.get()


def test_the_weighted_kl_is_shown_where_it_differs():
    assert "KL, weighted" in printed({**NUMBERS, "kl_scaled": 4.0})
    assert "KL, weighted" not in printed({**NUMBERS, "kl_scaled": 1.0})
