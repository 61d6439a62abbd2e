"""The verbs: what each is for, an example of it, and its options. Importing this imports no operation."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["VERBS", "Verb"]


@dataclass(frozen=True)
class Verb:
    """One verb; `module` of noteship.cli holds its `run(arguments, output) -> exit code`."""

    name: str
    summary: str
    example: str
    module: str
    options: Callable[[argparse.ArgumentParser], None]


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _seconds(text: str) -> float:
    """A number of seconds, with or without an `s`: 30, 0.5s."""
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds, such as 30 or 0.5")
    return seconds


def _canary(text: str) -> tuple[str, float]:
    """A bundle and its share: champion=5."""
    name, equals, share = text.partition("=")
    try:
        percent = float(share.removesuffix("%")) if equals else 0.0
    except ValueError:
        percent = -1.0
    if not name or not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no bundle with its percentage, such as latest=5")
    return name, percent


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the folder to make; it must be empty or not there yet")


def _graph(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stages", metavar="STAGE", nargs="*", help="only these stages")
    parser.add_argument("--evidence", action="store_true", help="show for each file the cell, the line and the call")


def _choices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--with",
        dest="chosen",
        metavar="STAGE",
        action="append",
        default=[],
        help="choose this alternative; may be repeated",
    )
    parser.add_argument(
        "--set",
        dest="parameters",
        metavar="STAGE.NAME=VALUE",
        action="append",
        default=[],
        help="replace the literal that the notebook assigns to NAME; may be repeated",
    )


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stages", metavar="STAGE", nargs="*", help="only these stages and what they need")
    _choices(parser)
    parser.add_argument(
        "--jobs", type=_count, metavar="N", help="how many stages run at once (default: one a processor, at most 4)"
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="set files that were changed by hand aside, in .noteship/replaced, instead of stopping",
    )
    parser.add_argument(
        "--force",
        metavar="STAGE",
        action="append",
        default=[],
        help="run this stage though its result is known, as for one that fetches what has changed; may be repeated",
    )
    parser.add_argument("--keep", action="store_true", help="keep the workspace of a stage that fails, and say where")


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", nargs="?", help="only this one, with all that its result depends on")
    _choices(parser)


def _runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--last", type=_count, default=20, metavar="N", help="how many (default: 20)")


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="`latest` or the start of a run's name")
    parser.add_argument("stage", metavar="STAGE", nargs="?")
    parser.add_argument("--open", action="store_true", help="open the stage's executed notebook in the browser")
    parser.add_argument("--output", metavar="FILE", help="write the stage's executed notebook there")


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "bundles",
        metavar="BUNDLE",
        nargs="*",
        help="`champion`, `latest` or the start of a digest; of several the first answers those who name none"
        " (default: the champion, else the latest that `noteship run` made)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on; 0 takes a free one (default: 8080)")
    parser.add_argument(
        "--trust-type",
        metavar="TYPE",
        action="append",
        default=[],
        help="let the model hold this type of another library, such as xgboost.sklearn.XGBClassifier; may be repeated",
    )
    parser.add_argument(
        "--allow-pickle", action="store_true", help="load a bundle whose model is a pickle: it can run any code"
    )
    parser.add_argument(
        "--access-log", action="store_true", help="a line of JSON for each request on standard error; never its rows"
    )
    parser.add_argument(
        "--no-monitor", action="store_true", help="watch nothing: no windows are written, of no model that is served"
    )
    parser.add_argument(
        "--workers",
        type=_count,
        default=1,
        metavar="N",
        help="processes that answer on the port, watched and replaced; each holds the model (default: 1)",
    )
    parser.add_argument(
        "--stall",
        type=_seconds,
        default=30.0,
        metavar="SECONDS",
        help="a batch that takes longer hangs: no longer live, and with several workers replaced (default: 30)",
    )
    parser.add_argument(
        "--drain",
        type=_seconds,
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


def _duration(text: str) -> int:
    """Whole seconds in a duration: 90s, 5m, 1h, 7d."""
    from noteship.project import quantities

    try:
        # Without a unit it could be of any.
        seconds = quantities.duration_s(text) if text.strip()[-1:].isalpha() else 0.5
    except ValueError:
        seconds = 0.5
    if seconds != int(seconds):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration in whole seconds, such as 5m, 1h or 7d")
    return int(seconds)


def _versions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--canary",
        type=_canary,
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


def _token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="who calls, as people know them")
    parser.add_argument(
        "--scope",
        choices=("predict", "observe", "admin"),
        action="append",
        required=True,
        help="ask for predictions, look at metrics, or change what is served; may be repeated",
    )
    parser.add_argument("--add-to", type=Path, metavar="FILE", help="add the line to this file of tokens")


def _trusting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trust-source",
        metavar="DIGEST",
        action="append",
        default=[],
        help="import the source that the bundle of this digest brings, all 64 digits of it; may be repeated",
    )
    parser.add_argument(
        "--trust-type",
        metavar="TYPE",
        action="append",
        default=[],
        help="let the model hold this type of another library; may be repeated",
    )
    parser.add_argument(
        "--allow-pickle", action="store_true", help="load a bundle whose model is a pickle: it can run any code"
    )


def _score(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="`champion`, `latest`, the start of a digest, or a folder")
    parser.add_argument("source", metavar="IN", help="Parquet, CSV or JSON lines: a file or a folder, here or s3://…")
    parser.add_argument("target", metavar="OUT", help="a file for the scores of a file, a folder for those of a folder")
    parser.add_argument(
        "--keep", metavar="COLUMN", action="append", default=[], help="write this column beside; may be repeated"
    )
    parser.add_argument(
        "--bad-rows", metavar="FILE", help="set rows that do not fit aside there, as JSON lines, instead of stopping"
    )
    _trusting(parser)


def _stream(parser: argparse.ArgumentParser) -> None:
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
    _trusting(parser)


def _monitor(parser: argparse.ArgumentParser) -> None:
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
        "--last", type=_count, metavar="N", help="how many windows are listed (default: 12), or are in the report (all)"
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
        type=_duration,
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
    _trusting(parser)


def _feedback(parser: argparse.ArgumentParser) -> None:
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


def _gc(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep-runs", type=_count, default=10, metavar="N", help="keep all that the last N runs need (default: 10)"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would be freed; nothing younger than a day ever is"
    )


VERBS = (
    Verb("new", "write a small working project", "noteship new churn", "new", _new),
    Verb(
        "graph",
        "show the stages, what each reads and writes, and why",
        "noteship graph --evidence 03-features",
        "graph",
        _graph,
    ),
    Verb(
        "run", "bring the pipeline up to date, and make the bundle", "noteship run --set 04-train.depth=8", "run", _run
    ),
    Verb("explain", "why stages would run, or are reused", "noteship explain 04-train", "explain", _explain),
    Verb("runs", "list what ran", "noteship runs --last 5", "runs", _runs),
    Verb("show", "one run, or one of its stages", "noteship show latest 04-train --open", "show", _show),
    Verb("serve", "serve the model over HTTP", "noteship serve --port 8080", "serve", _serve),
    Verb(
        "token",
        "make a token for a caller of a service",
        "noteship token shop --scope predict --add-to tokens",
        "token",
        _token,
    ),
    Verb(
        "score",
        "score files of rows, resumable",
        "noteship score latest reviews/ s3://team-a/scores/ --keep id",
        "score",
        _score,
    ),
    Verb(
        "stream",
        "answer the messages of a NATS stream",
        "noteship stream latest --from mail.rows --to mail.scored",
        "stream",
        _stream,
    ),
    Verb(
        "monitor",
        "watch what models are asked and answer, and judge it",
        "noteship monitor --rows new.csv latest",
        "monitor",
        _monitor,
    ),
    Verb(
        "feedback",
        "tell a service what was right, when it is known",
        "noteship feedback labels.csv --url https://mail.example.org",
        "feedback",
        _feedback,
    ),
    Verb("gc", "free what no reference and no recent run needs", "noteship gc --keep-runs 5", "gc", _gc),
)
