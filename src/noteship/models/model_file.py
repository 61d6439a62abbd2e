"""The model as a file without pickle: skops, in one canonical byte form, and what of it may be loaded.

skops writes a zip archive of `schema.json` and one file for each array. Its object ids are memory addresses, its zip
entries carry the clock. The canonical form, version 1: ids are numbered in the order of the schema and left out of what
cannot be shared (scalars, types, functions); array files are named by their order; sets are sorted; addresses
kept by scikit-learn are null; padding between the
fields of structured arrays is zero; the schema is JSON without white space; entries are stored uncompressed, schema
first, dated 1980-01-01.
"""

from __future__ import annotations

import importlib
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy

from noteship.models import errors

__all__ = ["NotStorable", "dumps", "load", "load_own", "modules", "untrusted_types"]

SCHEMA = "schema.json"
# Nodes whose identity nobody can observe: whether two equal ones are one object differs from process to process.
WITHOUT_IDENTITY = frozenset({"JsonNode", "TypeNode", "FunctionNode", "DTypeNode"})
# CountVectorizer keeps the id of its stop words; any other value than the right one makes it check them again.
ADDRESS = "_stop_words_id"
EARLIEST = (1980, 1, 1, 0, 0, 0)
REGULAR_FILE = 0o644 << 16

# What scikit-learn's estimators are made of and skops leaves to the caller. Their state is arrays, numbers and
# parameters; none names code to run. Forged arrays could still crash compiled code: what is served is chosen by its
# digest.
INNER_TYPES = (
    "builtins.frozenset",
    "builtins.range",
    "collections.Counter",
    "datetime.date",
    "datetime.datetime",
    "datetime.timedelta",
    "functools.partial",  # of what is itself trusted
    "numpy.dtype",
    "scipy.interpolate._bsplines.BSpline",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.metrics._dist_metrics.EuclideanDistance",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils.validation.check_array",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",
)
INNER_PREFIXES = ("sklearn.gaussian_process.kernels.", "sklearn.model_selection._split.")


class NotStorable(Exception):
    """skops cannot store an object; the text says why. Never leaves this room."""


def dumps(value: Any) -> bytes:
    """The object in canonical bytes: equal objects from two processes give equal bytes. Raises NotStorable."""
    import skops.io  # type: ignore[import-untyped]

    try:
        raw = skops.io.dumps(value)
        loaded = skops.io.loads(raw, trusted=skops.io.get_untrusted_types(data=raw))
    except Exception as error:
        # What skops cannot store it may refuse in any way, also only when it is read back.
        raise NotStorable(f"{type(error).__name__}: {error}") from error
    del loaded
    return _canonical(raw)


def untrusted_types(path: Path) -> tuple[str, ...]:
    """Types in the file that are neither trusted by skops nor inner ones of scikit-learn. Raises DamagedBundle."""
    import skops.io

    try:
        found = skops.io.get_untrusted_types(file=path)
    except Exception as error:
        # A damaged file fails anywhere inside of zip, JSON or NumPy.
        raise errors.DamagedBundle(path.name, f"{type(error).__name__}: {error}") from error
    return tuple(name for name in found if not _is_inner(name))


def modules(data: bytes) -> frozenset[str]:
    """The modules whose types are in the file."""
    found = set()

    def visit(node: Any) -> None:
        if isinstance(node, dict) and isinstance(node.get("__module__"), str):
            found.add(node["__module__"])
        for child in _children(node):
            visit(child)

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        visit(json.loads(archive.read(SCHEMA)))
    return frozenset(found)


def load(path: Path, trusted: Iterable[str]) -> Any:
    """The object in a file, if all its types are known or in `trusted`. Raises UntrustedTypes, DamagedBundle."""
    import skops.io

    allowed = set(trusted)
    unknown = tuple(name for name in untrusted_types(path) if name not in allowed)
    if unknown:
        raise errors.UntrustedTypes(path.name, unknown)
    try:
        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    except Exception as error:
        # Types may be named that do not exist, and states that do not fit them.
        raise errors.DamagedBundle(path.name, f"{type(error).__name__}: {error}") from error


def load_own(path: Path) -> Any:
    """The object in a file that the project's own stages wrote here. Raises whatever skops raises."""
    import skops.io

    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


def _is_inner(name: str) -> bool:
    if name in INNER_TYPES:
        return True
    module, _, attribute = name.rpartition(".")
    if f"{module}." not in INNER_PREFIXES:
        return False
    found = getattr(importlib.import_module(module), attribute, None)
    return isinstance(found, type) and found.__module__ == module


def _canonical(raw: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        schema = json.loads(archive.read(SCHEMA))
        _forget_addresses(schema)
        _sort_sets(schema)
        names: dict[str, str] = {}
        _renumber(schema, {}, names)
        entries = {new: _without_padding(old, archive.read(old)) for old, new in names.items()}
    text = json.dumps(schema, separators=(",", ":"), ensure_ascii=True).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in {SCHEMA: text, **entries}.items():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = REGULAR_FILE
            archive.writestr(entry, data)
    return target.getvalue()


def _forget_addresses(node: Any) -> None:
    """Addresses that scikit-learn itself keeps, only to see whether it has checked something already."""
    for child in _children(node):
        _forget_addresses(child)
    if isinstance(node, dict) and isinstance(node.get(ADDRESS), dict) and "content" in node[ADDRESS]:
        node[ADDRESS]["content"] = "null"


def _sort_sets(node: Any) -> None:
    for child in _children(node):
        _sort_sets(child)
    if not isinstance(node, dict):
        return
    if node.get("__loader__") == "SetNode":
        node["content"].sort(key=_identity_free)
    elif (node.get("__module__"), node.get("__class__")) == ("builtins", "frozenset") and "content" in node:
        for argument in node["content"]["content"]:
            argument["content"].sort(key=_identity_free)


def _identity_free(node: Any) -> str:
    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items() if key != "__id__"}
        return [strip(item) for item in value] if isinstance(value, list) else value

    return json.dumps(strip(node), sort_keys=True)


def _renumber(node: Any, ids: dict[int, int], names: dict[str, str]) -> None:
    """Number the ids and the array files in the order of a walk through the schema."""
    if isinstance(node, dict) and "__loader__" in node:
        old = node.get("__id__")
        if node["__loader__"] in WITHOUT_IDENTITY:
            node.pop("__id__", None)
        elif isinstance(old, int):
            # From 1: skops takes 0 for none.
            node["__id__"] = ids.setdefault(old, len(ids) + 1)
        file = node.get("file")
        if isinstance(file, str):
            suffix = Path(file).suffix
            node["file"] = names.setdefault(file, f"{len(names)}{suffix}")
    for child in _children(node):
        _renumber(child, ids, names)


def _children(node: Any) -> list[Any]:
    items: Iterable[Any] = ()
    if isinstance(node, dict):
        items = node.values()
    elif isinstance(node, list):
        items = node
    return [item for item in items if isinstance(item, (dict, list))]


def _without_padding(name: str, data: bytes) -> bytes:
    """Bytes between the fields of a structured array are whatever the memory held."""
    if not name.endswith(".npy"):
        return data
    array = numpy.load(io.BytesIO(data), allow_pickle=False)
    fields = array.dtype.names
    if not fields:
        return data
    clean = numpy.zeros(array.shape, array.dtype)
    for field in fields:
        clean[field] = array[field]
    stream = io.BytesIO()
    numpy.save(stream, clean, allow_pickle=False)
    return stream.getvalue()
