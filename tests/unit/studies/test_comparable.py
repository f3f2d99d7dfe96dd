import numpy as np
import pytest

from vae_keras import Config, RunDirectory
from vae_keras.studies.comparable import in_words, reason_of_losses, reasons_not_to_compare
from vae_keras.studies.finished import FinishedRun, RunImages

NUMBERS = ("loss", "recon_loss", "kl_loss", "elbo", "mse", "frechet_distance")
IMAGES = np.zeros((1, 8, 8, 1))
DENSITY = "densities on [0, 1]"


def run(*, test=None, **settings):
    numbers = dict.fromkeys(NUMBERS, 1.0) if test is None else test
    return FinishedRun(RunDirectory("run"), Config(**settings), {"test": numbers})


def images(test_set="a", unit=DENSITY):
    return RunImages(IMAGES, IMAGES, test_set, unit)


def reasons(runs, seen=None, names=NUMBERS):
    return reasons_not_to_compare(runs, seen or [images() for _ in runs], names)


def test_runs_of_the_same_kind_compare():
    assert reasons([run(latent_dim=2), run(latent_dim=10, architecture="mlp", epochs=3)]) == {}


def test_other_test_images_make_every_number_another():
    found = reasons([run(), run(seed=1)], [images("a"), images("b")])
    assert found == dict.fromkeys(NUMBERS, "the test images differ")
    assert in_words(found, NUMBERS) == [
        "Do not compare any of the metrics: the test images differ."
    ]


def test_data_that_cannot_be_loaded():
    found = reasons([run(), run(latent_dim=3)], [images(), None])
    assert set(found) == set(NUMBERS)
    assert "cannot be loaded" in found["mse"]


def test_another_weight_makes_another_loss_and_nothing_else():
    found = reasons([run(), run(kl_weight=4)])
    assert found == {"loss": "the runs differ in kl_weight"}
    assert in_words(found, NUMBERS) == ["Do not compare loss: the runs differ in kl_weight."]


def test_a_density_is_no_probability():
    found = reasons(
        [run(), run(likelihood="bernoulli")], [images(), images(unit="probabilities (Bernoulli)")]
    )
    assert set(found) == {"loss", "recon_loss", "elbo"}
    assert found["recon_loss"] == "the runs differ in likelihood"
    assert "densities on [0, 1], probabilities (Bernoulli)" in found["elbo"]
    assert in_words(found, NUMBERS)[0] == (
        "Do not compare loss, reconstruction loss: the runs differ in likelihood."
    )


def test_densities_on_another_scale():
    runs = [run(), run(likelihood_options=("data_range=[-1,1]",))]
    found = reasons(runs, [images(), images(unit="densities on [-1, 1]")])
    assert set(found) == {"loss", "recon_loss", "elbo"}


def test_an_autoencoder_has_another_loss_and_no_elbo():
    autoencoder = run(test={"loss": 0.1, "recon_loss": 0.1, "mse": 0.1}, model="autoencoder")
    found = reasons([run(), autoencoder], [images(), images(unit=None)])
    assert set(found) == {"loss", "recon_loss"}  # the one ELBO there is stands alone
    assert "autoencoder" in found["loss"]


def test_another_number_of_codes_estimates_another_likelihood():
    def estimated(samples):
        return run(test={"log_likelihood": -90.0, "log_likelihood_samples": samples})

    assert reasons([estimated(500), estimated(500)], names=["log_likelihood"]) == {}
    found = reasons([estimated(500), estimated(5000)], names=["log_likelihood"])
    assert "different numbers of codes" in found["log_likelihood"]


def test_a_judge_that_learned_from_other_images():
    found = reasons([run(), run(train_size=100)])
    assert set(found) == {"frechet_distance"}


@pytest.mark.parametrize(
    ("settings", "same_recon"),
    [
        ({"regularizer": "free_bits"}, True),
        ({"regularizer_options": ("beta=6",)}, True),
        ({"objective": "importance_weighted"}, False),
        ({"objective_options": ("samples=3",)}, False),
    ],
)
def test_losses_that_are_made_of_something_else(settings, same_recon):
    configs = [Config(), Config(**settings)]
    (name,) = settings
    assert reason_of_losses("loss", configs) == f"the runs differ in {name}"
    assert (reason_of_losses("recon_loss", configs) is None) == same_recon
