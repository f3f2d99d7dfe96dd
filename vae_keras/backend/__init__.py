"""Keras' backend: started, made deterministic, spread over devices."""
