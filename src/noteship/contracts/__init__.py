"""What a data set must look like: inferred from a good one, checked on every other."""

from noteship.contracts.checking import check, with_freshness
from noteship.contracts.contract import Bounds, ColumnContract, Contract, Freshness
from noteship.contracts.errors import (
    BadRule,
    ContractBroken,
    ContractUnreadable,
    RulesContradict,
    TwoContracts,
    UnknownRule,
)
from noteship.contracts.inferring import Inferred, infer, keeping_decisions
from noteship.contracts.reading import read
from noteship.contracts.shelf import Shelf, free_name, load, read_file
from noteship.contracts.telling import broken, warnings
from noteship.contracts.verdict import Example, Finding, Verdict
from noteship.contracts.writing import is_as_inferred, written

__all__ = [
    "BadRule",
    "Bounds",
    "ColumnContract",
    "Contract",
    "ContractBroken",
    "ContractUnreadable",
    "Example",
    "Finding",
    "Freshness",
    "Inferred",
    "RulesContradict",
    "Shelf",
    "TwoContracts",
    "UnknownRule",
    "Verdict",
    "broken",
    "check",
    "free_name",
    "infer",
    "is_as_inferred",
    "keeping_decisions",
    "load",
    "read",
    "read_file",
    "warnings",
    "with_freshness",
    "written",
]
