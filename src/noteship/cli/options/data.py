"""Options of `noteship data`, whose actions have options of their own."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ACTIONS", "Action", "data"]


@dataclass(frozen=True)
class Action:
    """One action; `module` of noteship.cli holds its `run(arguments, output) -> exit code`."""

    name: str
    summary: str
    example: str
    module: str
    options: Callable[[argparse.ArgumentParser], None]


def _sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="only these sources, by the name under [data]")
    parser.add_argument("--check", action="store_true", help="ask their origins whether the data moved; fetch nothing")


def _fetch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="only these sources, by the name under [data]")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="set files that were changed by hand aside, in .noteship/replaced, instead of stopping",
    )


def _infer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", metavar="FILE", nargs="*", help="files of the project (default: each table that a stage made)"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="infer also what has a contract, and show what differs; one that was changed by hand, or that its file "
        "breaks, stays as it is",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="write over contracts that were changed by hand or are broken, too; severities, patterns and what is left "
        "out stay",
    )


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="*", help="files to look at (default: each that has a contract)")
    parser.add_argument(
        "--against",
        metavar="OTHER",
        help="hold them against the contract of this file, or in this .toml; a file without one has it inferred",
    )
    parser.add_argument("--all", action="store_true", help="list the rules that are kept, too")


def _contract(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="*", help="print the contracts of these (default: list all)")


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a table: a file, folder or pattern of the project or elsewhere")
    parser.add_argument("--run", metavar="RUN", help="the file as a stage of this run made it")
    parser.add_argument(
        "--target",
        metavar="COLUMN",
        help="what is to be predicted (default: that of [service], where FILE is its data)",
    )
    parser.add_argument("--test", metavar="FILE", help="the part that judges, to be looked for rows that are in both")
    parser.add_argument("--split", metavar="COLUMN", help="the column that says which part a row is in")
    parser.add_argument(
        "--key",
        metavar="COLUMN",
        action="append",
        default=[],
        help="a column that names rows, or several together (default: the key of FILE's contract)",
    )
    parser.add_argument(
        "--leave-out",
        metavar="COLUMN",
        action="append",
        default=[],
        help="show no value of this column; what FILE's contract or [monitor] leaves out is left out in any case",
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT.html", help="where the page goes (default: below .noteship/shown)"
    )


ACTIONS = (
    Action(
        "show",
        "draw a page of what a table is like, and name its problems",
        "noteship data show data/messages.parquet --target label --open",
        "data_show",
        _show,
    ),
    Action(
        "infer",
        "write contracts of what a good run has left",
        "noteship data infer data/messages.parquet",
        "data_infer",
        _infer,
    ),
    Action(
        "check",
        "hold data against its contracts",
        "noteship data check data/messages.parquet",
        "data_check",
        _check,
    ),
    Action(
        "contract",
        "list contracts, or print one",
        "noteship data contract data/messages.parquet",
        "data_contract",
        _contract,
    ),
    Action(
        "sources",
        "list where data come from, and what was fetched when",
        "noteship data sources --check",
        "data_sources",
        _sources,
    ),
    Action(
        "fetch",
        "bring sources of data up to date",
        "noteship data fetch messages",
        "data_fetch",
        _fetch,
    ),
)


def data(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for action in ACTIONS:
        each = actions.add_parser(
            action.name,
            help=action.summary,
            description=f"{action.summary[0].upper()}{action.summary[1:]}.",
            epilog=f"example:\n  {action.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        action.options(each)
        # They may stand before the action, too, where what is not given here must not count.
        each.add_argument(
            "--project",
            type=Path,
            default=argparse.SUPPRESS,
            metavar="DIR",
            help="the project's folder (default: here)",
        )
        each.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document and nothing else"
        )
        each.set_defaults(does=action, usage=each.format_usage())
