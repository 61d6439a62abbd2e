"""The entry point: finds the verb, calls it, and turns faults into messages and exit codes."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from noteship import __version__
from noteship.cli.errors import AuthoritiesUnread, WrongUsage
from noteship.cli.output import INTERRUPTED, Output
from noteship.cli.verbs import VERBS, Verb
from noteship.errors import NoteshipError

__all__ = ["main"]

EXITS = (
    "exits: 0 done, 1 the work failed, 2 wrong usage, 3 the environment lacks something, "
    "70 a fault of noteship's own, 130 interrupted"
)
OWN_FAULT = 70


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        option = re.match(r"argument (?:-\w/)?(--[\w-]+): expected one argument", message)
        if option:
            given = re.search(rf"{option[1]} ([^\s\]]+)", self.format_usage())
            value = given[1] if given else "VALUE"
            raise WrongUsage(
                f"{option[1]} is given without its {value}",
                f"{self.prog} {option[1]} {value}; more: {self.prog} --help",
                where=self.prog,
            )
        word = message.partition("invalid choice: '")[2].partition("'")[0]
        known = re.findall(r"[\w-]+", message.partition("(choose from")[2])
        near = difflib.get_close_matches(word, known, n=1) if word else []
        within = self.prog.partition(" ")[2]
        fact = f"noteship {within} has no action {word!r}" if within else f"there is no verb {word!r}"
        fact = fact if word else message
        raise WrongUsage(fact, f"{self.prog} --help", near[0] if near else "", self.prog)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    output = Output(as_json="--json" in words)
    with _terminated_as_interrupted():
        return _answer(words, output)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM end what is under way as Ctrl-C does, so that it leaves nothing running and nothing half noted."""
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _answer(words: list[str], output: Output) -> int:
    try:
        _trust()
        arguments, rest = _parser(words).parse_known_args(words)
        if rest:
            raise _unknown_words(rest, arguments)
        arguments.words = words
        if arguments.verb is None:
            _parser([]).print_help()
            return 0
        verb: Verb = arguments.of
        module = importlib.import_module(f"noteship.cli.{verb.module}")
        return int(module.run(arguments, output))
    except NoteshipError as error:
        output.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        output.aside("interrupted")
        output.document({"error": {"kind": "Interrupted", "fact": "interrupted"}, "exit_code": INTERRUPTED})
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone, as in `noteship graph | head`; Python writes what is left when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _own_fault(error, output)


def _trust() -> None:
    if not os.environ.get("NOTESHIP_AUTHORITIES"):
        return
    from noteship import tls

    try:
        tls.trust_beside()
    except OSError as error:
        raise AuthoritiesUnread(str(error.filename), error.strerror or "it cannot be read") from error


def _parser(words: Sequence[str]) -> _Parser:
    parser = _Parser(
        prog="noteship",
        description="From ordinary notebooks to a monitored service.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"`noteship VERB --help` says more, with an example\n{EXITS}",
    )
    parser.add_argument("--version", action="version", version=f"noteship {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=_Parser)
    for verb in VERBS:
        each = verbs.add_parser(
            verb.name,
            help=verb.summary,
            description=f"{verb.summary[0].upper()}{verb.summary[1:]}.",
            epilog=f"example:\n  {verb.example}\n\n{EXITS}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if verb.name in words:
            verb.options(each)
            each.add_argument(
                "--project", type=Path, default=Path(), metavar="DIR", help="the project's folder (default: here)"
            )
            each.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
            each.set_defaults(of=verb, usage=each.format_usage())
    return parser


def _unknown_words(rest: Sequence[str], arguments: argparse.Namespace) -> WrongUsage:
    word = next((word for word in rest if word.startswith("-")), rest[0])
    usage = getattr(arguments, "usage", "")
    # Two dashes are what all have in common.
    options = difflib.get_close_matches(word.partition("=")[0].lstrip("-"), re.findall(r"--([\w-]+)", usage), n=1)
    near = [f"--{each}" for each in options]
    verb = f"noteship {arguments.verb}" if arguments.verb else "noteship"
    return WrongUsage(f"{verb} does not know {word!r}", f"{verb} --help", near[0] if near else "")


def _own_fault(error: Exception, output: Output) -> int:
    import traceback

    output.aside(
        "".join(traceback.format_exception(error)).rstrip(),
        "error: this is a fault of noteship's own",
        f"  at: {type(error).__name__}: {error}",
        "  do: report it with the lines above; what had finished is kept, and `noteship run` goes on from there",
    )
    output.document({"error": {"kind": "OwnFault", "fact": str(error)}, "exit_code": OWN_FAULT})
    return OWN_FAULT
