"""Checkpoints of a training, from which it goes on as if nothing had happened."""
