"""`noteship build`: real packages of an index on this machine, to a registry and to a folder, nothing executed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.markers import default_environment

from cli.projects import Project
from images.layer_reading import files_of
from images.wheel_index import Index, wheel
from noteship import project as projects
from noteship.images import media_types, sbom
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.layout import Layout
from noteship.images.registries.memory_registry import MemoryRegistry
from noteship.images.registries.memory_server import serving
from noteship.operations import packaged
from noteship.operations.opened import OpenedProject
from noteship.project.settings import EnvironmentSettings

ROOT = Path(__file__).parents[2]
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def put_base(folder: Path, minor: str = MINOR) -> str:
    """A base without files, in an OCI folder; gives its name."""
    place = Layout(folder)

    def put(kind: str, value: object) -> Descriptor:
        data = json.dumps(value).encode()
        found = Blob.of(kind, data)
        place.put(found)
        return found.descriptor

    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": [f"PYTHON_VERSION={minor}"]},
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    described = put(media_types.CONFIG, config)
    manifest = {"schemaVersion": 2, "mediaType": media_types.MANIFEST, "config": described.to_json(), "layers": []}
    place.put_manifest(json.dumps(manifest).encode(), media_types.MANIFEST, "base")
    return f"oci:{folder}:base"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An index with a small wheel for everything that is installed here."""
    root = tmp_path_factory.mktemp("locked")
    environment = projects.inspect(root, EnvironmentSettings())
    markers = packaged.target_markers(MINOR, "x86_64")
    files = {}
    for pin in packaged.pins(environment, markers):
        name, _, version = pin.partition("==")
        plain = name.replace("-", "_")
        files[f"{plain}-{version}-py3-none-any.whl"] = wheel(plain, version=version)
    with Index(files) as serving_index:
        yield serving_index


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What uv keeps of the index."""
    return tmp_path_factory.mktemp("uv")


@pytest.fixture
def built(project: Project, index: Index, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project that can be built."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    monkeypatch.setenv("UV_CACHE_DIR", str(kept))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project.write("helpers.py", "one = 1\n")
    project.notebook("a", "import helpers\nopen('out.txt', 'w').write(str(helpers.one))")
    project.write("out.txt", "1")
    project.write(".env", "TOKEN=secret")
    return project


@pytest.mark.slow
def test_an_image_in_a_folder(built: Project, tmp_path: Path) -> None:
    """It has the packages, noteship, the project without outputs and secrets; it is the same again, byte for byte."""
    base = put_base(tmp_path / "base")
    first = built.json("build", "--base", base, "--output", str(tmp_path / "one"))
    files = files_of(Layout(tmp_path / "one"), first["digest"])
    site = f"opt/noteship/lib/python{MINOR}/site-packages"
    assert {f"{site}/numpy.py", f"{site}/noteship/__main__.py", "project/helpers.py", "project/a.ipynb"} <= set(files)
    assert not {"project/out.txt", "project/.env"} & set(files)
    compiled = {path.removesuffix(f".cpython-{MINOR.replace('.', '')}.pyc") for path in files}
    assert {f"{site}/__pycache__/numpy", f"{site}/noteship/cli/__pycache__/main"} <= compiled
    assert not {f"{site}/__pycache__/ipykernel", "project/__pycache__/helpers"} & compiled
    assert any(each.startswith(".env: ") for each in first["left_out"])
    assert first["bundle"] is None and first["sent"]["layers"] > 3
    second = built.json("build", "--base", base, "--output", str(tmp_path / "two"))
    assert second["digest"] == first["digest"]
    assert {path.name for path in (tmp_path / "two/blobs/sha256").iterdir()} == {
        path.name for path in (tmp_path / "one/blobs/sha256").iterdir()
    }
    again = built.json("build", "--base", base, "--output", str(tmp_path / "two"))
    assert again["sent"] == {"layers": 0, "size_bytes": 0}


def test_what_changed_is_sent(built: Project, tmp_path: Path) -> None:
    """After a change of one module one layer goes to the registry; a notebook that ran again changes nothing."""
    base = put_base(tmp_path / "base")
    registry = MemoryRegistry()
    with serving(registry) as host:
        words = ("build", "--base", base, "--to", f"{host}/team/mail")
        first = built.json(*words)
        document = json.loads(built.text("a.ipynb"))
        document["cells"][0] |= {
            "execution_count": 7,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}],
        }
        built.write("a.ipynb", json.dumps(document, indent=2))
        assert built.json(*words)["digest"] == first["digest"]
        built.write("helpers.py", "one = 2\n")
        second = built.json(*words)
    assert second["digest"] != first["digest"]
    # The layer, and the configuration that names it.
    assert second["sent"]["layers"] == 2 and second["sent"]["size_bytes"] < 20_000
    assert second["image"] == f"{host}/team/mail:{second['digest'][7:19]}@{second['digest']}"
    changed = [a["title"] for a, b in zip(first["layers"], second["layers"], strict=True) if a != b]
    assert changed in ([], [f"the project {OpenedProject.at(built.root).name}"])


@pytest.mark.slow
def test_the_list_of_packages_is_beside_it(built: Project, tmp_path: Path) -> None:
    """Who asks for what is about the image finds a list with every package and its wheel's digest."""
    base = put_base(tmp_path / "base")
    answer = built.json("build", "--base", base, "--output", str(tmp_path / "one"))
    place = Layout(tmp_path / "one")
    entries = json.loads((tmp_path / "one/index.json").read_bytes())["manifests"]
    [about] = [each for each in entries if each.get("artifactType") == sbom.TYPE]
    manifest = json.loads(place.manifest(about["digest"], media_types.IMAGES)[0])
    assert manifest["subject"]["digest"] == answer["digest"]
    layer = manifest["layers"][0]
    with place.read(Descriptor(layer["mediaType"], layer["digest"], layer["size"])).open() as stream:
        listed = json.loads(stream.read())
    names = {each["name"]: each for each in listed["components"]}
    assert {"numpy", "pandas", "starlette"} <= set(names)
    assert names["numpy"]["purl"].startswith("pkg:pypi/numpy@") and len(names["numpy"]["hashes"][0]["content"]) == 64


