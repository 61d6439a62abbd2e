"""Pickles: the only place that loads or writes one.

Loading runs whatever code the file holds. It is done with what the project's own stages wrote, where they ran,
and with a bundle's model only where the operator allowed it.
"""

from __future__ import annotations

import io
import pickle  # this is the place
import warnings
from pathlib import Path
from typing import Any

__all__ = ["dumps", "load", "modules"]


def load(path: Path) -> Any:
    """The object in a file of pickle, joblib (compressed or not), cloudpickle or dill. Raises whatever it raises."""
    import joblib  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        # Whether another version's object still gives the same numbers is found out by comparing them.
        warnings.simplefilter("ignore")
        return joblib.load(path)


def dumps(value: Any) -> bytes:
    """The object as a pickle: with cloudpickle where it is installed, which also takes what notebooks define."""
    stream = io.BytesIO()
    try:
        import cloudpickle  # type: ignore[import-untyped]
    except ImportError:
        pickle.dump(value, stream, protocol=5)
    else:
        cloudpickle.dump(value, stream, protocol=5)
    return stream.getvalue()


def modules(data: bytes) -> frozenset[str]:
    """The modules that a pickle made here takes classes and functions from; it is loaded to find out."""
    found = set()

    class Recording(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            found.add(module)
            return super().find_class(module, name)

    Recording(io.BytesIO(data)).load()
    return frozenset(found)
