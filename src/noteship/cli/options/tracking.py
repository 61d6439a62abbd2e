"""Options of the verb that tells the tracking server."""

from __future__ import annotations

import argparse

__all__ = ["tracking"]


def tracking(parser: argparse.ArgumentParser) -> None:
    """It has none but those of all verbs."""
