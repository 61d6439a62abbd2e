"""What of a project becomes a part of its image."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from images import layer_reading
from noteship.images.layers import errors, notebook_text
from noteship.images.layers.project_files import Selection, select
from noteship.patterns import PathSet


def filled(root: Path, contents: dict[str, bytes]) -> Path:
    for name, data in contents.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return root


def taken(root: Path, selection: Selection | None = None) -> set[str]:
    found = select(root, selection or Selection())
    return {entry.path.removeprefix("project/") for entry in found.entries}


def reasons(root: Path, selection: Selection | None = None) -> dict[str, str]:
    return {each.path: each.reason for each in select(root, selection or Selection()).left_out}


def notebook(**metadata: Any) -> dict[str, Any]:
    cell = nbformat.v4.new_code_cell("import a\na.b()", id="one", metadata={"tags": ["parameters"]})
    text = nbformat.v4.new_markdown_cell("# Title", id="two", attachments={"p.png": {"image/png": "aGk="}})
    return dict(nbformat.v4.new_notebook(cells=[cell, text], metadata=metadata))


def ran(document: dict[str, Any]) -> dict[str, Any]:
    """As programs leave it that run and save it."""
    document = copy.deepcopy(document)
    cell = document["cells"][0]
    cell["outputs"] = [nbformat.v4.new_output("stream", text="password: hunter2")]
    cell["execution_count"] = 12
    cell["source"] = cell["source"].splitlines(keepends=True)
    cell["metadata"] |= {
        "execution": {"iopub.execute_input": "2026-01-01T00:00:00Z"},
        "executionInfo": {"user": {"displayName": "Ada"}},
        "collapsed": True,
        "scrolled": False,
        "ExecuteTime": {"end_time": "2026-01-01"},
    }
    document["metadata"] |= {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": "3.12.4", "file_extension": ".py"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
        "papermill": {"duration": 1.5},
    }
    return document


def test_running_a_notebook_changes_nothing_of_it(tmp_path: Path) -> None:
    """Outputs, counts, times, widgets, users and the kernel's version are no part of the image; the code is."""
    project = filled(tmp_path, {"a.ipynb": json.dumps(notebook(), indent=1).encode()})
    before = select(project, Selection())
    (project / "a.ipynb").write_text(json.dumps(ran(notebook()), indent=4, ensure_ascii=False))
    assert select(project, Selection()) == before
    [entry] = before.entries
    text = layer_reading.files(layer_reading.blob_of([entry])[0])["project/a.ipynb"]
    assert b"hunter2" not in text
    found = nbformat.reads(text.decode(), as_version=4)
    nbformat.validate(found)
    assert found.cells[0].source == "import a\na.b()"
    assert found.cells[0].metadata.tags == ["parameters"]
    assert found.cells[1].attachments == {"p.png": {"image/png": "aGk="}}


def test_changing_code_changes_the_notebook() -> None:
    """What its author wrote counts."""
    other = notebook()
    other["cells"][0]["source"] += "\n"
    assert stripped(other) != stripped(notebook())
    other = notebook()
    other["cells"][0]["metadata"]["tags"] = []
    assert stripped(other) != stripped(notebook())


def stripped(document: dict[str, Any]) -> bytes:
    return notebook_text.stripped(json.dumps(document).encode())


def test_old_notebooks_are_stripped_too() -> None:
    """Those with worksheets have outputs and numbers in other places."""
    cell = {"cell_type": "code", "input": ["1\n", "2"], "outputs": [{"text": "secret"}], "prompt_number": 3}
    document = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]}
    assert json.loads(stripped(document))["worksheets"][0]["cells"] == [
        {"cell_type": "code", "input": "1\n2", "outputs": [], "prompt_number": None, "metadata": {}}
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(JSON, JSON, st.text(), JSON)
def test_whatever_cells_hold_stripping_is_done_once(outputs: Any, metadata: Any, source: str, extra: Any) -> None:
    """Any JSON is stripped without a fault of Python's, a second time changes nothing, outputs are never there."""
    cell = {"cell_type": "code", "outputs": outputs, "metadata": metadata, "source": source, "extra": extra}
    once = stripped({"nbformat": 4, "cells": [cell, extra], "metadata": metadata})
    assert notebook_text.stripped(once) == once
    assert json.loads(once)["cells"][0]["outputs"] == []


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"nbformat": "4"}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_notebook_stays_out_with_a_reason(tmp_path: Path, text: bytes) -> None:
    """Where outputs cannot be told from code, the file is left out."""
    project = filled(tmp_path, {"bad.ipynb": text})
    assert taken(project) == set()
    assert reasons(project)["bad.ipynb"].startswith("its outputs cannot be taken out: ")


