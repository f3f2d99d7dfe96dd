"""What an argument must be: one rule for each, used by all."""

LARGEST_FLOAT32 = 3.4028234663852886e38
