"""Files and folders of this machine as origins."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from contracts.origin_places import open_origin, source
from noteship import digests, ingestion
from noteship.ingestion import errors


def watch() -> ingestion.Watch:
    return ingestion.Watch("here", threading.Event())


def fill(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def test_a_pattern_brings_what_fits(tmp_path: Path) -> None:
    """Under the names below the folder that has no wildcard; hidden files fit none."""
    root = tmp_path / "origin"
    fill(root, "2026/a.csv", "2026/b.csv", "2026/c.txt", "2025/a.csv", "2026/.hidden.csv")
    fetched = open_origin(source(f"{root}/**/*.csv")).fetch(tmp_path / "x", None, watch())
    found = {path.relative_to(tmp_path / "x").as_posix() for path in (tmp_path / "x").rglob("*.*")}
    assert found == {"2026/a.csv", "2026/b.csv", "2025/a.csv"}
    assert fetched.facts == {"files": 3}


def test_a_folder_leaves_out_what_is_hidden(tmp_path: Path) -> None:
    """A folder's version and its files do not count `.git` and the like."""
    root = tmp_path / "origin"
    fill(root, "a.csv", "more/b.csv")
    origin = open_origin(source(str(root)))
    before = origin.version(watch())
    fill(root, ".git/config", ".a.csv.swp")
    assert origin.version(watch()) == before
    fill(root, "c.csv")
    assert origin.version(watch()) != before


def test_touching_a_file_does_not_move_it(tmp_path: Path) -> None:
    """Its bytes count, not its times."""
    fill(tmp_path, "a.csv")
    origin = open_origin(source(f"{tmp_path}/a.csv"))
    before = origin.version(watch())
    (tmp_path / "a.csv").touch()
    assert origin.version(watch()) == before


def test_a_file_that_is_written_meanwhile_is_not_taken(tmp_path: Path) -> None:
    """What was read has to be what was looked at; else it is said, and nothing is kept."""
    fill(tmp_path, "a.csv")
    declared = source(f"{tmp_path}/a.csv")

    def digest_of(path: Path) -> str:
        found = digests.of_file(path)
        path.write_text("another")
        return found

    with pytest.raises(errors.MovedMeanwhile):
        ingestion.open_origin(declared, tmp_path, digest_of).fetch(tmp_path / "x", None, watch())
    assert not (tmp_path / "x").exists()


def test_an_empty_folder_is_nothing(tmp_path: Path) -> None:
    """It would be an empty result that nobody meant."""
    (tmp_path / "origin").mkdir()
    with pytest.raises(errors.NothingThere, match="empty"):
        open_origin(source(f"{tmp_path}/origin")).version(watch())


def test_code_is_not_brought(tmp_path: Path) -> None:
    """A module in a folder of data would be imported by who finds it there."""
    fill(tmp_path / "origin", "a.csv", "pandas.py")
    with pytest.raises(errors.OriginFailed, match=r"pandas\.py is code"):
        open_origin(source(f"{tmp_path}/origin")).fetch(tmp_path / "x", None, watch())
    open_origin(source(f"{tmp_path}/origin/*.csv")).fetch(tmp_path / "y", None, watch())


@pytest.mark.parametrize(
    "name", ["X.PY", "lib.so.1", "GNUmakefile", "run.bat", "requirements.txt", "a\nb.csv", "a\u202eb.csv"]
)
def test_names_that_none_of_data_has(tmp_path: Path, name: str) -> None:
    """Code in capital letters or of other tools, and names that do not show as they are."""
    fill(tmp_path / "origin", "a.csv", name)
    with pytest.raises(errors.OriginFailed, match=r"is code|cannot be the name"):
        open_origin(source(f"{tmp_path}/origin")).fetch(tmp_path / "x", None, watch())


def test_a_folder_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """A file that the origin has no more is not there either."""
    fill(tmp_path / "origin", "a.csv", "b.csv")
    declared = source(f"{tmp_path}/origin")
    open_origin(declared).fetch(tmp_path / "x", None, watch())
    (tmp_path / "origin/b.csv").unlink()
    open_origin(declared).fetch(tmp_path / "x", None, watch())
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["a.csv"]


OUT = [
    ("origin", "linked.csv", "../secret.csv"),
    ("origin", "sub/linked.csv", "/etc/hostname"),
    ("origin", "linked", "../more"),
    ("origin", "linked", "../gone"),
    ("origin/*.csv", "linked.csv", "../secret.csv"),
    ("origin/**/*.csv", "sub/linked.csv", "../../secret.csv"),
    ("origin/**/*.csv", "linked", "../more"),
    ("origin/*/c.csv", "linked", "../more"),
]
IN = [
    ("origin", "linked.csv", "sub/b.csv", {"a.csv", "sub/b.csv", "linked.csv"}),
    ("origin", "linked", "sub", {"a.csv", "sub/b.csv"}),
    ("origin", "linked", "linked", {"a.csv", "sub/b.csv"}),
    ("origin", ".linked.csv", "../secret.csv", {"a.csv", "sub/b.csv"}),
    ("origin/*.csv", "linked", "../more", {"a.csv"}),
    ("origin/*", "linked", "../more", {"a.csv"}),
    ("origin/*.csv", "linked.txt", "../secret.csv", {"a.csv"}),
    ("origin/s*/*.csv", "linked", "../more", {"sub/b.csv"}),
    ("origin/linked", "linked", "../more", {"c.csv"}),
]


def linked(root: Path, name: str, to: str) -> None:
    fill(root, "origin/a.csv", "origin/sub/b.csv", "secret.csv", "more/c.csv")
    (root / "origin" / name).symlink_to(to)


@pytest.mark.parametrize(("declared", "name", "to"), OUT)
def test_a_link_that_leads_out_of_a_folder_is_told(tmp_path: Path, declared: str, name: str, to: str) -> None:
    """Who fills the folder would choose which files of this machine are read."""
    linked(tmp_path, name, to)
    origin = open_origin(source(f"{tmp_path}/{declared}"))
    with pytest.raises(errors.OriginFailed, match=f"{name} is a link that leads out of the folder"):
        origin.version(watch())
    with pytest.raises(errors.OriginFailed, match="leads out of the folder"):
        origin.fetch(tmp_path / "x", None, watch())
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("declared", "name", "to", "expected"), IN)
def test_other_links_harm_nothing(tmp_path: Path, declared: str, name: str, to: str, expected: set[str]) -> None:
    """One within the folder, one that is not asked for, and one that the declaration itself names."""
    linked(tmp_path, name, to)
    open_origin(source(f"{tmp_path}/{declared}")).fetch(tmp_path / "x", None, watch())
    found = {path.relative_to(tmp_path / "x").as_posix() for path in (tmp_path / "x").rglob("*") if path.is_file()}
    assert found == expected
    assert not [path for path in (tmp_path / "x").rglob("*") if path.is_symlink()]
