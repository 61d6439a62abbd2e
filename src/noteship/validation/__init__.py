"""Judges a composed model on rows that it was not fitted on: metrics, gates, comparisons.

Only what needs the standard library alone is imported here: `python -m noteship.validation` first settles how many
threads numeric libraries take.
"""
