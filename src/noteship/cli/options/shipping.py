"""Options of the verbs that bring a project to a cluster."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["build"]


def build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "bundle",
        metavar="BUNDLE",
        nargs="?",
        help="the bundle that it serves: `champion`, `latest` or the start of a digest (default: the champion, else the"
        " latest)",
    )
    parser.add_argument(
        "--no-bundle", action="store_true", help="leave the bundle out: a service then takes it from the store at start"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--to",
        metavar="IMAGE",
        help="a registry's repository, with a tag or without (default: [kubernetes] registry in noteship.toml)",
    )
    where.add_argument(
        "-o", "--output", metavar="DIR", type=Path, help="an OCI folder instead, for where no registry is reached"
    )
    parser.add_argument(
        "--base",
        metavar="IMAGE",
        help="the image to build on, of a registry or as oci:FOLDER:TAG (default: [image] base in noteship.toml)",
    )
