"""From ordinary notebooks to a monitored service on Kubernetes."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from noteship.operations.load import load

__all__ = ["__version__", "load"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # The command line's help must not wait for what loading a model needs.
    if name == "load":
        from noteship.operations import load as loading

        return loading.load
    raise AttributeError(f"module 'noteship' has no attribute {name!r}")
