"""Batches of images, in an order that seed and epoch determine."""
