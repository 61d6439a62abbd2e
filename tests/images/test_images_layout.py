"""OCI folders: what the contract of destinations does not say."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from images import image_making
from noteship.images import errors, media_types
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.layers.entry import Entry, Held
from noteship.images.layout import Layout

ENTRIES = [Entry("project/a.py", Held(b"a = 1\n"))]


def index(folder: Path) -> list[dict[str, object]]:
    return list(json.loads((folder / "index.json").read_bytes())["manifests"])


def manifest(text: str) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": media_types.MANIFEST, "annotations": {"x": text}}).encode()


def tags(folder: Path) -> list[str]:
    return sorted(
        str(each.get("annotations", {}).get("org.opencontainers.image.ref.name", "")) for each in index(folder)
    )  # type: ignore[attr-defined]


def test_two_folders_of_one_image_are_the_same(tmp_path: Path) -> None:
    """Every file of the folder is a function of what was put."""
    made = image_making.composed(tmp_path / "layers", ENTRIES)
    contents = []
    for name in ("one", "two"):
        image_making.bring(made, Layout(tmp_path / name), "1.0")
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        contents.append({str(path.relative_to(tmp_path / name)): path.read_bytes() for path in files})
    assert contents[0] == contents[1]
    assert contents[0].keys() >= {"oci-layout", "index.json"}
    assert json.loads(contents[0]["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    assert len(contents[0]) == 2 + 4


def test_a_tag_is_of_one_manifest(tmp_path: Path) -> None:
    """A moved tag leaves what had it; a manifest can have several; one without a tag is listed once."""
    folder = Layout(tmp_path)
    first = folder.put_manifest(manifest("1"), media_types.MANIFEST)
    folder.put_manifest(manifest("1"), media_types.MANIFEST)
    assert tags(tmp_path) == [""]
    folder.put_manifest(manifest("1"), media_types.MANIFEST, "a")
    folder.put_manifest(manifest("1"), media_types.MANIFEST, "b")
    folder.put_manifest(manifest("1"), media_types.MANIFEST)
    assert tags(tmp_path) == ["a", "b"]
    folder.put_manifest(manifest("2"), media_types.MANIFEST, "a")
    assert tags(tmp_path) == ["a", "b"]
    assert folder.manifest("a", ())[0] == manifest("2")
    assert folder.manifest(first.digest, ())[0] == manifest("1")


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """Where files are and no mark of an OCI folder, nothing is written."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(errors.NoImageFolder, match="no oci-layout"):
        Layout(tmp_path).put_manifest(manifest("1"), media_types.MANIFEST)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    (tmp_path / "oci-layout").write_text('{"imageLayoutVersion": "2.0.0"}')
    with pytest.raises(errors.NoImageFolder, match=r"1\.0\.0"):
        Layout(tmp_path).put_manifest(manifest("1"), media_types.MANIFEST)


@pytest.mark.parametrize("text", ["{", "[]", '{"manifests": [1]}', '{"manifests": [{}]}', "{}"])
def test_a_damaged_index_is_named_and_kept(tmp_path: Path, text: str) -> None:
    """What cannot be read is not written over."""
    folder = Layout(tmp_path)
    folder.put_manifest(manifest("1"), media_types.MANIFEST, "a")
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(errors.NoImageFolder, match=r"index\.json is damaged"):
        folder.put_manifest(manifest("2"), media_types.MANIFEST, "b")
    with pytest.raises(errors.NoImageFolder):
        folder.manifest("a", ())
    assert (tmp_path / "index.json").read_text() == text


def test_damage_is_found_when_it_is_read(tmp_path: Path) -> None:
    """Blobs and manifests that lie there with other bytes are errors; a blob of another size is put again."""
    made = image_making.composed(tmp_path / "layers", ENTRIES)
    folder = Layout(tmp_path / "oci")
    written = image_making.bring(made, folder, "1.0")
    layer = made.layers[0].blob
    place = tmp_path / "oci/blobs/sha256" / layer.descriptor.digest.removeprefix("sha256:")
    sound = place.read_bytes()
    for damage in (sound[:-1], sound + b"x", b"x" + sound[1:], b""):
        place.write_bytes(damage)
        with pytest.raises(errors.WrongBytes), folder.read(layer.descriptor).open() as stream:
            stream.read()
    folder.put(layer)
    assert place.read_bytes() == sound
    place = tmp_path / "oci/blobs/sha256" / written.digest.removeprefix("sha256:")
    place.write_bytes(place.read_bytes() + b" ")
    for name in ("1.0", written.digest):
        with pytest.raises(errors.WrongBytes):
            folder.manifest(name, ())


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    """What is no digest is no blob, whatever file it names."""
    folder = Layout(tmp_path / "oci")
    folder.put_manifest(manifest("1"), media_types.MANIFEST, "a")
    for name in ("../../index.json", "sha256:../../index.json", "/etc/passwd", ""):
        with pytest.raises(errors.NotInRegistry):
            folder.manifest(name, ())
        with pytest.raises(errors.NotInRegistry):
            folder.read(Descriptor(media_types.LAYER, name, 1))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The fault is the place's, and said so."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(errors.ImageFolderUnwritable, match=str(tmp_path)):
        Layout(tmp_path / "file" / "oci").put(Blob(Descriptor("x", f"sha256:{'0' * 64}", 1), lambda: io.BytesIO(b"1")))


WRITER = """
import json, sys
from pathlib import Path
from noteship.images import media_types
from noteship.images.layout import Layout
for number in range(15):
    body = json.dumps({"schemaVersion": 2, "by": sys.argv[2], "number": number}).encode()
    Layout(Path(sys.argv[1])).put_manifest(body, media_types.MANIFEST, f"{sys.argv[2]}-{number}")
"""


def test_several_processes_write_one_folder(tmp_path: Path) -> None:
    """No tag of any of them is lost, though the folder was not there when they began."""
    folder = tmp_path / "deep" / "oci"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(folder), name]) for name in ("one", "two", "three")]
    assert [each.wait(120) for each in writers] == [0, 0, 0]
    assert tags(folder) == sorted(f"{name}-{number}" for name in ("one", "two", "three") for number in range(15))


def test_manifests_about_others_say_what_they_are(tmp_path: Path) -> None:
    """A list of packages beside an image is told from it in the index."""
    body = json.dumps({"schemaVersion": 2, "artifactType": "application/spdx+json"}).encode()
    Layout(tmp_path).put_manifest(body, media_types.MANIFEST)
    assert [each["artifactType"] for each in index(tmp_path)] == ["application/spdx+json"]