def test_what_is_missing_is_said(built: Project, tmp_path: Path) -> None:
    """No base, no destination, another Python, a base that says none: each is told before anything is fetched."""
    answer = built.call("build", "--output", str(tmp_path / "one"))
    assert answer.code == 2 and "nothing says which image to build on" in answer.err
    base = put_base(tmp_path / "base")
    answer = built.call("build", "--base", base)
    assert answer.code == 2 and "nothing says where the image goes" in answer.err
    answer = built.call("build", "--base", put_base(tmp_path / "other", "3.99"), "--output", str(tmp_path / "one"))
    assert answer.code == 2 and f"has Python 3.99, and the project is locked for {MINOR}" in answer.err
    answer = built.call("build", "latest", "--base", base, "--output", str(tmp_path / "one"))
    assert answer.code == 2 and "has no bundle yet" in answer.err
    assert not (tmp_path / "cache").exists()


def test_a_lock_without_noteship_is_completed(tmp_path: Path) -> None:
    """What noteship needs and the lock does not name is added as it is installed; the lock's own versions stay."""
    environment = projects.inspect(tmp_path, EnvironmentSettings())
    here = packaged.target_markers(MINOR, default_environment()["platform_machine"])
    line = f"numpy=={environment.installed['numpy']}"
    few = projects.Environment(
        environment.interpreter,
        "requirements.lock",
        (line, "winonly==1; sys_platform == 'win32'"),
        environment.installed,
    )
    found = packaged.pins(few, here)
    names = {pin.partition("==")[0] for pin in found}
    assert line in found and {"starlette", "pandas", "anyio"} <= names
    assert "winonly" not in names and "pytest" not in names and "noteship" not in names


def test_what_a_service_needs_is_known_from_its_list() -> None:
    """The packages that are compiled are those of the list that production installs, and what they need."""
    lines = (ROOT / "requirements-serve.in").read_text().splitlines()
    names = {re.split(r"[><=; ]", line)[0] for line in lines if line and not line.startswith("#")}
    assert {*packaged.SERVED} == names
    environment = projects.inspect(ROOT, EnvironmentSettings())
    served = packaged.served(environment, ["LightGBM"], packaged.target_markers(MINOR, "x86_64"))
    assert {"lightgbm", "scipy", "joblib", "h11"} <= served
    assert not {"ipykernel", "duckdb", "matplotlib", "pygments"} & served
