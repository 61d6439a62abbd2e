"""A project in an image: the same environment and the same keys as where it was built, whatever the image has not."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from cli.projects import Project
from images.layer_reading import files_of
from noteship import workflow
from noteship.images.layout import Layout
from noteship.operations import carried, carried_project
from noteship.operations.errors import OutsideRead, SecretRead
from noteship.operations.opened import OpenedProject
from noteship.operations.stages import chosen_of, graph_of
from operations.test_operations_build import built, index, kept, put_base
from operations.unpacked_images import UnpackedImage, make_venv

__all__ = ["built", "index", "kept"]

CLEAN = """
import json, helpers
rows = open('raw.csv').read().splitlines()
label = json.load(open('.labels.json'))['label']
print(len(rows))
open('clean/rows.csv', 'w').write('\\n'.join([helpers.head(label), *rows[:10]]))
"""
TRAIN = "open('model.txt', 'w').write(open('clean/rows.csv').read() + open('extra/more.txt').read())"


@pytest.fixture
def wide(built: Project, tmp_path: Path) -> Project:
    """Notebooks with outputs, 2 MB of raw data, a hidden file that is read, an excluded one, a folder to write into."""
    (built.root / "a.ipynb").unlink()
    (built.root / "out.txt").unlink()
    built.write("helpers.py", "def head(label):\n    return f'a,{label}'\n")
    built.write("raw.csv", "1,2\n" * 500_000)
    built.write(".labels.json", '{"label": "spam"}')
    built.write("extra/more.txt", "more")
    built.write("clean/.gitkeep", "")
    built.notebook("01-clean", CLEAN)
    built.notebook("02-train", TRAIN)
    built.write("noteship.toml", f'[store]\nurl = "{tmp_path}/store"\n[image]\nexclude = ["extra/*"]\n')
    return built


def opened_of(project: Project) -> tuple[OpenedProject, workflow.Graph]:
    opened = OpenedProject.at(project.root)
    return opened, chosen_of(opened, graph_of(opened), ())


def keys_here(project: Project) -> dict[str, str]:
    opened, graph = opened_of(project)
    choices = workflow.plan(graph, opened.workplace)
    return {name: each.result.key for name, each in choices.items() if isinstance(each, workflow.Reuse)}


def image_of(project: Project, folder: Path) -> UnpackedImage:
    base = put_base(folder / "base")
    made = project.json("build", "--base", base, "--output", str(folder / "oci"))
    return UnpackedImage(files_of(Layout(folder / "oci"), made["digest"]), folder / "root")


def with_outputs(project: Project, name: str) -> None:
    document = json.loads(project.text(f"{name}.ipynb"))
    document["cells"][0] |= {
        "execution_count": 7,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "x" * 2_000_000}],
    }
    project.write(f"{name}.ipynb", json.dumps(document))


@pytest.mark.slow
@pytest.mark.parametrize("lock", ["none", "large", "other python"])
def test_stages_have_the_same_keys_in_the_image(wide: Project, tmp_path: Path, lock: str) -> None:
    """What ran here is reused there, to the last stage; nothing is asked of the image's own packages."""
    if lock == "large":
        line = f"numpy=={metadata.version('numpy')}; python_version >= '3.8'\n"
        wide.write("requirements.lock", line + "# \n" * 600_000)
    if lock == "other python":
        # Without much of what noteship needs, which the image has beside it.
        make_venv(wide.root / ".venv", ("duckdb", "_duckdb", "skops", "uvicorn", "starlette"))
    ran = wide.json("run")
    assert ran["state"] == "done", ran
    with_outputs(wide, "01-clean")
    opened, graph = opened_of(wide)
    digest = carried.put(opened, graph)
    found = carried_project.read(opened.store, digest)
    assert set(found.files) == {"raw.csv", ".labels.json", "extra/more.txt"}
    there = image_of(wide, tmp_path / "image").asked(f"{tmp_path}/store", digest, tmp_path / "pod")
    assert there["environment"] == opened.environment.digest
    assert there["name"] == opened.name
    assert there["keys"] == keys_here(wide) and len(there["keys"]) == 2
    assert carried.put(opened, graph) == digest


