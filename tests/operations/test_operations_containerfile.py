"""`noteship build --containerfile` and `--buildconfig`: other ways to the same image, where code of packages runs."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from cli.projects import Project
from images import containerfile_reading
from images.wheel_index import Index, wheel
from noteship import digests
from noteship import project as projects
from noteship.images import media_types, reference
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.registries.memory_registry import MemoryRegistry
from noteship.images.registries.memory_server import serving
from noteship.images.registries.registry import Registry
from noteship.images.registries.transport import Transport
from noteship.operations import packaged
from noteship.project.settings import EnvironmentSettings

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
# It is installed here, and the index has its source alone.
SOURCE = "threadpoolctl"
VERSION = metadata.version(SOURCE)
# The interpreter that this one's virtual environment is over.
PYTHON = str(Path(sys.base_prefix, "bin", f"python{MINOR}").resolve())
# What builds a wheel without anything else, and leaves word that it ran.
ABOUT = f"Metadata-Version: 2.1\nName: {SOURCE}\nVersion: {VERSION}\n"
BACKEND = f"""
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "{SOURCE}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as archive:
        archive.writestr("{SOURCE}.py", "built = True\\n")
        info = "{SOURCE}-{VERSION}.dist-info/"
        archive.writestr(info + "METADATA", {ABOUT!r})
        archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(info + "RECORD", "")
    return name
"""
SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
SETTINGS = '[image]\npython = "{python}"\n\n[kubernetes]\nnamespace = "team-a"\n'


def source() -> bytes:
    """A package that has no wheel."""
    buffer = io.BytesIO()
    files = {
        "backend.py": BACKEND,
        "pyproject.toml": SYSTEM,
        "PKG-INFO": ABOUT,
    }
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{SOURCE}-{VERSION}/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An index with a small wheel for all that noteship needs, and one package as source alone."""
    environment = projects.inspect(tmp_path_factory.mktemp("locked"), EnvironmentSettings())
    files = {f"{SOURCE}-{VERSION}.tar.gz": source()}
    for pin in packaged.pins(environment, packaged.target_markers(MINOR, "x86_64")):
        name, _, version = pin.partition("==")
        plain = name.replace("-", "_")
        if name != SOURCE:
            files[f"{plain}-{version}-py3-none-any.whl"] = wheel(plain, version=version)
    with Index(files) as served:
        yield served


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What uv keeps of the index."""
    return tmp_path_factory.mktemp("uv")


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """An image without files at a registry of this machine; its interpreter is this machine's own."""
    with serving(MemoryRegistry()) as host, Transport() as transport:
        name = f"{host}/team/base:1"
        place = Registry(reference.parsed(name), transport)

        def put(kind: str, value: object) -> Descriptor:
            data = json.dumps(value).encode()
            found = Blob.of(kind, data)
            place.put(found)
            return found.descriptor

        said = {"Env": ["PATH=/usr/bin:/bin", "PYTHONPATH=/opt/theirs", 'ODD=a "b" $c']}
        rootfs = {"type": "layers", "diff_ids": []}
        config = put(media_types.CONFIG, {"architecture": "amd64", "os": "linux", "config": said, "rootfs": rootfs})
        manifest = {"schemaVersion": 2, "mediaType": media_types.MANIFEST, "config": config.to_json(), "layers": []}
        place.put_manifest(json.dumps(manifest).encode(), media_types.MANIFEST, "1")
        yield name


