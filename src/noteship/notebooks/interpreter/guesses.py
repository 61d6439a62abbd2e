"""What a function that is not listed probably does: its name begins with a verb and it is given a data file's path."""

from __future__ import annotations

import re

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.emission import used
from noteship.notebooks.interpreter.evidence import Manner
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.uses import Action
from noteship.notebooks.values import Const, PathValue, Value

__all__ = ["guess"]

_READS = frozenset({"load", "read", "open", "import", "imread"})
_WRITES = frozenset({"save", "write", "export", "dump", "store", "persist", "to"})
# Open files, consoles and the like take texts that only look like paths.
_TEXTUAL = re.compile(r"^(open\(\)|io\.|sys\.|logging|print|warnings|rich|typer|click|streamlit|argparse|re\.|str\.)")
_DATA = re.compile(
    r"\.(csv|tsv|txt|jsonl?|parquet|pq|feather|arrow|orc|avro|pkl|pickle|joblib|sav|dill|np[yz]|mat|h5|hdf5?|h5ad|nc|zarr|"
    r"xlsx?|db|sqlite3?|duckdb|pth?|ckpt|onnx|keras|bin|model|cbm|ubj|skops|safetensors|png|jpe?g|svg|pdf|html|gif|tiff?|"
    r"wav|mp[34]|geojson|shp|gpkg|gpickle|graphml|ya?ml|xml|md|tex|zip|gz|rds|dta|sas7bdat|fasta|fastq|vcf)$"
)


def guess(machine: Machine, call: Call) -> None:
    """Record a doubtful use for each argument that is a data file's path; something else has to confirm it."""
    action = _action(call.name)
    if action is None or _TEXTUAL.match(call.name):
        return
    for value in [*call.arguments.positional, *call.arguments.keywords.values()]:
        if _is_data_path(value):
            used(machine, value, action, call, Manner(doubtful=True))


def _action(name: str) -> Action | None:
    verb = re.split(r"_|(?<=[a-z])(?=[A-Z])", name.rpartition(".")[2], maxsplit=1)[0].lower()
    if verb in _READS:
        return "read"
    return "write" if verb in _WRITES else None


def _is_data_path(value: Value) -> bool:
    text = value.value if isinstance(value, Const) else value.text if isinstance(value, PathValue) else None
    if not isinstance(text, str) or " " in text.strip() or "\n" in text or has_hole(text[:1]):
        return False
    return _DATA.search(text.lower()) is not None
