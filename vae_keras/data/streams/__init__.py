"""Batches in an order that seed and epoch determine."""
