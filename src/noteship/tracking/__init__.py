"""Runs, metrics, reports and bundles, told to the tracking server that a team has."""
