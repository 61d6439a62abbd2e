"""Options of the verbs that answer requests."""

from __future__ import annotations

import argparse
from pathlib import Path

from noteship.cli.options.trust import trusting
from noteship.cli.options.values import canary, count, seconds

__all__ = ["score", "serve", "stream", "token"]


def serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "bundles",
        metavar="BUNDLE",
        nargs="*",
        help="`champion`, `latest`, the start of a digest, or a folder; of several the first answers those who name"
        " none"
        " (default: the champion, else the latest that `noteship run` made)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on; 0 takes a free one (default: 8080)")
    trusting(parser)
    parser.add_argument(
        "--access-log", action="store_true", help="a line of JSON for each request on standard error; never its rows"
    )
    parser.add_argument(
        "--no-monitor", action="store_true", help="watch nothing: no windows are written, of no model that is served"
    )
    parser.add_argument(
        "--workers",
        type=count,
        default=1,
        metavar="N",
        help="processes that answer on the port, watched and replaced; each holds the model (default: 1)",
    )
    parser.add_argument(
        "--stall",
        type=seconds,
        default=30.0,
        metavar="SECONDS",
        help="a batch that takes longer hangs: no longer live, and with several workers replaced (default: 30)",
    )
    parser.add_argument(
        "--drain",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="on SIGTERM, be not ready and answer for so long before listening ends (default: 0)",
    )
    parser.add_argument(
        "--log",
        choices=("json", "text"),
        help="what the service says on standard error: a line of JSON a record, or text for people"
        " (default: text on a terminal, else json)",
    )
    _versions(parser)
    _calling(parser)


def _versions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--canary",
        type=canary,
        metavar="BUNDLE[=PERCENT]",
        action="append",
        default=[],
        help="serve this bundle, too: it answers so many percent of the requests that name no version, and those"
        " that ask for the canary (default: 0)",
    )
    parser.add_argument(
        "--shadow",
        metavar="BUNDLE",
        action="append",
        default=[],
        help="score every request with this bundle, too, after it was answered, and count where the two differ",
    )
    parser.add_argument(
        "--admin",
        action="store_true",
        help="let everybody on this machine load and unload bundles while it runs; with --tokens, those of scope admin"
        " can in any case",
    )


def _calling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tokens",
        type=Path,
        metavar="FILE",
        help="ask callers for a token of this file, which `noteship token` writes; read again when it changes",
    )
    parser.add_argument(
        "--token-review",
        metavar="PATTERN=SCOPE[,SCOPE]",
        action="append",
        default=[],
        help="let the cluster's users that PATTERN fits call: system:serviceaccount:team-a:*=predict, or"
        " group:ops=observe,admin; the cluster is asked whose their tokens are; may be repeated",
    )
    parser.add_argument("--token-audience", metavar="AUDIENCE", help="what the cluster's tokens must be meant for")
    parser.add_argument(
        "--no-auth", action="store_true", help="ask nobody who calls, on any address, and whatever host a request names"
    )
    parser.add_argument(
        "--tls-certificate",
        type=Path,
        metavar="FILE",
        help="speak TLS with this certificate and those that signed it, in PEM; read again when it changes",
    )
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="the certificate's key, in PEM")


def token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="who calls, as people know them")
    parser.add_argument(
        "--scope",
        choices=("predict", "observe", "admin"),
        action="append",
        required=True,
        help="ask for predictions, look at metrics, or change what is served; may be repeated",
    )
    parser.add_argument("--add-to", type=Path, metavar="FILE", help="add the line to this file of tokens")


def score(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="`champion`, `latest`, the start of a digest, or a folder")
    parser.add_argument("source", metavar="IN", help="Parquet, CSV or JSON lines: a file or a folder, here or s3://…")
    parser.add_argument("target", metavar="OUT", help="a file for the scores of a file, a folder for those of a folder")
    parser.add_argument(
        "--keep", metavar="COLUMN", action="append", default=[], help="write this column beside; may be repeated"
    )
    parser.add_argument(
        "--bad-rows", metavar="FILE", help="set rows that do not fit aside there, as JSON lines, instead of stopping"
    )
    trusting(parser)


def stream(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="`champion`, `latest`, the start of a digest, or a folder")
    parser.add_argument(
        "--nats",
        metavar="URL",
        default="nats://127.0.0.1:4222",
        help="a NATS server with JetStream (default: nats://127.0.0.1:4222)",
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="SUBJECT",
        required=True,
        help="where rows come from, as POST /predict has them",
    )
    parser.add_argument("--to", dest="target", metavar="SUBJECT", required=True, help="where the answers go")
    parser.add_argument("--dead", metavar="SUBJECT", help="where messages without an answer go (default: TO.dead)")
    parser.add_argument(
        "--durable", metavar="NAME", help="workers of one name share the messages (default: noteship-MODEL)"
    )
    parser.add_argument("--no-monitor", action="store_true", help="watch nothing: no windows are written")
    trusting(parser)
