"""noteship itself as a layer."""

from __future__ import annotations

import base64
import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

import noteship
from images import layer_reading
from noteship.images.layers import own_files
from noteship.images.layers.entry import Entry
from noteship.images.layers.environment import Environment
from noteship.images.layers.layer import Plan

ENVIRONMENT = Environment("/usr/local/bin/python3.12", "3.12")
SITE = "opt/noteship/lib/python3.12/site-packages"


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return layer_reading.files(layer_reading.blob_of(own_files.entries(ENVIRONMENT))[0])


def test_it_runs_where_it_is_unpacked(tmp_path: Path) -> None:
    """The command and the module start in the image's environment and are of this version, not of this checkout."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = f"{str(tmp_path).lstrip('/')}/opt/env"
    environment = Environment(os.path.realpath(sys.executable), version, folder)
    layer_reading.unpack(layer_reading.blob_of(own_files.entries(environment))[0], Path("/"))
    for words in ([f"/{folder}/bin/noteship"], [environment.interpreter, "-P", "-m", "noteship"]):
        said = subprocess.run([*words, "--version"], env={}, capture_output=True, text=True, check=True).stdout
        assert said == f"noteship {noteship.__version__}\n"
    code = "import noteship; from importlib.metadata import version; print(noteship.__file__, version('noteship'))"
    said = subprocess.run(
        [environment.interpreter, "-c", code], env={}, capture_output=True, text=True, check=True
    ).stdout
    assert said == f"/{environment.site_packages}/noteship/__init__.py {noteship.__version__}\n"


def test_all_of_its_files_are_there_and_recorded(files: dict[str, bytes]) -> None:
    """Each source is as it is here, RECORD has the digest of each file, and no byte code is among them."""
    source = Path(noteship.__file__).parent
    expected = {
        f"{SITE}/noteship/{path.relative_to(source).as_posix()}": path.read_bytes()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    own = {path: data for path, data in files.items() if path.startswith(f"{SITE}/noteship/")}
    assert own == expected
    record = f"{SITE}/noteship-{noteship.__version__}.dist-info/RECORD"
    rows = {f"{SITE}/{name}": digest for name, digest, _ in csv.reader(files[record].decode().splitlines())}
    for path, data in files.items():
        if path.startswith(f"{SITE}/") and path != record:
            digest = bytes.fromhex(layer_reading.sha256(data).removeprefix("sha256:"))
            assert rows[path] == "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert rows[record] == ""
    assert rows.keys() == {path for path in files if path.startswith(f"{SITE}/")}


def test_nothing_tells_where_it_was_made(files: dict[str, bytes]) -> None:
    """What an installation says of its machine does not come along."""
    about = {path: data for path, data in files.items() if f"{SITE}/noteship/" not in path}
    assert not [path for path, data in about.items() if str(Path(noteship.__file__).parent).encode() in data]
    assert {path.rpartition("/")[2] for path in about} == {
        *("METADATA", "WHEEL", "RECORD", "entry_points.txt", "noteship", "pyvenv.cfg")
    }


def test_its_key_is_of_where_it_goes() -> None:
    """Twice the same key, and another one over another interpreter, which the environment names."""
    keys = [
        Plan.of("noteship", own_files.entries(environment)).key
        for environment in (ENVIRONMENT, ENVIRONMENT, Environment("/usr/bin/python3.12", "3.12"))
    ]
    assert keys[0] == keys[1] != keys[2]
    assert all(isinstance(entry, Entry) or entry.target for entry in own_files.entries(ENVIRONMENT))