def test_a_project_is_its_sources_and_small_files(tmp_path: Path) -> None:
    """Notebooks, modules, settings and small files are taken, large data are not, unless they are asked for."""
    content = {
        "noteship.toml": b"",
        "src/clean.py": b"x = 1" * 300_000,
        "data/labels.csv": b"a,b\n",
        "data/raw.parquet": bytes(2 << 20),
        "a.ipynb": json.dumps(ran(notebook())).encode(),
    }
    project = filled(tmp_path, content)
    assert taken(project) == {*content} - {"data/raw.parquet"}
    assert reasons(project) == {
        "data/raw.parquet": "it has 2,097,152 bytes, and files of up to 1,048,576 go along",
    }
    asked = Selection(include=PathSet(["data/*.parquet"]), exclude=PathSet(["data/labels.csv", "src"]))
    assert taken(project, asked) == {"noteship.toml", "data/raw.parquet", "a.ipynb"}
    assert reasons(project, asked) == {"data/labels.csv": "excluded", "src": "excluded"}


LEFT = {
    ".git/config": "version control",
    ".noteship/store/objects/aa/bb": "noteship's own folder",
    ".venv/pyvenv.cfg": "a virtual environment",
    "env/pyvenv.cfg": "a virtual environment",
    "conda/conda-meta/history": "a virtual environment",
    "src/__pycache__/clean.cpython-312.pyc": "left by tools",
    "node_modules/x/index.js": "left by tools",
    ".ipynb_checkpoints/a-checkpoint.ipynb": "left by tools",
    ".DS_Store": "left by tools",
    ".vscode/settings.json": "hidden",
    ".bashrc": "hidden",
}


@pytest.mark.parametrize("path", LEFT)
def test_what_tools_leave_stays_out(tmp_path: Path, path: str) -> None:
    """Version control, environments, caches and hidden files are no part, and it is said why."""
    project = filled(tmp_path, {path: b"x", "a.py": b""})
    assert taken(project) == {"a.py"}
    [(where, reason)] = reasons(project).items()
    assert path == where or path.startswith(f"{where}/")
    assert reason == LEFT[path]


SECRETS = [
    ".env", ".env.production", "prod.env", "server.pem", "tls.key", "store.p12", "trust.jks", "id_rsa", "id_ed25519",
    "deploy_id_rsa", ".netrc", "_netrc", ".pypirc", "pip.conf", ".pgpass", ".git-credentials", ".npmrc", ".s3cfg",
    ".dockerconfigjson", "kubeconfig", "prod.kubeconfig", "kubeconfig.yaml", "credentials", "credentials.json",
    "aws-credentials.csv.token", "db_password.txt", "secrets.yaml", "secrets.prod.toml", "api-token.txt",
    "client_secret_1234.json", "my-service-account.json", "service_account_key.pem", "kaggle.json",
    "terraform.tfstate", "prod.tfvars", "CREDENTIALS.JSON", ".docker/config.json", ".ssh/known_hosts",
    ".aws/config", ".kube/config", "secrets/db", "conf/secrets/db.txt",
]  # fmt: skip


@pytest.mark.parametrize("path", SECRETS)
def test_secrets_never_enter(tmp_path: Path, path: str) -> None:
    """What looks like a secret stays out whatever the project includes, and whatever folder it lies in."""
    project = filled(tmp_path, {path: b"hunter2", f"deep/{path}": b"hunter2", "a.py": b""})
    everything = Selection(include=PathSet(["**"]))
    assert taken(project, everything) == {"a.py"}
    assert len(reasons(project, everything)) == 2
    assert "secret" in next(iter(reasons(project, everything).values()))


@pytest.mark.parametrize(
    "path", [".env.example", "credentials.py", "secrets_of_success.md", "tokens.py", "tokenizer.json", "keys.csv",
             "monkey.txt", "password_strength.ipynb", "environment.yml", "settings.template.env", "features.json"],
)  # fmt: skip
def test_what_only_sounds_like_a_secret_is_taken(tmp_path: Path, path: str) -> None:
    """Code about secrets, and templates for them, are parts of the project."""
    data = json.dumps(notebook()).encode() if path.endswith(".ipynb") else b"x"
    assert taken(filled(tmp_path, {path: data}), Selection(include=PathSet([".env.example"]))) == {path}


