"""Options of the verbs that decide which bundle is the champion."""

from __future__ import annotations

import argparse

__all__ = ["promote", "retrain"]


def promote(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "bundle", metavar="BUNDLE", nargs="?", help="`latest` or the start of a digest; its gates have to be passed"
    )
    parser.add_argument("--reason", metavar="TEXT", help="why, for the record")
    parser.add_argument(
        "--override",
        metavar="REASON",
        help="promote it although its judgement speaks against it, or there is none; marked for ever",
    )
    parser.add_argument("--history", action="store_true", help="list all promotions instead, the latest first")


def retrain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", metavar="TEXT", help="why, for the record")
    parser.add_argument(
        "--if-due",
        action="store_true",
        help="only where [retrain] names an occasion that has come, and not more often than it allows",
    )
    parser.add_argument("--history", action="store_true", help="list all retrainings instead, the latest first")
    parser.add_argument("--namespace", metavar="NAME", help="in place of [kubernetes] namespace, or the kubeconfig's")
    parser.add_argument("--context", metavar="NAME", help="the kubeconfig's context (default: its current one)")
