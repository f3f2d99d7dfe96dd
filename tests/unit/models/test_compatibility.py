"""The VAE with other priors, objectives and regularisers, and with binary draws of its images."""

import itertools
import math

import keras
import numpy as np
import pytest
from keras import ops
from one_batch import Batches

from vae_keras.data.binarize import drawn_binary
from vae_keras.errors import ArgumentError, DataError
from vae_keras.likelihoods import Bernoulli, Gaussian, Likelihood, Perceptual, SquaredError
from vae_keras.models.vae import EVALUATION_SEEDS
from vae_keras.objectives import ELBO, ImportanceWeighted, Objective
from vae_keras.priors import Mixture, StandardNormal
from vae_keras.regularizers import KL, MMD, Capacity, FreeBits, TotalCorrelation

pytestmark = pytest.mark.backend

BACKEND = keras.backend.backend()
EAGER = {"run_eagerly": True}
OBJECTIVES = [
    ELBO(),
    ImportanceWeighted(3),
    ImportanceWeighted(3, "doubly_reparameterized"),
]


def numpy_of(*tensors):
    return tuple(ops.convert_to_numpy(tensor).astype("float64") for tensor in tensors)


def evaluate(vae, *args, **kwargs):
    return vae.evaluate(*args, verbose=0, return_dict=True, **kwargs)


def fit(vae, *args, **kwargs):
    history = vae.fit(*args, shuffle=False, verbose=0, **kwargs).history
    return {name: values[-1] for name, values in history.items()}


def saved_and_loaded(vae, tmp_path):
    vae.save(tmp_path / "vae.keras")
    return keras.saving.load_model(tmp_path / "vae.keras")


# Objectives


@pytest.mark.parametrize("objective", OBJECTIVES, ids=["elbo", "standard", "double"])
@pytest.mark.parametrize("prior", [StandardNormal, Mixture])
def test_the_logs_add_up_for_each_objective(tiny_vae, make_images, objective, prior):
    vae = tiny_vae(kl_weight=0.7, objective=objective, prior=prior(), compiled=EAGER)
    logs = fit(vae, make_images(), batch_size=4, validation_data=(make_images(),))
    for prefix in ("", "val_"):
        total = logs[f"{prefix}recon_loss"] + logs[f"{prefix}kl_scaled"]
        assert logs[f"{prefix}loss"] == pytest.approx(total, abs=1e-4)
        assert logs[f"{prefix}kl_weight"] == pytest.approx(0.7)


def test_an_evaluation_of_the_importance_weighted_bound_by_hand(tiny_vae, make_images):
    vae, x = tiny_vae(objective=ImportanceWeighted(3), likelihood=Gaussian()), make_images(4)
    mean, log_var = numpy_of(*vae.encoder(x))
    (noise,) = numpy_of(keras.random.normal((12, 2), seed=EVALUATION_SEEDS.posterior))
    codes = mean + np.exp(log_var / 2) * noise.reshape(3, 4, 2)
    pictures = vae.decode(codes.reshape(12, 2)).reshape(3, 4, 64).astype("float64")
    squares = ((pictures - x.reshape(4, 64)) ** 2).sum(axis=-1)
    losses = 0.5 * squares + 32 * math.log(2 * math.pi)
    log_prior = -0.5 * (codes**2).sum(axis=-1)
    log_posterior = -0.5 * (noise.reshape(3, 4, 2) ** 2 + log_var).sum(axis=-1)
    bound = -np.log(np.exp(log_prior - log_posterior - losses).mean(axis=0))
    logs = evaluate(vae, x)
    assert logs["loss"] == pytest.approx(bound.mean(), rel=1e-5)
    assert logs["recon_loss"] == pytest.approx(losses.mean(), rel=1e-5)
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1)
    assert logs["kl_loss"] == pytest.approx(kl.mean(), rel=1e-4)
    assert logs["kl_scaled"] == pytest.approx((bound - losses.mean(axis=0)).mean(), abs=1e-4)


