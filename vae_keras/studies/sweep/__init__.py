"""Runs over a grid of settings."""
