"""Wheels as files of a virtual environment, and what is no sound wheel."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images import layer_reading, wheel_making
from noteship.images.layers import commands, errors, writing
from noteship.images.layers.environment import Environment
from noteship.images.layers.wheel import WheelFile

ENVIRONMENT = Environment("/usr/local/bin/python3.12", "3.12")
SITE = "opt/noteship/lib/python3.12/site-packages"


def layer(wheel: WheelFile, environment: Environment = ENVIRONMENT) -> bytes:
    return layer_reading.blob_of(wheel.entries(environment))[0]


def test_each_part_of_a_wheel_has_its_place(tmp_path: Path) -> None:
    """Modules, platform modules, data, headers and scripts go where pip puts them in a virtual environment."""
    data = "tool-1.0.data"
    content = {
        "tool/__init__.py": b"",
        f"{data}/purelib/pure.py": b"1",
        f"{data}/platlib/plat.so": b"2",
        f"{data}/data/share/doc/tool.txt": b"3",
        f"{data}/headers/tool.h": b"4",
        f"{data}/scripts/tool-sh": b"#!/bin/sh\n",
        f"{data}/scripts/tool-py": b"#!python -E\r\nprint(1)\n",
    }
    found = layer_reading.files(layer(wheel_making.wheel(tmp_path, "tool", content)))
    assert {path: text for path, text in found.items() if "dist-info" not in path} == {
        f"{SITE}/tool/__init__.py": b"",
        f"{SITE}/pure.py": b"1",
        f"{SITE}/plat.so": b"2",
        "opt/noteship/share/doc/tool.txt": b"3",
        "opt/noteship/include/site/python3.12/tool/tool.h": b"4",
        "opt/noteship/bin/tool-sh": b"#!/bin/sh\n",
        "opt/noteship/bin/tool-py": b"#!/opt/noteship/bin/python\nprint(1)\n",
    }
    assert {path.rpartition("/")[2] for path in found if "dist-info" in path} == {"METADATA", "WHEEL", "RECORD"}


def test_what_can_be_executed_is_what_was_meant_to_be(tmp_path: Path) -> None:
    """Scripts and what the wheel says so are 0755, all else 0644, whatever bits the wheel has beside."""
    content = {"t/a.sh": b"", "t/b.py": b"", "t-1.0.data/scripts/c": b"binary"}
    modes = {"t/a.sh": 0o100777, "t/b.py": 0o100600, "t-1.0.data/scripts/c": 0o100600}
    members = layer_reading.members(layer(wheel_making.wheel(tmp_path, "t", content, modes=modes)))
    found = {each.name.rpartition("/")[2]: each.mode for each in members if each.isfile()}
    assert (found["a.sh"], found["b.py"], found["c"]) == (0o755, 0o644, 0o755)


def test_a_place_is_filled_once(tmp_path: Path) -> None:
    """Where two files of a wheel have one place, they are the same file; a generated command replaces a packed one."""
    data = "t-1.0.data"
    same = {"a.py": b"1", f"{data}/purelib/a.py": b"1", f"{data}/scripts/run": b"old"}
    about = {"entry_points.txt": b"[console_scripts]\nrun = a:main\n"}
    found = layer_reading.files(layer(wheel_making.wheel(tmp_path, "t", same, about=about)))
    assert found[f"{SITE}/a.py"] == b"1"
    assert b"from a import main" in found["opt/noteship/bin/run"]
    with pytest.raises(errors.UnfitWheel, match=r"a\.py twice"):
        layer(wheel_making.wheel(tmp_path, "t", {**same, f"{data}/platlib/a.py": b"2"}))


def test_no_byte_code_comes_along(tmp_path: Path) -> None:
    """Caches of byte code that somebody packed stay behind."""
    content = {"t/a.py": b"", "t/__pycache__/a.cpython-312.pyc": b"stale"}
    assert not [
        path for path in layer_reading.files(layer(wheel_making.wheel(tmp_path, "t", content))) if "pyc" in path
    ]


@given(st.lists(st.tuples(st.binary(max_size=40_000), st.booleans()), min_size=1, max_size=5))
def test_every_byte_of_a_wheel_comes_through(tmp_path_factory: pytest.TempPathFactory, pieces: list) -> None:
    """Whether deflated or stored, empty or not, a file of the layer is the file of the wheel, and the digests fit."""
    content = {f"t/{number}.bin": data for number, (data, _) in enumerate(pieces)}
    wheel = wheel_making.wheel(tmp_path_factory.mktemp("w"), "t", content, method=8 if pieces[0][1] else 0)
    blob, written = layer_reading.blob_of(wheel.entries(ENVIRONMENT))
    found = layer_reading.files(blob)
    assert {name: found[f"{SITE}/{name}"] for name in content} == content
    assert written.digest == layer_reading.sha256(blob)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment below a temporary folder, over the interpreter of these tests, with wheels in it."""
    root = tmp_path_factory.mktemp("image")
    folder = f"{str(root).lstrip('/')}/opt/env"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    environment = Environment(os.path.realpath(sys.executable), version, folder)
    wheels = [
        wheel_making.wheel(
            root / "wheels",
            "tool",
            {
                "tool/__init__.py": b"class App:\n    @staticmethod\n    def run():\n        print('ran'); return 3\n",
                "space/one.py": b"number = 1\n",
                "tool_hook.pth": b"import sys; sys.hooked = True\n",
                "tool-1.0.data/scripts/packed": b"#!python\nimport tool, sys\nprint(sys.prefix)\n",
            },
            about={"entry_points.txt": b"[console_scripts]\ntool-run = tool:App.run [fast]\n\n[other]\nx = y\n"},
        ),
        wheel_making.wheel(root / "wheels", "other", {"space/two.py": b"number = 2\n"}),
    ]
    entries = [entry for wheel in wheels for entry in wheel.entries(environment)]
    layer_reading.unpack(layer_reading.blob_of([*environment.entries, *entries])[0], Path("/"))
    return environment


