"""Which wheels a lock means, asked of a real uv at a real index, and how they come."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from images.wheel_index import Index, wheel
from noteship.images import packages
from noteship.images.layers.wheel import WheelFile
from noteship.images.packages import Resolver, Target, Wheel, Wheelhouse
from noteship.images.packages.wheel import best
from noteship.images.registries import transport

LINUX = Target("3.11", "amd64", (2, 28))
BIG = {"big.bin": os.urandom(400_000)}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return monkeypatch


@pytest.fixture
def carrier() -> Iterator[transport.Transport]:
    with transport.Transport(transport.Way(tries=3)) as opened:
        yield opened


def resolver(folder: Path) -> Resolver:
    return Resolver(folder, folder / "kept", threading.Event())


def served(index: Index, name: str) -> Wheel:
    data = index.files[name]
    url = f"http://{index.host}/files/{name}"
    return Wheel(name.partition("-")[0], "1.0", name, hashlib.sha256(data).hexdigest(), len(data), url)


def test_a_lock_means_wheels(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of several wheels of a version that is chosen which pip would take there; who asks again needs no index."""
    files = {
        f"small-1.0-{tag}.whl": wheel("small", tag=tag)
        for tag in ("py3-none-any", "cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_34_x86_64")
    }
    files["plain-1.0-py3-none-any.whl"] = wheel("plain")
    with Index(files) as index:
        environment.setenv("UV_DEFAULT_INDEX", index.url)
        found = resolver(tmp_path).resolve(["small==1.0", "plain==1.0"], LINUX)
    names = ["plain-1.0-py3-none-any.whl", "small-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"]
    assert [each.filename for each in found] == names
    assert [each.sha256 for each in found] == [hashlib.sha256(files[name]).hexdigest() for name in names]
    assert resolver(tmp_path).resolve(["plain==1.0", "small==1.0"], LINUX) == found
    # A server that is not there is asked once.
    environment.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(packages.ResolverFailed):
        resolver(tmp_path).resolve(["small==1.0"], LINUX)