def test_both_gradients_move_decoder_and_prior_alike_and_the_encoder_not(tiny_vae, make_images):
    trained = []
    for gradient in ("standard", "doubly_reparameterized"):
        vae = tiny_vae(
            objective=ImportanceWeighted(5, gradient),
            prior=Mixture(3),
            kl_weight=0.5,
            learning_rate=0.1,
            compiled=EAGER,
        )
        start = [weight.copy() for weight in vae.prior.get_weights()]
        loss = fit(vae, make_images(6), batch_size=6)["loss"]
        trained.append((loss, vae.decoder.get_weights(), vae.prior.get_weights(), vae.encoder))
    (loss, decoder, prior, encoder), (own_loss, own_decoder, own_prior, own_encoder) = trained
    assert own_loss == pytest.approx(loss, rel=1e-6)
    for a, b in zip(decoder + prior, own_decoder + own_prior, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert all(np.abs(a - b).max() > 1e-4 for a, b in zip(start, own_prior, strict=True))
    changed = zip(encoder.get_weights(), own_encoder.get_weights(), strict=True)
    assert all(np.abs(a - b).max() > 1e-5 for a, b in changed)


def test_the_objective_is_saved(tiny_vae, make_images, tmp_path):
    vae = tiny_vae(objective=ImportanceWeighted(4, "doubly_reparameterized"))
    loaded = saved_and_loaded(vae, tmp_path)
    assert type(loaded.objective) is ImportanceWeighted
    assert loaded.objective.get_config() == vae.objective.get_config()
    assert evaluate(loaded, make_images()) == evaluate(vae, make_images())


# Priors


@pytest.mark.thorough
def test_a_mixture_trains_and_is_saved(tiny_vae, make_images, tmp_path):
    vae = tiny_vae(prior=Mixture(4), optimizer="adam", learning_rate=0.01)
    before = [weight.copy() for weight in vae.prior.get_weights()]
    fit(vae, make_images(), batch_size=5)
    after = vae.prior.get_weights()
    assert [weight.shape for weight in after] == [(4,), (4, 2), (4, 2)]
    assert all(np.abs(a - b).max() > 1e-3 for a, b in zip(before, after, strict=True))
    loaded = saved_and_loaded(vae, tmp_path)
    for a, b in zip(after, loaded.prior.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(loaded.sample(5, seed=1), vae.sample(5, seed=1))
    np.testing.assert_array_equal(loaded.elbo(make_images()), vae.elbo(make_images()))
    assert evaluate(loaded, make_images()) == evaluate(vae, make_images())


def test_the_divergence_from_a_mixture_is_that_at_the_codes_drawn(tiny_vae, make_images):
    vae, x = tiny_vae(prior=Mixture(3)), make_images(4)
    mean, log_var = numpy_of(*vae.encoder(x))
    for noise, kl in (
        (keras.random.normal((4, 2), seed=EVALUATION_SEEDS.posterior), evaluate(vae, x)["kl_loss"]),
        (np.random.default_rng(0).standard_normal((4, 2)), None),
    ):
        (noise,) = numpy_of(noise)
        codes = (mean + np.exp(log_var / 2) * noise).astype("float32")
        log_q = -0.5 * (noise**2 + log_var + math.log(2 * math.pi)).sum(axis=1)
        difference = log_q - numpy_of(vae.prior.log_prob(codes))[0]
        if kl is None:
            squares = ((vae.decode(codes) - x) ** 2).reshape(4, -1).sum(axis=1)
            elbo = -squares - 32 * math.log(math.pi) - difference
            np.testing.assert_allclose(vae.elbo(x, seed=0), elbo, rtol=1e-4)
        else:
            assert kl == pytest.approx(difference.mean(), rel=1e-4)


# Binary draws


class BinaryCheck(Likelihood):
    """Its loss counts: 1000 for what is not binary, 1 for what is lit."""

    def loss(self, x, parameters, *, training=False):
        counts = 1000.0 * ops.cast(x * (1.0 - x) != 0, "float32") + x
        return ops.sum(counts + 0.0 * parameters, axis=(1, 2, 3))

    def mean(self, parameters):
        return parameters


def test_training_images_are_drawn_anew_at_each_step(tiny_vae, make_images):
    x = make_images(40)
    vae = tiny_vae(likelihood=BinaryCheck(), binarize=True, learning_rate=0.0)
    losses = vae.fit(x, batch_size=40, epochs=20, verbose=0).history["recon_loss"]
    assert max(losses) < 64  # binary
    assert len(set(losses)) > 10  # other pixels each time
    lit = x.reshape(40, -1).sum(axis=1).mean()
    variance = (x * (1 - x)).sum() / 40**2  # of the count of one step
    assert np.mean(losses) == pytest.approx(lit, abs=4 * math.sqrt(variance / 20))
    assert np.var(losses, ddof=1) == pytest.approx(variance, rel=1.5)
    grey = tiny_vae(likelihood=BinaryCheck(), learning_rate=0.0, compiled=EAGER)
    assert fit(grey, x)["recon_loss"] > 1000


def test_the_encoder_sees_what_the_decoder_is_to_make(tiny_vae, make_images):
    # The KL divergence of evaluation is that of the encoder on the fixed draw.
    vae, x = tiny_vae(binarize=True, likelihood=Bernoulli()), make_images(5)
    uniform = ops.convert_to_numpy(keras.random.uniform(x.shape, seed=EVALUATION_SEEDS.pixels))
    drawn = (uniform < x).astype("float32")
    mean, log_var = numpy_of(*vae.encoder(drawn))
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1)
    logs = evaluate(vae, x)
    assert logs["kl_loss"] == pytest.approx(kl.mean(), rel=1e-4)
    plain = tiny_vae(likelihood=Bernoulli())
    assert logs == pytest.approx(evaluate(plain, drawn), rel=1e-6)
    assert evaluate(vae, x) == logs
    assert logs != evaluate(plain, x)


@pytest.mark.thorough
def test_binary_images_stay_as_they_are(tiny_vae, make_images):
    vae, plain = (tiny_vae(binarize=binarize, likelihood=Bernoulli()) for binarize in (True, False))
    binary = make_images(6) > 0.5
    for x in (binary, binary.astype("float32"), binary.astype("uint8") * np.uint8(255)):
        assert evaluate(vae, x) == pytest.approx(evaluate(plain, x), rel=1e-6)
        np.testing.assert_array_equal(vae.elbo(x), plain.elbo(x))


def test_elbo_draws_from_its_seed(tiny_vae, make_images):
    vae, plain = (tiny_vae(binarize=binarize, likelihood=Bernoulli()) for binarize in (True, False))
    x, generator = make_images(6), np.random.default_rng(2)
    generator.standard_normal((6, 2))
    drawn = drawn_binary(x, generator)
    np.testing.assert_allclose(vae.elbo(x, seed=2), plain.elbo(drawn, seed=2), rtol=1e-6)
    assert np.any(vae.elbo(x, seed=3) != vae.elbo(x, seed=2))


def test_pixels_out_of_range_are_seen_before_they_are_drawn(tiny_vae, make_images):
    data = Batches(make_images(4) * np.float32(255))
    vae = tiny_vae(binarize=True, likelihood=Bernoulli(), compiled=EAGER)
    for method in (evaluate, fit):
        with pytest.raises(DataError, match=r"`x` must lie in .*divide by 255"):
            method(vae, data)


def test_binarize_is_saved(tiny_vae, make_images, tmp_path):
    vae = tiny_vae(binarize=True, likelihood=Bernoulli())
    loaded = saved_and_loaded(vae, tmp_path)
    assert loaded.binarize is True
    assert evaluate(loaded, make_images()) == evaluate(vae, make_images())


def test_there_is_no_binary_draw_of_another_range(tiny_vae):
    with pytest.raises(ArgumentError, match=r"`binarize` must go with .*data_range=\(-1.0, 1.0\)"):
        tiny_vae(binarize=True, likelihood=SquaredError((-1, 1)))


# What regularisers ask for


@pytest.mark.thorough
def test_the_size_of_the_data_set_is_learned_from_an_array(tiny_vae, make_images, tmp_path):
    vae, x = tiny_vae(regularizer=TotalCorrelation()), make_images(10)
    fit(vae, x, batch_size=4)
    assert float(vae.dataset_size) == 10
    losses = evaluate(vae, x, batch_size=5)
    loaded = saved_and_loaded(vae, tmp_path)
    assert float(loaded.dataset_size) == 10
    assert evaluate(loaded, x, batch_size=5) == losses
    # It is used: TC of a larger set, in two dimensions, is log(20 / 10) more.
    fit(vae, make_images(20), batch_size=20, epochs=0)
    assert float(vae.dataset_size) == 20
    known = tiny_vae(regularizer=TotalCorrelation(1.0, 2.0, 1.0, dataset_size=30))
    more = tiny_vae(regularizer=TotalCorrelation(1.0, 2.0, 1.0, dataset_size=60))
    difference = evaluate(more, x)["kl_scaled"] - evaluate(known, x)["kl_scaled"]
    assert difference == pytest.approx(math.log(2), abs=1e-4)


@pytest.mark.parametrize("form", ["array", "list", "generator"])
def test_a_size_that_is_given_counts(tiny_vae, make_images, form):
    vae = tiny_vae(regularizer=TotalCorrelation(dataset_size=50), compiled=EAGER)
    x = make_images(4)
    fit(vae, {"array": x, "list": x.tolist(), "generator": Batches(x)}[form])
    assert float(vae.dataset_size) == 50


def test_the_size_of_a_data_set_that_cannot_be_counted_is_asked_for(tiny_vae, make_images):
    vae, data = tiny_vae(regularizer=TotalCorrelation(), compiled=EAGER), Batches(make_images(4))
    with pytest.raises(
        ArgumentError, match=r"`dataset_size` of `TotalCorrelation` must be given .* type Batches"
    ):
        fit(vae, data)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.data")
def test_so_is_that_of_tf_data(tiny_vae, make_images):
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(make_images(4)).batch(2)
    with pytest.raises(ArgumentError, match="`dataset_size` of `TotalCorrelation` must be given"):
        fit(tiny_vae(regularizer=TotalCorrelation(), compiled=EAGER), data)
    given = tiny_vae(regularizer=TotalCorrelation(dataset_size=4), compiled=EAGER)
    assert math.isfinite(fit(given, data)["loss"])


@pytest.mark.thorough
def test_steps_are_counted_for_a_target_that_rises(tiny_vae, make_images, tmp_path):
    vae = tiny_vae(regularizer=Capacity(8.0, steps=4, weight=1.0), learning_rate=0.0)
    for variable in vae.encoder.trainable_variables:  # a small KL divergence, whatever was drawn
        variable.assign(0.5 * variable)
    x = np.concatenate([make_images(4)] * 2)  # two batches of one KL divergence
    with pytest.warns(UserWarning, match="changes over 4 steps and training has done 2") as caught:
        logs = vae.fit(x, batch_size=4, shuffle=False, validation_data=(x,), verbose=0).history
    assert {one.filename for one in caught if "changes over" in str(one.message)} == {__file__}
    logs = {name: values[-1] for name, values in logs.items()}
    assert int(vae.kl_step) == 2  # validation does not count
    # Targets 0 and 2 in training, with the KL divergence in between, and 8 in validation.
    assert 0 < logs["kl_loss"] < 2
    assert logs["kl_scaled"] == pytest.approx(1.0, abs=1e-4)
    assert logs["val_kl_scaled"] == pytest.approx(8.0 - logs["val_kl_loss"], abs=1e-4)
    loaded = saved_and_loaded(vae, tmp_path)
    again = fit(loaded, x, batch_size=4)
    assert int(loaded.kl_step) == 4
    assert again["kl_scaled"] == pytest.approx(5.0 - logs["kl_loss"], abs=1e-4)


@pytest.mark.parametrize("regularizer", [KL, FreeBits, MMD, TotalCorrelation])
def test_steps_are_counted_for_no_other(tiny_vae, make_images, regularizer):
    vae = tiny_vae(regularizer=regularizer(), compiled=EAGER)
    fit(vae, make_images(8), batch_size=4)
    assert int(vae.kl_step) == 0


# Which component a code comes from has no gradient: the shares stay as they are.
@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables .*logits")
@pytest.mark.parametrize("prior", [StandardNormal, Mixture])
@pytest.mark.thorough
def test_codes_of_the_prior_are_drawn_for_a_discrepancy(tiny_vae, make_images, prior):
    vae, x = tiny_vae(regularizer=MMD(), prior=prior(), learning_rate=0.0), make_images(8)
    losses = evaluate(vae, x, batch_size=8)
    assert evaluate(vae, x, batch_size=8) == losses  # the same draws
    mean, log_var = numpy_of(*vae.encoder(x))
    (noise,) = numpy_of(keras.random.normal((8, 2), seed=EVALUATION_SEEDS.posterior))
    codes = (mean + np.exp(log_var / 2) * noise).astype("float32")
    given = ops.convert_to_numpy(vae.prior.sample(8, seed=EVALUATION_SEEDS.prior))
    a, b = codes.astype("float64"), given.astype("float64")
    total = 0.0
    for i in range(8):
        for j in range(8):
            for scale in 4.0 * np.array([0.1, 0.2, 0.5, 1, 2, 5, 10]):
                across = scale / (scale + ((a[i] - b[j]) ** 2).sum())
                total -= 2 * across / 64
                if i != j:
                    for one in (a, b):
                        total += scale / (scale + ((one[i] - one[j]) ** 2).sum()) / 56
    assert losses["kl_scaled"] == pytest.approx(100.0 * total, rel=1e-3)
    # Other draws at each step, here of the prior alone: the posteriors are points.
    head = vae.encoder.get_layer("z_log_var")
    head.set_weights([np.zeros(head.kernel.shape), np.full(2, -18.0)])
    trained = vae.fit(x, batch_size=8, epochs=3, verbose=0).history["kl_scaled"]
    assert min(abs(a - b) for a, b in itertools.combinations(trained, 2)) > 0.1


# What does not go together


def perceptual():
    images = keras.Input((8, 8, 1))
    return Perceptual(keras.Model(images, keras.layers.Conv2D(1, 1)(images)))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"objective": ImportanceWeighted(2), "regularizer": FreeBits()},
            "`regularizer` must be `KL` with the objective `ImportanceWeighted`.*=FreeBits",
        ),
        (
            {"objective": ImportanceWeighted(2), "likelihood": perceptual},
            "`likelihood` must be a density with the objective `Import.*likelihood=Perceptual",
        ),
        (
            {"prior": Mixture(2), "regularizer": FreeBits()},
            "`prior` must have independent dimensions with `FreeBits`.*prior=Mixture",
        ),
        ({"prior": Mixture}, r"`prior` must be an instance of `vae_keras.priors.Prior`.*Mixture"),
        ({"objective": "elbo"}, r"`objective` must be an instance .*objective='elbo'"),
        ({"regularizer": 1.0}, r"`regularizer` must be an instance .*regularizer=1.0"),
    ],
)
def test_parts_that_do_not_go_together_are_argument_errors(tiny_vae, parts, message):
    likelihood = parts.get("likelihood", SquaredError)()
    with pytest.raises(ArgumentError, match=message) as caught:
        tiny_vae(**{**parts, "likelihood": likelihood})
    assert "\n" not in str(caught.value)


def test_an_objective_of_ones_own_can_be_given(tiny_vae, make_images):
    class Doubled(Objective):
        """The evidence lower bound, twice."""

        def __call__(self, batch):
            terms = ELBO()(batch)
            return terms._replace(total=2.0 * terms.total)

    x = make_images(4)
    expected = evaluate(tiny_vae(), x)["loss"]
    assert evaluate(tiny_vae(objective=Doubled()), x)["loss"] == pytest.approx(2 * expected)
