"""Train a VAE: `python train.py --latent-dim 2` is `vae-keras train --latent-dim 2`."""

import sys

from vae_keras.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