def test_what_has_no_wheel_is_told_whole(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All packages of which there are only sources, or wheels of other machines, are named at once."""
    files = {
        "source-1.0.tar.gz": b"",
        "other-1.0-cp311-cp311-win_amd64.whl": wheel("other", tag="cp311-cp311-win_amd64"),
        "good-1.0-py3-none-any.whl": wheel("good"),
    }
    with Index(files) as index:
        environment.setenv("UV_DEFAULT_INDEX", index.url)
        with pytest.raises(packages.SourceOnly) as caught:
            resolver(tmp_path).resolve(["good==1.0", "source==1.0", "other==1.0"], LINUX)
        assert set(caught.value.packages) == {"source==1.0", "other==1.0"}
        with pytest.raises(packages.PinsUnknown) as unknown:
            resolver(tmp_path).resolve(["good==2.0", "absent==1.0", "good-too==3"], LINUX)
    assert set(unknown.value.packages) == {"absent==1.0", "good-too==3", "good==2.0"}


def test_a_stopped_resolver_ends(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who stops the work does not wait for uv."""
    stop = threading.Event()
    stop.set()
    environment.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    with pytest.raises(transport.Stopped):
        Resolver(tmp_path, tmp_path / "kept", stop).resolve(["a==1"], LINUX)


def test_what_is_kept_and_damaged_is_asked_again(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file of answers that cannot be read is none."""
    with Index({"a-1.0-py3-none-any.whl": wheel("a")}) as index:
        environment.setenv("UV_DEFAULT_INDEX", index.url)
        found = resolver(tmp_path).resolve(["a==1.0"], LINUX)
        [kept] = (tmp_path / "kept").iterdir()
        kept.write_bytes(kept.read_bytes()[:-5])
        assert resolver(tmp_path).resolve(["a==1.0"], LINUX) == found


@pytest.mark.parametrize("ranges", [True, False])
def test_what_breaks_off_goes_on(carrier: transport.Transport, tmp_path: Path, *, ranges: bool) -> None:
    """A wheel whose connection is cut goes on where it was, or comes again where the index knows no ranges."""
    name = "big-1.0-py3-none-any.whl"
    with Index({name: wheel("big", files=BIG)}, ranges=ranges) as index:
        index.cut = [150_000, 250_000 if not ranges else 100_000]
        count: list[int] = []
        house = Wheelhouse(tmp_path, carrier, count.append)
        path = house.path(served(index, name))
        assert path.read_bytes() == index.files[name]
        assert sum(count) == len(index.files[name])
        first = len(index.asked)
        assert [asked for _, asked in index.asked] == [None, "bytes=150000-", "bytes=250000-"]
        house.path(served(index, name))
        assert len(index.asked) == first


def test_other_bytes_are_not_used(carrier: transport.Transport, tmp_path: Path) -> None:
    """Bytes of another digest stay nowhere, on the way or on the disk; what a disk changed is fetched again."""
    name = "a-1.0-py3-none-any.whl"
    with Index({name: wheel("a")}) as index:
        house, asked = Wheelhouse(tmp_path, carrier), served(index, name)
        index.broken.add(name)
        with pytest.raises(packages.DamagedDownload):
            house.path(asked)
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]
        index.broken.clear()
        path = house.path(asked)
        path.write_bytes(b"x")
        kept = WheelFile(house.path(asked), asked.sha256, lambda: house.fetch(asked))
        kept.check_digest()
        assert path.read_bytes() == index.files[name]


def test_logins_and_absence(environment: pytest.MonkeyPatch, carrier: transport.Transport, tmp_path: Path) -> None:
    """The login of the index's address or of ~/.netrc is used, and no error shows it."""
    name = "a-1.0-py3-none-any.whl"
    with Index({name: wheel("a")}, user="ann:pass-word") as index:
        house, asked = Wheelhouse(tmp_path / "wheels", carrier), served(index, name)
        with pytest.raises(packages.IndexDenied):
            house.path(asked)
        environment.setenv("UV_INDEX", f"team={index.url}")
        assert house.path(asked).is_file()
        gone = Wheel("b", "1.0", "b-1.0-py3-none-any.whl", "0" * 64, 0, asked.url.replace("/a-", "/b-"))
        with pytest.raises(packages.WheelGone) as caught:
            house.path(gone)
        assert "pass-word" not in str(caught.value)
        environment.delenv("UV_INDEX")
        (tmp_path / ".netrc").write_text(f"machine {urlsplit(asked.url).hostname} login ann password pass-word\n")
        (tmp_path / ".netrc").chmod(0o600)
        assert Wheelhouse(tmp_path / "other", carrier).path(asked).is_file()


def test_wheels_of_a_folder(carrier: transport.Transport, tmp_path: Path) -> None:
    """What lies in a folder of wheels is taken from there; what is gone is told."""
    path = tmp_path / "a-1.0-py3-none-any.whl"
    path.write_bytes(wheel("a"))
    asked = Wheel("a", "1.0", path.name, hashlib.sha256(path.read_bytes()).hexdigest(), 0, path.as_uri())
    house = Wheelhouse(tmp_path / "kept", carrier)
    assert house.paths((asked,))[asked].read_bytes() == path.read_bytes()
    path.unlink()
    assert house.path(asked).is_file()
    with pytest.raises(packages.WheelGone):
        Wheelhouse(tmp_path / "other", carrier).path(asked)


def test_the_best_wheel() -> None:
    """More special wheels win; those of other Pythons, machines and newer C libraries are none."""
    names = ["py3-none-any", "cp311-abi3-manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_28_x86_64"]
    others = ["cp312-cp312-manylinux_2_28_x86_64", "cp311-cp311-manylinux_2_34_x86_64", "cp311-cp311-macosx_11_0_arm64"]

    def of(tags: list[str]) -> list[Wheel]:
        return [Wheel("a", "1", f"a-1-{tag}.whl", tag) for tag in tags]

    for count in (3, 2, 1):
        chosen = best(of([*names[:count], *others]), LINUX)
        assert chosen is not None and chosen.sha256 == names[count - 1]
    assert best([*of(others), Wheel("a", "1", "a-1.zip", "")], LINUX) is None
    other = best(of(["cp312-cp312-manylinux2014_aarch64", "py3-none-any"]), Target("3.12", "arm64"))
    assert other is not None and other.sha256 == "cp312-cp312-manylinux2014_aarch64"
