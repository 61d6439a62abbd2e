"""Sources that stages write, as `%%writefile helpers.py` does: what they are, and who takes them up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from noteship.notebooks.raw import TAKEN_UP, PathText, RawAnalysis, RawUse
from noteship.notebooks.uses import StageSource

__all__ = ["made_by", "with_imports"]

SOURCES = (".py", ".ipynb")


def made_by(stages: Iterable[tuple[StageSource, RawAnalysis]]) -> dict[str, str | None]:
    """The sources and settings that stages write, by path; with their text where it is known.

    Where several write one, the first by name counts. What a stage has read as a file before is a source of the
    project that it changes, and settings of which the text is not known are data like others.
    """
    made: dict[str, str | None] = {}
    for source, raw in sorted(stages, key=lambda each: each[0].name):
        texts = dict(raw.texts)
        own = {source.path, source.twin}
        own |= {use.path for use in source.uses if use.action == "read" and not (use.own or TAKEN_UP in use.how)}
        for use in source.uses:
            wanted = use.path.endswith(SOURCES) or use.path in texts
            if use.action == "write" and wanted and not use.folder and "*" not in use.path and use.path not in own:
                made.setdefault(use.path, texts.get(use.path))
    return made


def with_imports(raw: RawAnalysis, taken: Iterable[str]) -> RawAnalysis:
    """The analysis with a read of each source that is imported, if only by functions that nobody was seen to call."""
    known = {use.path for use in raw.uses if use.action == "read"}
    last = max((use.order for use in raw.uses), default=0)
    more = [
        RawUse(PathText((path,)), "read", None, 0, f"import of {path}", TAKEN_UP, True, last + number)
        for number, path in enumerate(sorted(taken), 1)
        if PathText((path,)) not in known
    ]
    return replace(raw, uses=(*raw.uses, *more)) if more else raw