@pytest.fixture
def sourced(project: Project, index: Index, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a package that has no wheel."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    monkeypatch.setenv("UV_CACHE_DIR", str(kept))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project.write("noteship.toml", SETTINGS.format(python=PYTHON))
    project.write("requirements.lock", f"{SOURCE}=={VERSION}\n")
    project.write("helpers.py", "one = 1\n")
    cell = {
        "cell_type": "code",
        "metadata": {},
        "source": "1",
        "execution_count": 1,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "what a cell said"}],
    }
    project.write("a.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}))
    project.write(".env", "TOKEN=secret")
    return project


def test_a_package_without_a_wheel_names_these_ways(sourced: Project, base: str, tmp_path: Path) -> None:
    """`build` refuses it by name, and says which ways there are."""
    answer = sourced.call("build", "--base", base, "--output", str(tmp_path / "one"))
    assert answer.code == 1 and f"{SOURCE}=={VERSION}: there is no wheel for Python" in answer.err
    assert "--containerfile" in answer.err and "--buildconfig" in answer.err


def test_a_containerfile_says_what_the_image_is(sourced: Project, base: str) -> None:
    """Base by digest, packages by the digests of their files, and all that a configuration says; read strictly."""
    made = sourced.json("build", "--containerfile", "--base", base)
    read = containerfile_reading.read(made["containerfile"])
    first, second = read.stages
    digest = made["base"].partition("@")[2]
    assert first.base == second.base == f"{base.removesuffix(':1')}@{digest}"
    assert made["sources"] == [f"{SOURCE}=={VERSION}"] and "numpy" in " ".join(made["packages"])
    assert second.variables["HOME"] == "/tmp" and second.variables["PYTHONPATH"] == ""
    assert second.variables["PATH"] == "/opt/noteship/bin:/usr/bin:/bin"
    assert "ODD" not in second.variables
    assert second.labels["dev.noteship.environment"] == made["environment"]
    assert (second.user, second.folder) == ("65532:0", "/project")
    assert second.entrypoint == ["/opt/noteship/bin/python", "-P", "-m", "noteship"]
    assert second.command == ["--help"]
    assert second.copied == [("/opt/noteship/", "/opt/noteship/"), ("project/", "/project/")]
    assert any("--require-hashes" in words for words in first.ran)


def test_the_folder_holds_what_layers_would(sourced: Project, base: str, tmp_path: Path, index: Index) -> None:
    """Notebooks without outputs, no secrets, noteship itself; what was taken out of the project goes the next time."""
    words = ("build", "--containerfile", "--base", base, "--output", str(tmp_path / "to"))
    made = sourced.json(*words)
    files = {path.relative_to(tmp_path / "to").as_posix() for path in (tmp_path / "to").rglob("*") if path.is_file()}
    assert made["files"] == len(files)
    site = f"opt/noteship/lib/python{MINOR}/site-packages"
    assert {
        "Containerfile",
        ".dockerignore",
        "packages.txt",
        "project/helpers.py",
        f"{site}/noteship/cli/main.py",
    } <= files
    assert (tmp_path / "to/Containerfile").read_text() == made["containerfile"]
    assert not any(".env" in name for name in files)
    assert "what a cell said" not in (tmp_path / "to/project/a.ipynb").read_text()
    locked = (tmp_path / "to/packages.txt").read_text().splitlines()
    assert f"{SOURCE}=={VERSION} --hash=sha256:{digests.of_bytes(index.files[f'{SOURCE}-{VERSION}.tar.gz'])}" in locked
    assert len(locked) == len(made["packages"])
    (tmp_path / "to/notes.txt").write_text("mine")
    (sourced.root / "helpers.py").unlink()
    sourced.json(*words)
    assert not (tmp_path / "to/project/helpers.py").exists()
    assert (tmp_path / "to/notes.txt").read_text() == "mine"


def test_other_folders_stay_what_they_are(sourced: Project, base: str, tmp_path: Path) -> None:
    """A folder with files of others, the project's own, and one in it are refused, and nothing in them changes."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other/Containerfile").write_text("FROM scratch\n")
    for folder in (tmp_path / "other", sourced.root, sourced.root / "image", sourced.root.parent):
        answer = sourced.call("build", "--containerfile", "--base", base, "--output", str(folder))
        assert answer.code == 2 and "cannot be the folder that an image is built from" in answer.err
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["Containerfile"]
    assert (sourced.root / "helpers.py").exists() and not (sourced.root / "image").exists()
    assert sourced.call("build", "--containerfile", "--base", base, "--output", str(sourced.root / ".image")).code == 0


def test_a_base_in_a_folder_cannot_be_named(sourced: Project, tmp_path: Path) -> None:
    """A Containerfile builds on images of registries."""
    from operations.test_operations_build import put_base

    answer = sourced.call("build", "--containerfile", "--base", put_base(tmp_path / "base"))
    assert answer.code == 2 and "can only build on an image of a registry" in answer.err


@pytest.mark.debian
@pytest.mark.slow
def test_buildah_builds_it(sourced: Project, base: str, tmp_path: Path, index: Index) -> None:
    """The image that buildah makes of the folder has the files, the built package, and the configuration."""
    folder = tmp_path / "to"
    made = sourced.json("build", "--containerfile", "--base", base, "--output", str(folder))
    (folder / "stray.txt").write_text("no part of it")
    rest = ["--root", str(tmp_path / "kept"), "--runroot", str(tmp_path / "run"), "--storage-driver", "vfs"]
    mounted = [f"-v{each}:{each}:ro" for each in {"/usr", "/lib", "/lib64", "/bin", sys.base_prefix}]
    build = [
        "bud",
        "--isolation",
        "chroot",
        "--tls-verify=false",
        "--build-arg",
        f"PIP_INDEX_URL={index.url}",
        *mounted,
    ]
    subprocess.run(["buildah", *rest, *build, "-t", "mail", str(folder)], check=True, capture_output=True, timeout=300)
    said = subprocess.run(["buildah", *rest, "inspect", "--type", "image", "mail"], check=True, capture_output=True)
    config = json.loads(said.stdout)["OCIv1"]["config"]
    variables = dict(each.split("=", 1) for each in config["Env"])
    assert variables["ODD"] == 'a "b" $c' and variables["PYTHONPATH"] == "" and variables["USER"] == "noteship"
    assert (config["User"], config["WorkingDir"], config["Cmd"]) == ("65532:0", "/project", ["--help"])
    assert config["Entrypoint"] == ["/opt/noteship/bin/python", "-P", "-m", "noteship"]
    assert config["Labels"]["dev.noteship.environment"] == made["environment"]
    image = f"oci:{tmp_path / 'out'}:1"
    subprocess.run(["buildah", *rest, "push", "mail", image], check=True, capture_output=True)
    files = containerfile_reading.files_of(tmp_path / "out", "1")
    site = f"opt/noteship/lib/python{MINOR}/site-packages"
    tag = f"cpython-{MINOR.replace('.', '')}"
    assert files[f"{site}/{SOURCE}.py"] == b"built = True\n"
    assert {f"{site}/numpy.py", f"{site}/noteship/__main__.py", "project/helpers.py", "project/a.ipynb"} <= set(files)
    assert f"{site}/noteship/cli/__pycache__/main.{tag}.pyc" in files
    assert b"what a cell said" not in files["project/a.ipynb"]
    assert not any(name.endswith(("stray.txt", ".env", "packages.txt")) for name in files)


def test_a_buildconfig_for_a_registry(project: Project) -> None:
    """Secrets by name, resources, where it goes; without a registry an image stream comes first."""
    project.write(
        "noteship.toml",
        '[image.builder]\npull_secret = "base"\npush_secret = "push"\ncpu = "4"\nmemory = "8Gi"\n'
        '[kubernetes]\nname = "mail"\nnamespace = "team-a"\nregistry = "registry.example.org/team-a/mail"\n',
    )
    [config] = project.json("build", "--buildconfig")["manifests"]
    spec = config["spec"]
    assert (config["apiVersion"], config["kind"]) == ("build.openshift.io/v1", "BuildConfig")
    assert spec["source"] == {"type": "Binary", "binary": {}}
    assert spec["strategy"]["dockerStrategy"] == {"pullSecret": {"name": "base"}, "dockerfilePath": "Containerfile"}
    to = {"kind": "DockerImage", "name": "registry.example.org/team-a/mail:latest"}
    assert spec["output"] == {"to": to, "pushSecret": {"name": "push"}}
    assert spec["resources"]["limits"] == {"cpu": "4", "memory": "8Gi"}
    assert project.json("build", "--buildconfig") == project.json("build", "--buildconfig")


def test_a_buildconfig_of_a_repository_and_a_stream(project: Project, tmp_path: Path) -> None:
    """The folder may lie in a repository; the image stays in the cluster; a secret to push with is then an error."""
    settings = '[kubernetes]\nnamespace = "team-a"\n[image.builder]\ngit = "https://git.example.org/team-a/mail.git"\n'
    project.write("noteship.toml", f'{settings}ref = "main"\nfolder = "image"\ngit_secret = "clone"\n')
    stream, config = project.json("build", "--buildconfig", "--output", str(tmp_path))["manifests"]
    assert stream["kind"] == "ImageStream" and stream["metadata"]["name"] == config["metadata"]["name"]
    git = {"uri": "https://git.example.org/team-a/mail.git", "ref": "main"}
    source = {"type": "Git", "git": git, "contextDir": "image", "sourceSecret": {"name": "clone"}}
    assert config["spec"]["source"] == source
    assert config["spec"]["output"]["to"] == {"kind": "ImageStreamTag", "name": f"{stream['metadata']['name']}:latest"}
    assert [path.suffix for path in tmp_path.glob("*-build.yaml")] == [".yaml"]
    project.write("noteship.toml", f'{settings}push_secret = "push"\n')
    answer = project.call("build", "--buildconfig")
    assert answer.code == 2 and "image.builder.push_secret would have no effect" in answer.err
