"""From an address to a store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from noteship.store import errors, open_store


def test_opening_makes_nothing(tmp_path: Path) -> None:
    """Opening and reading leave no trace; only a write makes the folder."""
    store = open_store(None, tmp_path)
    assert store.read_ref("champion") is None
    assert list(store.refs("")) == []
    assert list(store.objects()) == []
    assert list(tmp_path.iterdir()) == []
    store.put_bytes(b"1")
    assert (tmp_path / ".noteship" / "store" / "objects").is_dir()


@pytest.mark.parametrize(
    ("url", "below"),
    [
        (None, ".noteship/store"),
        ("shared/store", "shared/store"),
        ("file:shared/store", "shared/store"),
        ("file:./a%20b", "a b"),
        ("a%20b", "a%20b"),
        ("deep/../flat", "flat"),
    ],
)
def test_a_folder_is_relative_to_the_project(url: str | None, below: str, tmp_path: Path) -> None:
    """A relative path is one below the project's root, wherever noteship was started."""
    assert open_store(url, tmp_path).url == str(tmp_path / below)


def test_an_absolute_folder_is_what_it_says(tmp_path: Path) -> None:
    """Plain or as a file's address, an absolute path stays."""
    for url in (str(tmp_path / "s"), f"file:{tmp_path}/s", f"file://{tmp_path}/s", f"file://localhost{tmp_path}/s"):
        assert open_store(url, Path("/elsewhere")).url == str(tmp_path / "s")
    assert open_store("~/s", tmp_path).url == str(Path.home() / "s")


def test_memory_is_new_each_time(tmp_path: Path) -> None:
    """Two stores in memory know nothing of each other."""
    digest = open_store("memory:", tmp_path).put_bytes(b"1")
    assert not open_store("memory:", tmp_path).has(digest)


def test_an_address_on_s3_is_opened_without_asking(tmp_path: Path) -> None:
    """Opening needs neither a server nor credentials."""
    assert open_store("s3://team-a/mail/", tmp_path).url == "s3://team-a/mail"
    assert open_store("s3://team-a", tmp_path).url == "s3://team-a"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s4://team-a/mail", "'s4' is not known\n.*\n  nearest: s3"),
        ("fil:x", "'fil' is not known\n.*\n  nearest: file"),
        ("https://example.org/x", "'https' is not known"),
        ("s3:team-a", "names no bucket"),
        ("s3://", "names no bucket"),
        ("s3://team-a/with space", "its prefix has more"),
        ("s3://team-a/../up", "its prefix has more"),
        ("file://server/share", "names a machine, 'server'"),
        ("", "it is empty"),
        ("file:", "it is empty"),
    ],
)
def test_an_address_that_is_none_is_explained(url: str, says: str, tmp_path: Path) -> None:
    """The message says what is wrong and which scheme is nearest."""
    with pytest.raises(errors.BadStoreUrl, match=says) as caught:
        open_store(url, tmp_path)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("url", ["s3://KEY:hush@team-a/mail", "s3://team-a/mail?secret=hush", "s5://KEY:hush@team-a"])
def test_secrets_in_an_address_are_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    """Credentials have no place in an address, nor in the message that says so."""
    with pytest.raises(errors.BadStoreUrl) as caught:
        open_store(url, tmp_path)
    assert "hush" not in str(caught.value)


def test_the_room_is_light(tmp_path: Path) -> None:
    """Importing the room and using a folder loads nothing but the standard library's light half."""
    script = (
        "import sys; from pathlib import Path; from noteship import store; "
        "s = store.open_store(None, Path(sys.argv[1])); s.put_bytes(b'1'); list(s.read_refs('')); "
        "print(*{'obstore', 'concurrent', 'asyncio', 'urllib.request', 'configparser', 'difflib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
