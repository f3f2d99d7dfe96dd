"""Several runs beside each other: sweeps over settings, and comparisons of finished runs."""