def run(environment: Environment, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": "/usr/bin:/bin"}
    return subprocess.run([f"/{environment.scripts}/{words[0]}", *words[1:]], env=clean, capture_output=True, text=True)


def test_commands_start_in_the_environment(installed: Environment) -> None:
    """A console script and a packed one run by the environment's interpreter and end as the package says."""
    generated = run(installed, "tool-run")
    assert (generated.stdout, generated.returncode) == ("ran\n", 3)
    assert run(installed, "packed").stdout.strip() == f"/{installed.folder}"


def test_the_environment_is_one_for_python(installed: Environment) -> None:
    """`.pth` files are read, two wheels share a namespace, and packages are known to importlib.metadata."""
    code = (
        "import sys, space.one, space.two; from importlib.metadata import version;"
        "print(sys.hooked, space.one.number + space.two.number, version('tool'), sys.prefix != sys.base_prefix)"
    )
    assert run(installed, "python", "-c", code).stdout == "True 3 1.0 True\n"
    assert run(installed, "python3", "-c", "import tool").returncode == 0


def broken(tmp_path: Path, change: Callable[[dict[str, bytes]], None], method: int = 8, **modes: int) -> WheelFile:
    files = wheel_making.files_of("t", "1.0", {"t.py": b"print(1)\n" * 50})
    files["t-1.0.dist-info/RECORD"] = wheel_making.record_of(files, "t-1.0.dist-info/RECORD")
    change(files)
    return WheelFile.of(wheel_making.packed(tmp_path / "t-1.0-py3-none-any.whl", files, modes, method))


def added(name: str) -> Callable[[dict[str, bytes]], None]:
    def add(files: dict[str, bytes]) -> None:
        files[name] = b"x"
        line = f'"{name}",{wheel_making.recorded(b"x")},1\n'.encode()
        files["t-1.0.dist-info/RECORD"] += line

    return add


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../../etc/passwd", "leads out"),
        ("/etc/passwd", "leads out"),
        ("a/../../b", "leads out"),
        ("a//b", "leads out"),
        ("./a", "leads out"),
        ("a\\..\\b", "leads out"),
        ("C:evil", "leads out"),
        ("t-1.0.data/scripts/../../x", "leads out"),
        ("t-1.0.data/elsewhere/x", "for no place that is known"),
        ("t-1.0.data/scripts", "for no place that is known"),
        ("t-1.0.data/data/pyvenv.cfg", "the environment's own"),
        ("t-1.0.data/scripts/python", "the environment's own"),
    ],
)
def test_no_name_leads_where_it_should_not(tmp_path: Path, name: str, reason: str) -> None:
    """Names that climb, are absolute, or take the place of the environment's own files are refused."""
    with pytest.raises(errors.UnfitWheel, match=reason):
        layer(broken(tmp_path, added(name)))


def without(name: str) -> Callable[[dict[str, bytes]], None]:
    return lambda files: files.pop(name) and None


