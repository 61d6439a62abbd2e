"""A good table, and ways to spoil it, each against one rule."""

from __future__ import annotations

import datetime

import pandas

from noteship import contracts

__all__ = ["CONTRACT", "GOOD", "contract"]

GOOD = pandas.DataFrame(
    {
        "id": range(40),
        "age": [20 + number for number in range(40)],
        "kind": ["a", "b"] * 20,
        "name": [f"N-{number:03}" for number in range(40)],
        "share": [number / 40 for number in range(40)],
        "seen": [datetime.datetime(2026, 1, 1) + datetime.timedelta(days=number) for number in range(40)],
        "ok": [True, False] * 20,
    }
)
CONTRACT = """\
file = "data/people.parquet"
rows = [10, 100]
key = ["id"]
duplicates = 0.1
closed = true
freshness = { column = "seen", most = "3d" }
[columns.id]
type = "whole"
[columns.age]
type = "whole"
missing = 0.1
range = [0, 120]
[columns.kind]
type = "text"
missing = 0
categories = ["a", "b"]
distinct = [2, 2]
[columns.name]
type = "text"
length = [5, 5]
pattern = 'N-\\d+'
unique = true
[columns.share]
type = "number"
range = { min = 0 }
[columns.seen]
type = "time"
range = [2020-01-01, 2030-01-01]
[columns.ok]
type = "bool"
"""


def contract(more: str = "", without: str = "") -> contracts.Contract:
    """The contract, with more at its beginning and without the lines that begin with a text."""
    lines = [line for line in CONTRACT.splitlines() if not without or not line.startswith(without)]
    return contracts.read("contracts/people.toml", "\n".join([more, *lines]))
