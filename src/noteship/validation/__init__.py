"""Judges a composed model on rows that it was not fitted on: metrics, gates, comparisons."""
