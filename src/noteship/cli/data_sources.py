"""Lists where data come from, and how that stands."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from noteship.cli.output import Output, size, table
from noteship.operations import data_sources as operation
from noteship.operations.data_sources import SourceState
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Print the sources; 1 if an origin that was asked did not answer."""
    opened = OpenedProject.at(arguments.project)
    found = operation.sources(opened, arguments.names, check=arguments.check)
    output.document({"sources": [each.to_json() for each in found]})
    output.text(*_lines(found))
    for each in found:
        if each.fault:
            output.aside("", f"error: {each.fault}")
    return 1 if any(each.fault for each in found) else 0


def _lines(found: Sequence[SourceState]) -> Iterator[str]:
    if not found:
        yield "no source of data is declared; [data.NAME] in noteship.toml declares one"
        return
    for number, each in enumerate(found):
        if number:
            yield ""
        yield f"{each.source.name}: {_state(each)}"
        rows = [("from", each.source.address.text), ("to", each.source.target), ("asked", each.refresh)]
        yield from table([*rows, *_record(each)], indent="  ")


def _state(each: SourceState) -> str:
    words = {
        "never fetched": "never fetched as it is declared now",
        "fetched": "fetched",
        "unmoved": "up to date",
        "moved": "its data moved since it was fetched",
        "does not say": "whether its data moved is known only when they are fetched",
        "unknown": "whether its data moved is not known",
    }
    return words[each.state]


def _record(each: SourceState) -> Iterator[tuple[str, str]]:
    last = each.record
    if not last:
        return
    rows = f"{last['rows']:,} rows, " if "rows" in last else ""
    yield "fetched", f"{str(last['fetched'])[:19].replace('T', ' ')} UTC: {rows}{size(last['size_bytes'])}"
    if "version" in last:
        yield "version", last["version"]
