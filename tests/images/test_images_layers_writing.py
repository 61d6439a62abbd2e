"""Layers as bytes: the same ones each time, which other programs read."""

from __future__ import annotations

import gzip
import io
import os
import random
import subprocess
import sys
import tarfile
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images import layer_reading
from noteship.images.layers import errors, folder_files, tar_headers, writing
from noteship.images.layers.entry import Entry, Held, Link, OnDisk
from noteship.images.layers.gzip_members import GzipMembers

NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\0"), min_size=1, max_size=120
).filter(lambda name: name not in (".", "..") and not name.startswith(".wh.") and len(name.encode()) < 200)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


def without_conflicts(files: dict[str, bytes]) -> dict[str, bytes]:
    folders = {folder for path in files for folder in writing.folders_above(path)}
    return {path: data for path, data in files.items() if path not in folders}


TREES = st.dictionaries(PATHS, st.binary(max_size=1500), max_size=12).map(without_conflicts)


@given(TREES, st.randoms(use_true_random=False))
def test_equal_files_give_equal_bytes(files: dict[str, bytes], chance: random.Random) -> None:
    """The order in which files are given changes nothing, and tar and gzip of the standard library read them all."""
    entries = [Entry(path, Held(data), executable=len(data) % 2 == 1) for path, data in files.items()]
    blob, written = layer_reading.blob_of(entries)
    chance.shuffle(entries)
    assert layer_reading.blob_of(entries) == (blob, written)
    assert layer_reading.files(blob) == files
    assert written.digest == layer_reading.sha256(blob)
    assert written.size == len(blob)
    assert written.diff_id == layer_reading.sha256(gzip.decompress(blob))


@given(TREES)
def test_a_layer_tells_nothing_of_who_made_it(files: dict[str, bytes]) -> None:
    """Owners, times and modes are the same everywhere; each folder stands before what is in it, paths in order."""
    blob, _ = layer_reading.blob_of([Entry(path, Held(data)) for path, data in files.items()])
    members = layer_reading.members(blob)
    assert {(each.uid, each.gid, each.uname, each.gname, each.mtime) for each in members} <= {(0, 0, "", "", 315532800)}
    assert {(each.isdir(), each.mode) for each in members} <= {(True, 0o755), (False, 0o644)}
    names = [each.name for each in members]
    assert names == sorted(names, key=str.encode)
    for at, name in enumerate(names):
        assert {*writing.folders_above(name)} <= {*names[:at]}


@given(st.lists(st.binary(max_size=70_000), max_size=5), st.lists(st.integers(1, 66_000), max_size=6))
def test_stored_bytes_do_not_depend_on_how_they_were_cut(pieces: list[bytes], cuts: list[int]) -> None:
    """A gzip file of stored blocks depends on the whole of what is stored alone."""
    whole = b"".join(pieces)
    again, rest = [], whole
    for cut in cuts:
        again.append(rest[:cut])
        rest = rest[cut:]
    assert gzipped(pieces) == gzipped([*again, rest])
    assert gzip.decompress(gzipped(pieces)) == whole


@pytest.mark.parametrize("size", [0, 1, 65_534, 65_535, 65_536, 131_070, 131_071])
def test_blocks_end_where_they_must(size: int) -> None:
    """At the borders of what a stored block holds, a plain inflater reads the same bytes and finds the end."""
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    blob = gzipped([data])
    inflater = zlib.decompressobj(31)
    assert (inflater.decompress(blob) if blob else b"") == data
    assert not blob or (inflater.eof and not inflater.unused_data)


def gzipped(pieces: list[bytes]) -> bytes:
    stream = io.BytesIO()
    members = GzipMembers(stream.write)
    for piece in pieces:
        members.store(piece)
    members.finish()
    return stream.getvalue()