def changed(name: str, data: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda files: files.update({name: data})


RECORD = "t-1.0.dist-info/RECORD"
UNSOUND = {
    "other bytes": (changed("t.py", b"evil"), "has not the bytes that RECORD says: its sha256"),
    "not recorded": (changed("new.py", b"1"), "RECORD has no digest of 'new.py'"),
    "weak digest": (changed(RECORD, b"t.py,md5=abc,1\n"), "or one that is too weak"),
    "no digest at all": (changed(RECORD, b"t.py,sha256=abc,1\n"), "has no sha256 for 't.py'"),
    "no RECORD": (without(RECORD), "no t-1.0.dist-info/RECORD"),
    "RECORD in no encoding": (changed(RECORD, b"\xff\xfe"), "RECORD cannot be read"),
    "no WHEEL": (without("t-1.0.dist-info/WHEEL"), "no t-1.0.dist-info/WHEEL"),
    "a later format": (changed("t-1.0.dist-info/WHEEL", b"Wheel-Version: 2.0\n"), "version '2.0' of the wheel format"),
    "two packages": (changed("u-1.0.dist-info/WHEEL", b""), "2 folders that end in .dist-info"),
    "no command": (
        changed("t-1.0.dist-info/entry_points.txt", b"[console_scripts]\n../x = a:b\n"),
        "RECORD|no command",
    ),
}


@pytest.mark.parametrize("what", UNSOUND)
def test_a_wheel_that_is_not_as_it_says_is_refused(tmp_path: Path, what: str) -> None:
    """What RECORD, WHEEL and the folders say must be so."""
    change, reason = UNSOUND[what]
    with pytest.raises(errors.UnfitWheel, match=reason):
        layer(broken(tmp_path, change))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_named(tmp_path: Path, method: int) -> None:
    """What no gzip can hold is refused by its name."""
    with pytest.raises(errors.UnfitWheel, match=r"compressed by (bzip2|lzma)"):
        layer(broken(tmp_path, lambda files: None, method))


def test_links_and_duplicates_are_refused(tmp_path: Path) -> None:
    """A wheel holds files, each once."""
    with pytest.raises(errors.UnfitWheel, match="a link or a device"):
        layer(broken(tmp_path, lambda files: None, **{"t.py": 0o120777}))
    wheel = broken(tmp_path, lambda files: None)
    with zipfile.ZipFile(wheel.path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("t.py", b"another")
    with pytest.raises(errors.UnfitWheel, match=r"has 't\.py' twice"):
        layer(wheel)


def patched(wheel: WheelFile, change: Callable[[bytearray, zipfile.ZipInfo, int], None]) -> WheelFile:
    """A wheel whose bytes are changed, by where `t.py` is, and where the central directory tells of it."""
    data = bytearray(wheel.path.read_bytes())
    with zipfile.ZipFile(wheel.path) as archive:
        info, start = archive.getinfo("t.py"), archive.start_dir
    change(data, info, data.index(b"PK\x01\x02", start))
    wheel.path.write_bytes(data)
    return WheelFile.of(wheel.path)


def set_number(at: int, form: str, number: int) -> Callable[[bytearray, zipfile.ZipInfo, int], None]:
    def change(data: bytearray, info: zipfile.ZipInfo, central: int) -> None:
        struct.pack_into(form, data, central + at, number)

    return change


TRICKS = {
    "encrypted": (set_number(8, "<H", 1), "is encrypted"),
    "another CRC": (set_number(16, "<I", 1), "CRC-32 differs"),
    "more bytes than said": (set_number(24, "<I", 7), "more bytes than the zip says"),
    "fewer bytes than said": (set_number(24, "<I", 7000), "CRC-32 differs"),
    "cut stream": (set_number(20, "<I", 5), "does not end where the zip says"),
    "another name there": (
        lambda data, info, _: data.__setitem__(info.header_offset + 30, 117),
        "is not where the zip says",
    ),
    "stored after all": (set_number(10, "<H", 0), "is stored, with two sizes"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_what_a_zip_says_of_itself_is_not_believed(tmp_path: Path, trick: str) -> None:
    """Sizes, sums, methods and places that are not so are found before anything is kept."""
    change, reason = TRICKS[trick]
    with pytest.raises(errors.UnfitWheel, match=reason):
        layer(patched(broken(tmp_path, lambda files: None), change))


def test_bytes_that_two_files_share_are_refused(tmp_path: Path) -> None:
    """A zip whose entries lie in one another could unpack to far more than it is."""
    wheel = broken(tmp_path, lambda files: None)
    data = bytearray(wheel.path.read_bytes())
    with zipfile.ZipFile(wheel.path) as archive:
        second = data.index(b"PK\x01\x02", archive.start_dir + 4)
    struct.pack_into("<I", data, second + 42, 5)
    wheel.path.write_bytes(data)
    with pytest.raises(errors.UnfitWheel, match="in the bytes of another file"):
        layer(wheel)


@given(st.data())
def test_damage_never_passes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever byte of a wheel is changed, the files are those of the sound wheel, or there is an error of ours."""
    wheel = broken(tmp_path_factory.mktemp("w"), lambda files: None)
    whole = bytearray(wheel.path.read_bytes())
    sound = layer_reading.files(layer(wheel))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    wheel.path.write_bytes(whole)
    try:
        found = layer_reading.files(layer(wheel))
    except errors.UnfitWheel:
        return
    # RECORD is under no digest but the wheel's own, which is looked at before.
    about = f"{SITE}/{RECORD}"
    assert {**found, about: b""} == {**sound, about: b""}


def test_a_wheel_is_the_one_that_is_locked(tmp_path: Path) -> None:
    """Another digest than the locked one is an error that names both."""
    wheel = wheel_making.wheel(tmp_path, "t", {"t.py": b""})
    wheel.check_digest()
    other = WheelFile(wheel.path, "0" * 64)
    with pytest.raises(errors.DamagedWheel, match=f"sha256 {wheel.digest}, locked {'0' * 64}"):
        other.check_digest()
    with pytest.raises(errors.UnfitWheel, match="cannot be read"):
        WheelFile(tmp_path / "gone-1-py3-none-any.whl", "0" * 64).check_digest()


def test_a_bomb_passes_through_a_little_memory(tmp_path: Path) -> None:
    """A file that is deflated to a thousandth is inflated by the piece."""
    wheel = wheel_making.wheel(tmp_path, "t", {"t.bin": bytes(96 << 20)})
    with (tmp_path / "blob").open("wb") as target:
        tracemalloc.start()
        writing.write(wheel.entries(ENVIRONMENT), target)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    "text", ["[console_scripts]\nx\n", "x = 1", "[console_scripts]\nx = a b:c", "[console_scripts]\nx = a"]
)
def test_entry_points_are_read_strictly(text: str) -> None:
    """What is no command is an error, not a script that fails later."""
    with pytest.raises(ValueError, match=r"is no command|no section headers|no key|parsing errors"):
        commands.parsed(text)


def test_capitals_of_commands_stay() -> None:
    """A command is called as its package says, also one with a window."""
    text = "[gui_scripts]\nMyTool = a.b:c.d\n[console_scripts]\nf2py-3.1 = n:m\n"
    assert commands.parsed(text) == {"MyTool": "a.b:c.d", "f2py-3.1": "n:m"}


def test_wheels_without_utf8_names_are_refused(tmp_path: Path) -> None:
    """A name in an old encoding is an error of the wheel, not of Python."""
    wheel = broken(tmp_path, added("näme.py"))
    data = wheel.path.read_bytes().replace("näme.py".encode(), b"n\xe4mex.py")
    wheel.path.write_bytes(data)
    with pytest.raises(errors.UnfitWheel):
        layer(wheel)


def test_what_is_no_zip_is_said_to_be_none(tmp_path: Path) -> None:
    """A page of an index that was saved as a wheel is named."""
    (tmp_path / "t-1.0-py3-none-any.whl").write_bytes(io.BytesIO(b"<html>").getvalue())
    with pytest.raises(errors.UnfitWheel, match="cannot be read as a zip"):
        layer(WheelFile.of(tmp_path / "t-1.0-py3-none-any.whl"))


@pytest.mark.slow
def test_a_file_of_more_than_four_gigabytes_comes_through(tmp_path: Path) -> None:
    """Its size is beyond what a zip and a gzip member have a field for; GNU's gzip and tar find it whole."""
    size, piece = (4 << 30) + 12_345, bytes(1 << 20)
    digest, wheel = hashlib.sha256(), tmp_path / "t-1.0-py3-none-any.whl"
    large = zipfile.ZipInfo("t/weights.bin")
    large.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(wheel, "w") as archive:
        with archive.open(large, "w", force_zip64=True) as stream:
            for at in range(0, size, len(piece)):
                data = piece[: size - at]
                digest.update(data)
                stream.write(data)
        encoded = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
        about = wheel_making.record_of({"t-1.0.dist-info/WHEEL": wheel_making.WHEEL}, RECORD).decode()
        archive.writestr("t-1.0.dist-info/WHEEL", wheel_making.WHEEL)
        archive.writestr(RECORD, f"t/weights.bin,sha256={encoded},{size}\n{about}")
    blob = tmp_path / "blob.tar.gz"
    with blob.open("wb") as target:
        writing.write(WheelFile.of(wheel).entries(ENVIRONMENT), target)
    subprocess.run(["gzip", "-t", blob], check=True)
    listed = subprocess.run(["tar", "-tvzf", blob], check=True, capture_output=True, text=True).stdout
    assert [line.split()[2] for line in listed.splitlines() if line.endswith("weights.bin")] == [str(size)]
