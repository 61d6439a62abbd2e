"""Which files a path stands for that names a table: one file, a folder of them, or a pattern."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from noteship.nearest import nearest
from noteship.tabular.errors import NoTableThere, NotATable

__all__ = ["PATTERN_LETTERS", "Files", "Form", "form_of", "found"]

Form = Literal["parquet", "csv", "json", "arrow"]

FORMS: dict[str, Form] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".feather": "arrow",
    ".arrow": "arrow",
}
PACKED = ".gz"
PATTERN_LETTERS = "*?["
NAMES_SHOWN = 6


@dataclass(frozen=True)
class Files:
    """The files of one table, all of one form, in the order of their names. `parted`: below one folder."""

    form: Form
    paths: tuple[Path, ...]
    parted: bool = False


def form_of(path: str | Path) -> Form | None:
    """The form that a file's suffix names, if it is one of a table.

    >>> form_of("a/b.Parquet"), form_of("b.csv.gz"), form_of("b.parquet.gz"), form_of("b.sav")
    ('parquet', 'csv', None, None)
    """
    name = str(path).lower()
    packed = name.endswith(PACKED)
    form = FORMS.get(Path(name.removesuffix(PACKED)).suffix)
    return None if packed and form not in ("csv", "json") else form


def found(source: str | Path) -> Files:
    """The files that a path, a folder or a pattern stands for. Raises: NotATable."""
    path = Path(source)
    if path.is_file():
        form = form_of(path)
        if form is None:
            raise NotATable(str(source), "its suffix names no form that is read", _near(path))
        return Files(form, (path.absolute(),))
    if path.is_dir():
        return _of_one_form(str(source), _inside(path), parted=True)
    if any(letter in str(source) for letter in PATTERN_LETTERS):
        anchor = Path(path.anchor)
        fitting = sorted(anchor.glob(str(path.relative_to(anchor))))
        # Spark and others write a table as a folder that is named like a file.
        folders = [each for each in fitting if each.is_dir() and form_of(each)]
        files = {each for each in fitting if each.is_file()}
        inside = {each for folder in folders for each in _inside(folder)}
        return _of_one_form(str(source), sorted(files | inside), parted=bool(folders) and not files)
    raise NoTableThere(str(source), "it does not exist", _near(path) or _beside(path))


def _inside(folder: Path) -> list[Path]:
    return [each for each in sorted(folder.rglob("*")) if _counts(each, folder)]


def _counts(path: Path, folder: Path) -> bool:
    """Whether a file within a folder is a part of its table: names that begin with _ or . are notes of the writer's."""
    hidden = any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    return not hidden and path.is_file()


def _of_one_form(source: str, paths: list[Path], *, parted: bool = False) -> Files:
    forms = {form: path for path in paths if (form := form_of(path))}
    if not forms:
        raise NotATable(source, "it holds no file in a form that is read" if parted else "no file in it fits")
    if len(forms) > 1:
        raise NotATable(source, f"it holds files of several forms, such as {', '.join(p.name for p in forms.values())}")
    (form,) = forms
    return Files(form, tuple(path.absolute() for path in paths if form_of(path)), parted)


def _near(path: Path) -> str:
    return nearest(path.name, _tables(path.absolute().parent))


def _beside(path: Path) -> str:
    names = _tables(path.absolute().parent)
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"beside it {'is' if len(names) == 1 else 'are'} {', '.join(names[:NAMES_SHOWN])}{more}" if names else ""


def _tables(folder: Path) -> list[str]:
    try:
        return sorted(each.name for each in folder.iterdir() if form_of(each) and each.is_file())
    except OSError:
        return []
