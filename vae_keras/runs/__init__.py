"""One run directory: train, read, evaluate, report."""
