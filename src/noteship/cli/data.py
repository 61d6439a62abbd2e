"""What is known of data: contracts, and how files keep them."""

from __future__ import annotations

import argparse
import importlib

from noteship.cli.options.data import Action
from noteship.cli.output import Output

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Do the action."""
    action: Action = arguments.does
    module = importlib.import_module(f"noteship.cli.{action.module}")
    return int(module.run(arguments, output))
