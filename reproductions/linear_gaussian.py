"""The bounds of a VAE that can be solved exactly, beside the exact values.

    python reproductions/linear_gaussian.py

A linear encoder and decoder with one learned variance are probabilistic PCA:
`p(x) = N(b, W W^T + s^2 I)`. The maximum of the evidence lower bound is that of the likelihood
(Tipping & Bishop 1999; Lucas et al. 2019), which scikit-learn's `PCA` finds in closed form. Prints
what training reaches beside `PCA.score`, for three seeds, and how the importance-weighted bound of
a disturbed encoder rises to the exact log-likelihood. The tests use the same model.
"""

import argparse
from typing import Any

import keras
import numpy as np
from keras import ops
from scipy import stats
from sklearn.decomposition import PCA

from vae_keras import VAE
from vae_keras.likelihoods import OptimalGaussian

SHAPE = (4, 3, 1)
DIMENSIONS = 12
LATENT_DIM = 3
# Images are centred and stretched before the linear layers, which makes training quick.
CENTER, SPREAD = 0.5, 0.2


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    x = draw_images(2000)
    score = pca_score(x)
    print(f"PCA.score: {score:.4f} nats")
    for seed in range(3):
        vae = trained(x, seed=seed)
        bound = vae.log_likelihood(x, samples=1)
        print(
            f"trained, seed {seed}: ELBO {bound.mean:.4f}, gap {score - bound.mean:.4f}, "
            f"scale {scale_of(vae):.5f}, exact log-likelihood of these weights "
            f"{exact_log_likelihood(vae, x).mean():.4f}"
        )
    vae = linear_vae()
    set_scale(vae, x)
    set_principal_axes(vae, x)
    set_exact_encoder(vae)
    estimate = vae.log_likelihood(x, samples=20)
    worst = np.abs(estimate.nats - exact_log_likelihood(vae, x)).max()
    print(f"exact encoder: largest error of an image {worst:.1e}")
    set_exact_encoder(vae, stretch=0.97, widen=1.0)
    exact = exact_log_likelihood(vae, x).mean()
    print(f"disturbed encoder, exact {exact:.4f}")
    for samples in (1, 2, 5, 20, 100, 1000, 5000):
        estimate = vae.log_likelihood(x, samples=samples)
        error = np.sqrt(np.nansum(estimate.sampling_error**2)) / len(x)
        print(
            f"  K = {samples}: {estimate.mean:.4f}, exact - bound {exact - estimate.mean:.4f}, "
            f"sampling error {error:.4f}"
        )


def draw_images(n: int, *, seed: int = 0) -> np.ndarray:
    """Return images with a Gaussian distribution of three strong directions, within [0, 1]."""
    generator = np.random.default_rng(seed)
    directions = np.linalg.qr(generator.normal(size=(DIMENSIONS, LATENT_DIM)))[0]
    codes = generator.normal(size=(n, LATENT_DIM)) * (0.14, 0.11, 0.08)
    noise = 0.03 * generator.normal(size=(n, DIMENSIONS))
    images = 0.5 + codes @ directions.T + noise
    assert images.min() > 0 and images.max() < 1
    return images.reshape(n, *SHAPE).astype("float32")


def linear_vae(*, likelihood: Any = None, seed: int = 0, **settings: Any) -> VAE:
    """Return a linear VAE; its posterior's variance does not depend on the image."""
    keras.utils.set_random_seed(seed)
    images = keras.Input(SHAPE)
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / SPREAD, -CENTER / SPREAD)(images))
    mean = keras.layers.Dense(LATENT_DIM, name="mean")(flat)
    log_var = keras.layers.Dense(LATENT_DIM, kernel_initializer="zeros", name="log_var")(flat)
    encoder = keras.Model(images, [mean, log_var])
    codes = keras.Input((LATENT_DIM,))
    outputs = keras.layers.Dense(DIMENSIONS, name="mean")(codes)
    outputs = keras.layers.Rescaling(SPREAD, CENTER)(keras.layers.Reshape(SHAPE)(outputs))
    decoder = keras.Model(codes, outputs)
    likelihood = OptimalGaussian() if likelihood is None else likelihood
    return VAE(encoder, decoder, likelihood, seed=seed, **settings)


