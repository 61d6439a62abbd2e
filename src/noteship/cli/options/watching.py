"""Options of the verbs that watch what is served."""

from __future__ import annotations

import argparse
from pathlib import Path

from noteship.cli.options.trust import trusting
from noteship.cli.options.values import count, duration

__all__ = ["feedback", "monitor"]


def monitor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "bundle",
        metavar="BUNDLE",
        nargs="?",
        help="`champion`, `latest`, the start of a digest, or a model's name (default: all that is watched; with --rows"
        " the champion, else the latest)",
    )
    parser.add_argument(
        "--once", action="store_true", help="close the windows that are due, show how all stands, and leave"
    )
    parser.add_argument(
        "--last", type=count, metavar="N", help="how many windows are listed (default: 12), or are in the report (all)"
    )
    parser.add_argument(
        "--rows",
        metavar="FILE",
        help="judge this file of rows, Parquet, CSV or JSON lines, in one go: exits with 0 where they are unchanged,"
        " 10 where they changed, 11 where they are too few",
    )
    parser.add_argument(
        "--time",
        metavar="COLUMN",
        help="with --rows: judge them in windows by the times in this column, as they would have been judged live;"
        " exits with 10 where an alarm would have rung, 11 where all are too few; with --report, the page is of them",
    )
    parser.add_argument(
        "--window",
        type=duration,
        metavar="LENGTH",
        help="with --time: how long windows are, such as 1h or 7d (default: as [monitor] says)",
    )
    parser.add_argument(
        "--anew",
        action="store_true",
        help="with --time: gather evidence anew after each alarm, so that each is told; else the first goes on",
    )
    parser.add_argument("--report", metavar="OUT.html", help="write a page of one version that needs nothing else")
    parser.add_argument(
        "--rules", metavar="OUT.yml", help="write alert rules for Prometheus on the project's model, from [monitor]"
    )
    parser.add_argument("--dashboard", metavar="OUT.json", help="write a dashboard for Grafana of the project's model")
    parser.add_argument(
        "--sample",
        action="store_true",
        help="show rows that were asked since the change, and rows of before; [monitor] sample says how many are kept",
    )
    parser.add_argument(
        "--settle", metavar="WHY", help="settle the alarm that rings: evidence is gathered anew, and decisions say why"
    )
    parser.add_argument(
        "--usual",
        action="store_true",
        help="with --settle: it was a rhythm; the alarm's windows count as usual ones for their hours of the week",
    )
    _evaluating(parser)
    trusting(parser)


def _evaluating(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--evaluate",
        action="store_true",
        help="close the windows of all versions of the release that are due, again and again, until it is stopped; what"
        " was decided is at /metrics",
    )
    parser.add_argument("--host", help="with --evaluate: address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, help="with --evaluate: port to listen on; 0 takes a free one (default: 8081)"
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="with --evaluate: holds the token that /metrics asks for; without one it is for this machine alone",
    )
    parser.add_argument("--no-auth", action="store_true", help="with --evaluate: /metrics asks nobody for a token")
    parser.add_argument(
        "--tls-certificate", type=Path, metavar="FILE", help="with --evaluate: speak TLS with this certificate, in PEM"
    )
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="with --evaluate: the certificate's key, in PEM")
    parser.add_argument(
        "--log",
        choices=("json", "text"),
        help="with --evaluate: what it says on standard error (default: text on a terminal, else json)",
    )


def feedback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="CSV, Parquet, JSON lines or JSON with the columns `request`, the X-Request-Id of an answer, `row`, from 0"
        " (default: 0), and `label`; rows without a label are passed over",
    )
    parser.add_argument("--url", help="the service that made the predictions (default: http://127.0.0.1:8080)")
    parser.add_argument(
        "--bundle",
        metavar="BUNDLE",
        help="ask no service: FILE has the predictions beside the labels, in a column `prediction`; this bundle made"
        " those whose column `version`, if there is one, says so",
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="holds the token of a caller of scope predict (default: what NOTESHIP_TOKEN says)",
    )
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="send the token over http to another machine, too, where whoever is between can read it",
    )
    parser.add_argument(
        "--refused",
        type=Path,
        metavar="OUT.csv",
        help="write the labels that were not taken there, with the reason, to be corrected and told again",
    )
