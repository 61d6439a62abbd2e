from __future__ import annotations

import dataclasses
import pickle
import re
import typing

import pytest

from noteship.errors import NoteshipError
from noteship.project.settings import Settings
from shape import pages


@pytest.mark.parametrize("name", pages.PAGES)
def test_the_page_is_as_the_code_says(name: str) -> None:
    """A page made from the code is what the code makes today."""
    assert (pages.DOCS / name).read_text(encoding="utf-8") == pages.PAGES[name](), "run: python tests/shape/pages.py"


@pytest.mark.parametrize("kind", pages.errors(), ids=lambda kind: kind.__name__)
def test_every_error_says_its_parts_and_survives_pickling(kind: type[NoteshipError]) -> None:
    """An error has a fact and a remedy, an exit code of the table, and is the same after pickling."""
    error = kind.example()
    assert error.parts().fact
    assert error.parts().remedy
    assert kind.exit_code in (1, 2, 3)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)


def settings(kind: type, prefix: str) -> list[str]:
    names = []
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        key = prefix + str(field.metadata.get("key", field.name))
        inner = [hints[field.name], *typing.get_args(hints[field.name])]
        tables = [each for each in inner if isinstance(each, type) and dataclasses.is_dataclass(each)]
        if field.metadata.keys() & {"as", "parse_item"} or typing.get_origin(hints[field.name]) is tuple:
            # One setting, whatever becomes of it; or the same table as another one, which is documented.
            tables = []
        if not tables:
            names.append(key)
        for table in tables:
            names += settings(table, f"{key}.NAME." if "Mapping" in str(hints[field.name]) else f"{key}.")
    return names


@pytest.mark.parametrize("name", settings(Settings, ""))
def test_every_setting_is_documented(name: str) -> None:
    """docs/settings.md has a row for each setting, and none for another."""
    page = (pages.DOCS / "settings.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([\w.-]+)` \|", page, re.MULTILINE)
    assert name in documented
    assert set(documented) <= set(settings(Settings, ""))