def exact_log_likelihood(vae: VAE, x: np.ndarray) -> np.ndarray:
    """Return `log N(x; b, W W^T + s^2 I)` of the decoder that the model has, by SciPy."""
    kernel, bias = _decoder(vae)
    scale = scale_of(vae)
    covariance = kernel.T @ kernel + scale**2 * np.eye(DIMENSIONS)
    return stats.multivariate_normal(bias, covariance).logpdf(x.reshape(len(x), -1))


def set_exact_encoder(vae: VAE, *, stretch: float = 1.0, widen: float = 0.0) -> None:
    """Set the encoder to the decoder's exact posterior; its variances as far as they go diagonal.

    Args:
        vae: A linear VAE.
        stretch: Factor of the posterior mean; 1 is exact.
        widen: Added to the posterior's log-variances; 0 is exact.
    """
    kernel, bias = _decoder(vae)
    variance = scale_of(vae) ** 2
    covariance = np.linalg.inv(kernel @ kernel.T / variance + np.eye(LATENT_DIM))
    to_mean = stretch * covariance @ kernel / variance
    weights = [SPREAD * to_mean.T, to_mean @ (CENTER - bias)]
    vae.encoder.get_layer("mean").set_weights(weights)
    log_var = np.log(np.diag(covariance)) + widen
    vae.encoder.get_layer("log_var").set_weights([np.zeros((DIMENSIONS, LATENT_DIM)), log_var])


def set_principal_axes(vae: VAE, x: np.ndarray) -> float:
    """Set the decoder to the maximum-likelihood solution; return PCA's mean log-likelihood.

    The directions are orthogonal, so that the posterior is diagonal, as the encoder's is.
    """
    flat = x.reshape(len(x), -1).astype("float64")
    pca = PCA(LATENT_DIM).fit(flat)
    lengths = np.sqrt(pca.explained_variance_ - pca.noise_variance_)
    kernel = lengths[:, None] * pca.components_ / SPREAD
    vae.decoder.get_layer("mean").set_weights([kernel, (pca.mean_ - CENTER) / SPREAD])
    return float(pca.score(flat))


def set_scale(vae: VAE, x: np.ndarray) -> float:
    """Give the likelihood the standard deviation that PCA leaves as noise, and return it."""
    wanted = float(np.sqrt(PCA(LATENT_DIM).fit(x.reshape(len(x), -1)).noise_variance_))
    (weight,) = vae.likelihood.trainable_variables
    weight.assign(np.log(wanted - 1.0 / 255.0))  # the least scale there is
    np.testing.assert_allclose(scale_of(vae), wanted, rtol=1e-3)
    return wanted


def pca_score(x: np.ndarray) -> float:
    """Return the mean log-likelihood of probabilistic PCA on its own training data."""
    flat = x.reshape(len(x), -1).astype("float64")
    return float(PCA(LATENT_DIM).fit(flat).score(flat))


def trained(x: np.ndarray, **settings: Any) -> VAE:
    """Train a linear VAE to its optimum."""
    vae = linear_vae(**settings)
    vae.compile(keras.optimizers.Adam())
    for rate in (0.03, 0.01, 0.002, 0.0005):
        vae.optimizer.learning_rate = rate
        vae.fit(x, batch_size=250, epochs=40, verbose=0)
    return vae


def scale_of(vae: VAE) -> float:
    """Return the standard deviation that the likelihood has reached."""
    return float(ops.convert_to_numpy(vae.likelihood.scale))


def _decoder(vae: VAE) -> tuple[np.ndarray, np.ndarray]:
    """Return the decoder as `x = W^T z + b`, in float64."""
    kernel, bias = (np.asarray(ops.convert_to_numpy(w), "float64") for w in vae.decoder.weights)
    return SPREAD * kernel, CENTER + SPREAD * bias


if __name__ == "__main__":
    main()
