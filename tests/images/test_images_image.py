"""Configuration and manifest of an image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from images import image_making
from images.image_making import CONFIG, ENVIRONMENT
from noteship.images import base_python, errors, media_types
from noteship.images.image import About
from noteship.images.layers.entry import Entry, Held
from noteship.images.layers.environment import Environment

ENTRIES = [Entry("project/a.py", Held(b"a = 1\n"))]


def config_of(folder: Path, about: About | None = None, config: dict[str, Any] | None = None) -> dict[str, Any]:
    with image_making.composed(folder, ENTRIES, about, config).config.open() as stream:
        return dict(json.load(stream))


def variables(config: dict[str, Any]) -> dict[str, str]:
    return dict(each.split("=", 1) for each in config["config"]["Env"])


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    """Manifest and configuration of two builds, with caches of their own, are the same bytes."""
    first = image_making.composed(tmp_path / "a", ENTRIES)
    second = image_making.composed(tmp_path / "b", ENTRIES)
    assert first.manifest == second.manifest
    assert first.descriptor == second.descriptor
    assert first.config.descriptor == second.config.descriptor


def test_the_manifest_names_all_of_it(tmp_path: Path) -> None:
    """Base and own layers stand in order, each with the digest of what is in it."""
    made = image_making.composed(tmp_path, ENTRIES)
    manifest, config = json.loads(made.manifest), config_of(tmp_path)
    base, _ = image_making.base()
    assert manifest["mediaType"] == media_types.MANIFEST
    assert [each["digest"] for each in manifest["layers"]] == [
        base.layers[0].digest,
        made.layers[0].blob.descriptor.digest,
    ]
    assert config["rootfs"] == {"type": "layers", "diff_ids": [base.diff_ids[0], made.layers[0].diff_id]}
    assert [piece.blob.descriptor for piece in made.pieces] == [
        made.config.descriptor,
        made.layers[0].blob.descriptor,
    ]
    assert manifest["config"] == made.config.descriptor.to_json()


def test_it_starts_without_a_shell_as_nobody(tmp_path: Path) -> None:
    """Entry point, user and folder are noteship's; nothing that the base starts or mounts is left."""
    running = config_of(tmp_path, About(arguments=("serve",)))["config"]
    assert running["Entrypoint"] == ["/opt/noteship/bin/python", "-P", "-m", "noteship"]
    assert running["Cmd"] == ["serve"]
    assert running["User"] == "65532:0"
    assert running["WorkingDir"] == "/project"
    assert running.keys() == {"Entrypoint", "Cmd", "Env", "Labels", "User", "WorkingDir"}
    assert "Cmd" not in config_of(tmp_path)["config"]


def test_what_is_written_goes_where_it_can_be(tmp_path: Path) -> None:
    """Folders of homes, caches and temporary files are in /tmp, whatever the base says."""
    found = variables(config_of(tmp_path))
    folders = {
        "HOME",
        "IPYTHONDIR",
        "JOBLIB_TEMP_FOLDER",
        "MPLCONFIGDIR",
        "NUMBA_CACHE_DIR",
        "TMPDIR",
        "XDG_CACHE_HOME",
    }
    assert {name: found[name] for name in folders if not f"{found[name]}/".startswith("/tmp/")} == {}
    assert (found["USER"], found["LOGNAME"]) == ("noteship", "noteship")
    assert found["PYTHONDONTWRITEBYTECODE"] == "1"


def test_variables_of_the_base_stay_where_they_do_no_harm(tmp_path: Path) -> None:
    """Its language stays, its path comes after the environment's, its modules do not count; the project's word wins."""
    found = variables(config_of(tmp_path, About(variables={"LANG": "de_DE.UTF-8", "EXTRA": "a=b"})))
    assert found["PATH"] == "/opt/noteship/bin:/usr/local/bin:/usr/bin"
    assert "PYTHONPATH" not in found
    assert (found["LANG"], found["EXTRA"]) == ("de_DE.UTF-8", "a=b")
    assert config_of(tmp_path)["config"]["Env"] == sorted(config_of(tmp_path)["config"]["Env"])


def test_the_platform_is_the_bases(tmp_path: Path) -> None:
    """An image runs where its base does; times are no part of it."""
    found = config_of(tmp_path)
    assert (found["architecture"], found["variant"], found["os"]) == ("arm64", "v8", "linux")
    assert found["created"] == "1980-01-01T00:00:00Z"


def test_the_history_speaks_of_each_layer(tmp_path: Path) -> None:
    """The base's history is kept where it fits its layers, and made where it does not."""
    assert config_of(tmp_path)["history"] == [
        *CONFIG["history"],
        {"created": "1980-01-01T00:00:00Z", "created_by": "noteship build: the project mail"},
    ]
    for bad in ([], [{"created_by": "a"}, {"created_by": "b"}], None):
        found = config_of(tmp_path, config={**CONFIG, "history": bad})["history"]
        assert [each["created_by"] for each in found[:-1]] == ["registry.example.org/python:3.12"]
        assert sum(not each.get("empty_layer") for each in found) == 2


def test_labels_say_what_it_is_made_of(tmp_path: Path) -> None:
    """Base by name and digest, and what the caller says; the manifest has the same."""
    made = image_making.composed(tmp_path, ENTRIES, About(labels={"dev.noteship.bundle": "ab"}))
    labels = config_of(tmp_path, About(labels={"dev.noteship.bundle": "ab"}))["config"]["Labels"]
    assert labels == {
        "dev.noteship.bundle": "ab",
        "org.opencontainers.image.base.digest": f"sha256:{'b' * 64}",
        "org.opencontainers.image.base.name": "registry.example.org/python:3.12",
    }
    assert labels.items() <= json.loads(made.manifest)["annotations"].items()


@pytest.mark.parametrize(
    ("env", "named", "expected"),
    [
        (["PYTHON_VERSION=3.12.4", "PYTHON_SHA256=ab"], "", Environment("/usr/local/bin/python3.12", "3.12")),
        (["PYTHON_VERSION=3.11"], "", Environment("/usr/bin/python3.11", "3.11")),
        (["PYTHON_VERSION=3.11"], "/opt/py/bin/python3.13", Environment("/opt/py/bin/python3.13", "3.13")),
        (["PYTHON_VERSION=3.12.1"], "/opt/py/bin/python3", Environment("/opt/py/bin/python3", "3.12")),
        ([], "/usr/bin/python3.12", ENVIRONMENT.__class__("/usr/bin/python3.12", "3.12")),
    ],
)
def test_the_interpreter_is_found_in_the_configuration(env: list[str], named: str, expected: Environment) -> None:
    """Python's own images have theirs in /usr/local, others the system's; a project's word wins."""
    base, _ = image_making.base({**CONFIG, "config": {"Env": env}})
    assert base_python.environment(base, named) == expected


def test_a_base_that_says_nothing_of_python_is_refused() -> None:
    """Where no version is known, the error says how to tell it."""
    base, _ = image_making.base({**CONFIG, "config": None})
    with pytest.raises(errors.UnsuitableBase, match=r"\[image\] python"):
        base_python.environment(base)


@pytest.mark.parametrize(
    ("python", "version"), [("python3", "3.12"), ("/usr/../python3", "3.12"), ("/usr/bin/p", "2.7")]
)
def test_no_environment_is_over_what_is_no_interpreter(python: str, version: str) -> None:
    """An interpreter is named by its absolute path and a version of Python 3."""
    with pytest.raises(ValueError, match="not a"):
        Environment(python, version)