KEYS = [
    b"-----BEGIN RSA PRIVATE KEY-----\nMII",
    b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3B",
    b"text before\n-----BEGIN PRIVATE KEY-----\n",
    b"users:\n- user:\n    client-key-data: LS0t\n",
    b'{"type": "service_account", "private_key": "x"}',
]


@pytest.mark.parametrize("text", KEYS)
def test_keys_under_innocent_names_are_found(tmp_path: Path, text: bytes) -> None:
    """A small file that holds a private key stays out by whatever name it goes."""
    project = filled(tmp_path, {"notes.txt": text, "about_keys.py": text})
    assert taken(project) == {"about_keys.py"}
    assert reasons(project) == {"notes.txt": "it holds a private key"}


def test_links_lead_nowhere_else(tmp_path: Path) -> None:
    """Links within the project are what they lead to; out of it, in a circle, or to a secret they are left out."""
    filled(tmp_path, {"outside.py": b"1"})
    project = filled(tmp_path / "project", {"src/a.py": b"a", ".env": b"hunter2", "private/secrets/x.txt": b"hunter2"})
    (project / "to_file.py").symlink_to("src/a.py")
    (project / "to_folder").symlink_to("src")
    (project / "src/loop").symlink_to("..")
    (project / "out.py").symlink_to("../outside.py")
    (project / "out").symlink_to(tmp_path)
    (project / "broken").symlink_to("nowhere")
    (project / "itself").symlink_to("itself")
    (project / "settings.txt").symlink_to(".env")
    (project / "innocent.txt").symlink_to("private/secrets/x.txt")
    (project / "innocent").symlink_to("private/secrets")
    assert taken(project) == {"src/a.py", "to_file.py", "to_folder/a.py"}
    found = reasons(project)
    assert found["out.py"] == found["out"] == "a link that leads out of the project"
    assert found["src/loop"] == "a link to a folder that it lies in"
    assert found["broken"] == found["itself"] == "a link that leads nowhere"
    assert "secret" in found["settings.txt"]
    assert "secret" in found["innocent.txt"]
    assert "secret" in found["innocent"]


def test_links_are_files_in_the_layer(tmp_path: Path) -> None:
    """No layer of a project has a link."""
    project = filled(tmp_path, {"a.py": b"a"})
    (project / "b.py").symlink_to("a.py")
    members = layer_reading.members(layer_reading.blob_of(select(project, Selection()).entries)[0])
    assert {each.name for each in members if each.isfile()} == {"project/a.py", "project/b.py"}
    assert not [each for each in members if each.issym() or each.islnk()]


def test_only_what_is_executable_is(tmp_path: Path) -> None:
    """Modes are 0755 where the owner may execute, else 0644."""
    project = filled(tmp_path, {"run.sh": b"", "a.py": b""})
    (project / "run.sh").chmod(0o700)
    (project / "a.py").chmod(0o666)
    members = layer_reading.members(layer_reading.blob_of(select(project, Selection()).entries)[0])
    assert {each.name: each.mode for each in members if each.isfile()} == {
        "project/run.sh": 0o755,
        "project/a.py": 0o644,
    }


def test_names_that_no_image_has_stay_out(tmp_path: Path) -> None:
    """A name that is no UTF-8, one that deletes, and a pipe are left out, and can be printed."""
    project = filled(tmp_path, {"a.py": b"", ".wh.a.py": b"", ".wh..wh..opq": b"", "\udcff.py": b""})
    os.mkfifo(project / "pipe")
    assert taken(project, Selection(include=PathSet(["**"]))) == {"a.py"}
    found = reasons(project)
    assert found["pipe"] == "neither a file nor a folder"
    assert found["\\udcff.py"] == "its name cannot be one in an image"
    str(select(project, Selection()).left_out[0]).encode()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """It is not left out in silence, since the project needs it."""
    project = filled(tmp_path, {"a.py": b""})
    (project / "a.py").chmod(0)
    with pytest.raises(errors.FileUnfit, match=r"a\.py"):
        select(project, Selection())


def test_hidden_files_can_be_asked_for(tmp_path: Path) -> None:
    """A hidden file that is included is a part, others beside it are not."""
    project = filled(tmp_path, {".streamlit/config.toml": b"", ".streamlit/other.toml": b"", ".other/x": b""})
    assert taken(project, Selection(include=PathSet([".streamlit/config.toml"]))) == {".streamlit/config.toml"}
