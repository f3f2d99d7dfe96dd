"""Metrics as pure functions of arrays, which know no model."""
