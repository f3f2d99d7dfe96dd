"""Mutation testing in one process: what `mutation.py` is made of."""
