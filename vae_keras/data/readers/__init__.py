"""Data sets and file formats: one reader each."""
