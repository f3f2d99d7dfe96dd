"""Checkpoints, from which a training continues as if it had not been interrupted."""
