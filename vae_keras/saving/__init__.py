"""Loads model files from anyone: a file is checked before any part of it is built.

`load.load` is the way in; the other modules are its steps.
"""
