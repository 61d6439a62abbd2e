"""What other tools make of an image: skopeo copies it, umoci unpacks it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from images import image_making, wheel_making
from noteship.images.image import About
from noteship.images.layers.entry import Entry, Held, Link
from noteship.images.layout import Layout

pytestmark = pytest.mark.debian

LONG = "project/" + "deep/" * 40 + "größe.txt"


def ran(*words: str | Path) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    wheel = wheel_making.wheel(tmp_path / "wheels", "tool", {"tool.py": b"x = 1\n" * 5000, "data.bin": bytes(200_000)})
    entries: list[Entry | Link] = [
        *image_making.ENVIRONMENT.entries,
        *wheel.entries(image_making.ENVIRONMENT),
        Entry(LONG, Held(b"long")),
        Entry("project/run.sh", Held(b"#!/bin/sh\n"), executable=True),
    ]
    made = image_making.composed(tmp_path / "layers", entries, About(arguments=("serve",)))
    image_making.bring(made, Layout(tmp_path / "oci"), "1.0")
    return tmp_path / "oci"


def test_skopeo_reads_and_copies_it(folder: Path, tmp_path: Path) -> None:
    """It finds configuration and layers, verifies all digests, and a copy has the same manifest."""
    said = json.loads(ran("skopeo", "inspect", f"oci:{folder}:1.0"))
    assert (said["Architecture"], said["Os"], len(said["Layers"])) == ("arm64", "linux", 2)
    ran("skopeo", "--insecure-policy", "copy", f"oci:{folder}:1.0", f"oci:{tmp_path / 'copy'}:1.0")
    assert Layout(tmp_path / "copy").manifest("1.0", ()) == Layout(folder).manifest("1.0", ())


def test_it_can_be_an_archive_of_docker(folder: Path, tmp_path: Path) -> None:
    """Converted to Docker's own form, which unpacks every layer, its diffIDs hold."""
    archive = tmp_path / "archive.tar"
    ran("skopeo", "--insecure-policy", "copy", f"oci:{folder}:1.0", f"docker-archive:{archive}:mail:1.0")
    config = json.loads(ran("skopeo", "inspect", "--config", "--raw", f"docker-archive:{archive}"))
    own = json.loads(ran("skopeo", "inspect", "--config", "--raw", f"oci:{folder}:1.0"))
    assert config["rootfs"]["diff_ids"] == own["rootfs"]["diff_ids"]


def test_umoci_unpacks_it(folder: Path, tmp_path: Path) -> None:
    """A root file system comes out with the files, links and modes of all layers."""
    ran("umoci", "unpack", "--rootless", "--image", f"{folder}:1.0", tmp_path / "bundle")
    root = tmp_path / "bundle" / "rootfs"
    site = root / "opt/noteship/lib/python3.12/site-packages"
    assert (site / "tool.py").read_bytes() == b"x = 1\n" * 5000
    assert (site / "data.bin").read_bytes() == bytes(200_000)
    assert (root / LONG).read_bytes() == b"long"
    assert (root / "etc/base").read_bytes() == b"base"
    assert (root / "project/run.sh").stat().st_mode & 0o777 == 0o755
    assert (root / "opt/noteship/bin/python").readlink() == Path("/usr/local/bin/python3.12")
    process = json.loads((tmp_path / "bundle" / "config.json").read_bytes())["process"]
    assert process["args"] == ["/opt/noteship/bin/python", "-P", "-m", "noteship", "serve"]
    assert process["user"]["uid"] == 65532