def test_streams_of_others_are_members_of_their_own() -> None:
    """What lies between stored bytes comes out where it was put, though it was compressed elsewhere."""
    stream = io.BytesIO()
    members = GzipMembers(stream.write)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = packer.compress(b"middle" * 1000) + packer.flush()
    members.store(b"before ")
    members.begin_copy()
    members.copy(raw[:5])
    members.copy(raw[5:])
    members.end_copy(zlib.crc32(b"middle" * 1000), 6000)
    members.store(b" behind")
    members.finish()
    assert gzip.decompress(stream.getvalue()) == b"before " + b"middle" * 1000 + b" behind"
    assert raw in stream.getvalue()


def test_the_form_is_this_one() -> None:
    """These bytes are those of version 1: who changes them changes the version."""
    entries = [Entry("opt/a.py", Held(b"a = 1\n")), Entry("opt/run", Held(b"#!x\n"), True), Link("opt/link", "run")]
    _, written = layer_reading.blob_of(entries)
    assert writing.VERSION == 1
    assert written == writing.Written(GOLDEN_BLOB, 4119, GOLDEN_TAR)


GOLDEN_BLOB = "sha256:fd01caea4d678c941695109048293fe094d4f3578c7715634a538b1684e59232"
GOLDEN_TAR = "sha256:66e0f404cc19471fdda843edd97343db32642128e82c93317d3b2e72ffc93819"