@pytest.mark.slow
def test_a_stage_runs_in_the_image_and_warms_the_laptop(wide: Project, tmp_path: Path) -> None:
    """Cold in the image, everything is reused here; the folder that the stage writes into is there."""
    opened, graph = opened_of(wide)
    digest = carried.put(opened, graph)
    image = image_of(wide, tmp_path / "image")
    asked = image.asked(f"{tmp_path}/store", digest, tmp_path / "pod")
    answer = image.call("-m", "noteship", "run", "--json", "--project", asked["root"])
    assert answer.returncode == 0, answer.stderr + answer.stdout
    assert wide.states() == {"01-clean": "reused", "02-train": "reused"}


@pytest.mark.slow
def test_what_a_stage_reads_unseen_is_named(wide: Project, tmp_path: Path) -> None:
    """A file that the image has not and that reading did not show is missing; the failure says how it goes along."""
    wide.write("names.txt", "big.bin")
    wide.write("big.bin", "x" * 1_100_000)
    wide.notebook("03-big", "name = open('names.txt').read().strip()\nopen('n.txt', 'w').write(open(name).read()[:3])")
    opened, graph = opened_of(wide)
    digest = carried.put(opened, graph)
    image = image_of(wide, tmp_path / "image")
    asked = image.asked(f"{tmp_path}/store", digest, tmp_path / "pod")
    answer = image.call("-m", "noteship", "run", "03-big", "--json", "--project", asked["root"])
    [stage] = json.loads(answer.stdout)["stages"]
    assert answer.returncode == 1
    assert 'reads = ["big.bin"] under [stage.03-big]' in stage["failure"]["remedy"], stage
    assert "files of up to" in stage["failure"]["remedy"]


def test_no_secret_goes_along(wide: Project) -> None:
    """A stage that reads what looks like a secret is named with the file, and nothing is handed over."""
    wide.write("config/credentials.json", '{"password": "x"}')
    wide.notebook("03-fetch", "import json\nopen('n.txt', 'w').write(json.load(open('config/credentials.json'))['a'])")
    opened, graph = opened_of(wide)
    with pytest.raises(SecretRead) as error:
        carried.put(opened, graph)
    assert (error.value.stage, error.value.path) == ("03-fetch", "config/credentials.json")
    assert list(opened.store.refs("carried/")) == []


def test_what_lies_elsewhere_is_named(wide: Project, tmp_path: Path) -> None:
    """A stage that reads a file of this machine would have another key in a pod: that is told before it goes there."""
    place = tmp_path / "elsewhere.csv"
    place.write_text("1")
    wide.notebook("03-far", f"open('n.txt', 'w').write(open({str(place)!r}).read())")
    opened, graph = opened_of(wide)
    with pytest.raises(OutsideRead) as error:
        carried.put(opened, graph)
    assert (error.value.stage, error.value.path) == ("03-far", str(place))


def test_what_is_handed_over_is_kept(wide: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """`gc` leaves what pods may ask for, until nobody has asked for a hundred days."""
    opened, graph = opened_of(wide)
    digest = carried.put(opened, graph)
    needed = set(carried_project.needed(opened.store))
    found = carried_project.read(opened.store, digest)
    assert needed == {digest, *(each.digest for each in found.files.values())}
    ref = opened.store.read_ref(f"carried/{digest}")
    assert ref is not None
    opened.store.write_ref(ref.name, {"asked": "2020-01-01"}, expected=ref)
    assert set(carried_project.needed(opened.store)) == set()
    wide.json("gc")
    assert list(opened.store.refs("carried/")) == []


def test_what_stages_change_in_place_goes_as_it_was(wide: Project, tmp_path: Path) -> None:
    """Pods begin with the original, not with what a run here has made of it."""
    wide.write("table.csv", "1")
    wide.notebook("03-more", "text = open('table.csv').read()\nopen('table.csv', 'w').write(text + '2')")
    assert wide.json("run", "03-more")["state"] == "done"
    assert wide.text("table.csv") == "12"
    opened, graph = opened_of(wide)
    digest = carried.put(opened, graph)
    (tmp_path / "layer").mkdir()
    root = carried.unpacked(opened.store, digest, tmp_path / "layer", tmp_path / "pod")
    assert (root / "table.csv").read_text() == "1"


def test_a_damaged_document_is_told(wide: Project) -> None:
    """What is not in the store, or is no such document, is an error that says so."""
    opened, _ = opened_of(wide)
    other = opened.store.put_bytes(b'{"version": 1, "folder": "../up"}')
    for digest, words in (("0" * 64, "not in"), (other, "not of the form")):
        with pytest.raises(carried_project.CarriedUnusable) as error:
            carried_project.read(opened.store, carried_project.Digest(digest))
        assert words in str(error.value)
