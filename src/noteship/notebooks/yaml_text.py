"""YAML, where a parser of it is installed."""

from __future__ import annotations

from typing import Any

__all__ = ["parsed_yaml"]


def parsed_yaml(content: str) -> Any:
    """The plain values of a text; what has a tag of its own gives None. Raises ValueError."""
    # Optional, and slow to import.
    try:
        import yaml
    except ImportError as error:
        raise ValueError("no YAML parser") from error

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Reads plain values and skips what has a tag of its own."""

    Loader.add_multi_constructor("", lambda *_: None)
    try:
        return yaml.load(content, Loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise ValueError("not YAML") from error
