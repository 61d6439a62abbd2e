"""The declared sources of a project's data, with their queries read from files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from noteship import project
from noteship.operations.errors import QueryUnreadable

if TYPE_CHECKING:
    from noteship import ingestion

__all__ = ["PREFIX", "declared_sources"]

# Of the names that sources have as stages, and of their sections.
PREFIX = "data."


def declared_sources(root: Path, settings: project.Settings) -> Mapping[str, ingestion.Source]:
    """The sources by the names of their stages. Raises QueryUnreadable."""
    return {f"{PREFIX}{name}": _source(root, f"{PREFIX}{name}", each) for name, each in settings.data.items()}


def _source(root: Path, name: str, declared: project.DataSettings) -> ingestion.Source:
    from noteship import ingestion

    given = declared.credentials
    return ingestion.Source(
        name=name,
        address=ingestion.parsed(declared.address),
        target=declared.target,
        query=declared.query or (_query(root, name, declared.query_file) if declared.query_file else ""),
        offsets=ingestion.Offsets.parsed(dict(declared.offsets)),
        form=ingestion.form_of(declared.form),
        credentials=ingestion.Credentials(given.file, given.env, given.header, given.mechanism) if given else None,
        limits=ingestion.Limits(declared.timeout_s, declared.size_bytes, declared.rows),
        period=(declared.since, declared.last_s, declared.labelled),
    )


def _query(root: Path, name: str, path: str) -> str:
    from noteship import ingestion

    try:
        text = (root / path).read_text(encoding="utf-8")
        if not text.strip():
            raise ValueError("it is empty")
        ingestion.check_open(text, "it has to be a query")
    except UnicodeDecodeError as error:
        raise QueryUnreadable(name, path, "it is no text in UTF-8") from error
    except OSError as error:
        raise QueryUnreadable(name, path, error.strerror or type(error).__name__) from error
    except ValueError as error:
        raise QueryUnreadable(name, path, str(error)) from error
    return text
