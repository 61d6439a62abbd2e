"""Searches over parameters: a space, an objective, trials. Knows neither notebooks nor caches."""
