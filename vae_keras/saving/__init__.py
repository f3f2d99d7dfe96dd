"""Model files: checked before anything of one is built, then loaded. The way in is `load.py`."""