@pytest.mark.parametrize("length", [*range(97, 105), *range(154, 159), *range(254, 260), 400])
@pytest.mark.parametrize("letter", ["a", "é"])
def test_long_paths_are_whole(length: int, letter: str) -> None:
    """At each border of what a header holds, the path that comes out is the one that went in; GNU tar agrees."""
    for path in (letter * min(length, 120), "/".join(["d" * 49] * (length // 50) + [letter * (length % 50 + 1)])):
        blob, _ = layer_reading.blob_of([Entry(path, Held(b"x"))])
        assert layer_reading.files(blob) == {path: b"x"}
        listed = subprocess.run(
            ["tar", "--quoting-style=literal", "-tz"], input=blob, capture_output=True, check=True
        ).stdout.decode()
        assert path in listed.splitlines()


def test_a_path_without_a_folder_at_the_right_place_is_whole() -> None:
    """Where ustar cannot cut a path, pax has it, and links that lead far, too."""
    path, target = "p" * 160 + "/" + "q" * 20, "/far/" + "t" * 130
    blob, _ = layer_reading.blob_of([Entry(path, Held(b"x")), Link("link", target)])
    assert layer_reading.files(blob) == {path: b"x"}
    assert {each.linkname for each in layer_reading.members(blob) if each.issym()} == {target}


@pytest.mark.parametrize("size", [8**11 - 1, 8**11, 9 << 33])
def test_files_of_many_gigabytes_have_their_size(size: int) -> None:
    """A header says sizes beyond what eleven octal digits hold."""
    head = tar_headers.header("big", "file", size)
    with tarfile.open(fileobj=io.BytesIO(head + bytes(1024)), mode="r|") as tar:
        found = tar.next()
    assert found
    assert (found.name, found.size) == ("big", size)


def test_gnu_tar_unpacks_it(tmp_path: Path) -> None:
    """GNU tar makes the same files with the same modes of it, links among them."""
    entries = [
        Entry("opt/x/run.sh", Held(b"#!/bin/sh\n"), executable=True),
        Entry("opt/x/ü" + "n" * 120, Held(b"long")),
        Entry("opt/empty", Held(b"")),
        Link("opt/x/link", "run.sh"),
    ]
    blob, _ = layer_reading.blob_of(entries)
    subprocess.run(["tar", "-xzp", "-C", tmp_path], input=blob, check=True)
    assert (tmp_path / "opt/x/run.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "opt/empty").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "opt/x/link").read_bytes() == b"#!/bin/sh\n"
    assert (tmp_path / ("opt/x/ü" + "n" * 120)).read_bytes() == b"long"


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (["../etc/passwd"], "leads out"),
        (["/etc/passwd"], "leads out"),
        (["a//b"], "leads out"),
        (["a/./b"], "leads out"),
        (["a\0b"], "leads out"),
        (["a/.wh.b"], "deletes files"),
        ([".wh..wh..opq/x"], "deletes files"),
        (["a", "a/b"], "the folder of a/b"),
        (["a\udcff"], "no UTF-8"),
    ],
)
def test_no_path_leads_out_or_deletes(paths: list[str], reason: str) -> None:
    """Paths that leave the image, delete what is below, or cannot be together, are no layer."""
    with pytest.raises(errors.FileUnfit, match=reason):
        layer_reading.blob_of([Entry(path, Held(b"")) for path in paths])


def test_a_path_is_there_once() -> None:
    """The same file twice is one, another one at its path is an error."""
    blob, _ = layer_reading.blob_of([Entry("a", Held(b"1")), Entry("a", Held(b"1"))])
    assert [each.name for each in layer_reading.members(blob)] == ["a"]
    with pytest.raises(errors.FileUnfit, match="twice with different contents"):
        layer_reading.blob_of([Entry("a", Held(b"1")), Entry("a", Held(b"2"))])


@pytest.mark.parametrize("now", [b"other", b"longer than before", b""])
def test_a_file_that_changed_is_no_part_of_it(tmp_path: Path, now: bytes) -> None:
    """Bytes that are not those that were looked at are an error, whether their number is the same or not."""
    (tmp_path / "file").write_bytes(b"bytes")
    content = OnDisk.of(tmp_path / "file")
    (tmp_path / "file").write_bytes(now)
    with pytest.raises(errors.FileChanged):
        layer_reading.blob_of([Entry("file", content)])


def test_memory_does_not_grow_with_files(tmp_path: Path) -> None:
    """A file of 64 MB passes through some pieces of memory."""
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(64 << 20)
    entries = [Entry("large", OnDisk.of(tmp_path / "large"))]
    with (tmp_path / "blob").open("wb") as target:
        tracemalloc.start()
        writing.write(entries, target)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 4 << 20


ELSEWHERE = """
import os, sys, time
from pathlib import Path
os.umask(int(sys.argv[3], 8))
root = Path(sys.argv[1])
names = ["b/two.txt", "a.sh", "b/c/three", "b/one.txt"]
for name in reversed(names) if sys.argv[2] == "reversed" else names:
    place = root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(name.encode())
    os.utime(place, (time.time() % 1000, 12345))
(root / "a.sh").chmod(0o700)
if os.geteuid() == 0 and sys.argv[2] == "reversed":
    for name in names:
        os.chown(root / name, 1234, 4321)
from noteship.images.layers import folder_files, writing
with open(root.with_suffix(".blob"), "wb") as stream:
    print(writing.write(folder_files.entries(root, "bundle"), stream))
"""


def test_machines_and_users_make_no_difference(tmp_path: Path) -> None:
    """Other orders on disk, clocks, umasks, owners, languages and seeds of hashes give the same blob."""
    ways = [
        (["plain", "022"], {"TZ": "UTC", "PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8"}),
        (["reversed", "077"], {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "2", "LC_ALL": "C"}),
    ]
    told = []
    for number, (words, variables) in enumerate(ways):
        command = [sys.executable, "-c", ELSEWHERE, str(tmp_path / str(number)), *words]
        told.append(subprocess.run(command, env={**os.environ, **variables}, capture_output=True, check=True).stdout)
    assert told[0] == told[1]
    assert (tmp_path / "0.blob").read_bytes() == (tmp_path / "1.blob").read_bytes()


def test_a_whole_folder_has_no_links(tmp_path: Path) -> None:
    """Of a folder that is taken as it is nothing is left out in silence."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "model").symlink_to("/etc/passwd")
    with pytest.raises(errors.FileUnfit, match="a link"):
        folder_files.entries(tmp_path / "folder", "bundle")
    with pytest.raises(errors.FileUnfit, match="No such file"):
        folder_files.entries(tmp_path / "nowhere", "bundle")
