"""The bounds of a VAE that can be solved exactly, beside the exact values.

    python reproductions/linear_gaussian.py

A linear encoder and decoder with one learned variance is probabilistic PCA (Tipping & Bishop
1999). Prints what training reaches beside scikit-learn's `PCA.score`, for three seeds, and how the
importance-weighted bound of a disturbed encoder rises to the exact log-likelihood. The model is
that of the tests.
"""

import argparse

import numpy as np
from linear_gaussian import (
    draw_images,
    exact_log_likelihood,
    linear_vae,
    pca_score,
    scale_of,
    set_exact_encoder,
    set_principal_axes,
    set_scale,
    trained,
)


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


if __name__ == "__main__":
    main()
