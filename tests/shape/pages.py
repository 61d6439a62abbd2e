"""Pages of documentation that are made from the code; `python tests/shape/pages.py` writes them anew."""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
from pathlib import Path

import noteship
from noteship.cli.verbs import VERBS
from noteship.errors import EnvironmentLacks, NoteshipError, UsageError, WorkFailed

DOCS = Path(__file__).parents[2] / "docs"
# Options that every verb has.
EVERYWHERE = ("help", "project", "json")
ABSTRACT = (NoteshipError, WorkFailed, UsageError, EnvironmentLacks)


def modules() -> list[str]:
    """The names of all modules of noteship, but what is run by path in another interpreter and what is a template."""
    found = (module.name for module in pkgutil.walk_packages(noteship.__path__, "noteship."))
    return ["noteship", *(name for name in found if ".templates" not in name and not name.endswith("__main__"))]


def errors() -> list[type[NoteshipError]]:
    """Every error that can be raised, by room and name."""
    found = set()
    for name in modules():
        for _, value in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if issubclass(value, NoteshipError) and value not in ABSTRACT and not value.__name__.startswith("_"):
                found.add(value)
    return sorted(found, key=lambda kind: (room_of(kind), kind.__name__))


def room_of(kind: type[NoteshipError]) -> str:
    """The room whose error it is."""
    return kind.__module__.partition(".errors")[0].removeprefix("noteship.")


def errors_page() -> str:
    """Every error with its wording."""
    lines = [
        "# Errors",
        "",
        "Every fault that noteship reports has four parts: the fact, where, the nearest cause, and what to do.",
        "This page is made from the code (`python tests/shape/pages.py`), and a test keeps it so.",
    ]
    room = ""
    for kind in errors():
        here = room_of(kind)
        if here != room:
            room = here
            lines += ["", f"## {room}"]
        summary = (inspect.getdoc(kind) or "").splitlines()[0]
        retry = "; trying again can help" if kind.retryable else ""
        lines += [
            "",
            f"**{kind.__name__}** (exit {kind.exit_code}{retry}): {summary}",
            "",
            "```",
            f"error: {kind.example()}",
            "```",
        ]
    return "\n".join(lines) + "\n"


def _example(text: str) -> list[str]:
    return ["", "```", text, "```"]


def _options(parser: argparse.ArgumentParser) -> list[str]:
    actions = [each for each in parser._actions if (each.help or each.metavar) and each.dest not in EVERYWHERE]
    lines = ["", "| option | meaning |", "|---|---|"] if actions else []
    for action in actions:
        name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        value = f" {action.metavar}" if action.option_strings and action.metavar else ""
        lines.append(f"| `{name}{value}` | {(action.help or '').replace('|', '/')} |")
    return lines


def verbs_page() -> str:
    """Every verb with its help."""
    lines = [
        "# Verbs",
        "",
        "Every verb takes `--project DIR` and `--json`. Exits: 0 done, 1 the work failed, 2 wrong usage, 3 the",
        "environment lacks something, 70 a fault of noteship's own, 130 interrupted.",
        "This page is made from the code (`python tests/shape/pages.py`).",
    ]
    for verb in VERBS:
        parser = argparse.ArgumentParser(prog=f"noteship {verb.name}", add_help=False)
        verb.options(parser)
        lines += ["", f"## {verb.name}", "", f"{verb.summary[0].upper()}{verb.summary[1:]}.", *_example(verb.example)]
        inner = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
        if not inner:
            lines += _options(parser)
        for name, each in inner[0].choices.items() if inner else ():
            action = each.get_default("does")
            lines += ["", f"### {verb.name} {name}", "", each.description or "", *_example(action.example)]
            lines += _options(each)
    return "\n".join(lines) + "\n"


PAGES = {"errors.md": errors_page, "verbs.md": verbs_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
