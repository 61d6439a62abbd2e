"""`cluster = {…}` in `noteship.toml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from noteship import project
from noteship.computing import Identity, Wanted
from noteship.project.errors import BadSetting, UnknownSetting


def loaded(folder: Path, text: str) -> project.Settings:
    (folder / "noteship.toml").write_text(text)
    return project.load(folder)


def test_a_cluster_is_asked_for_by_a_table(tmp_path: Path) -> None:
    """Workers, threads and memory are of a cluster to be made; a stage's own table is beside that of all stages."""
    settings = loaded(
        tmp_path,
        '[run]\ncluster = { engine = "dask" }\n'
        '[stage.train]\ncluster = { engine = "dask", workers = 8, threads = 2, memory = "2Gi" }\n',
    )
    assert settings.run.cluster is not None
    assert settings.run.cluster.wanted == Wanted("dask")
    own = settings.stage["train"].cluster
    assert own is not None
    assert own.wanted == Wanted("dask", 8, 2, 2 << 30)


def test_a_cluster_that_is_there_is_named_by_its_address(tmp_path: Path) -> None:
    """With the files that TLS needs."""
    table = '{ engine = "dask", address = "tls://a:8786", ca = "ca.pem", cert = "me.pem", key = "me.key" }'
    found = loaded(tmp_path, f"[run]\ncluster = {table}\n").run.cluster
    assert found is not None
    assert found.wanted == Wanted("dask", address="tls://a:8786", identity=Identity("ca.pem", "me.pem", "me.key"))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('{ engine = "ray" }', "the name of an engine that there is: dask"),
        ('{ engine = "dask", workers = 0 }', "a whole number from 1 on"),
        ('{ engine = "dask", memory = "much" }', "an amount of memory"),
        ('{ engine = "dask", address = "scheduler:8786" }', "the address of a scheduler"),
        ('{ engine = "dask", address = "tls://a:1", workers = 2 }', "either an address"),
        ('{ engine = "dask", cert = "a.pem", key = "b.pem" }', "with an address tls://"),
        ('{ engine = "dask", address = "tls://a:1", cert = "a.pem" }', "cert and key together"),
        ("{ workers = 2 }", "a value: it is needed"),
    ],
)
def test_a_wrong_table_is_told_with_what_is_right(tmp_path: Path, table: str, told: str) -> None:
    """The line is named, and what could stand there."""
    with pytest.raises(BadSetting, match=told) as found:
        loaded(tmp_path, f"[stage.train]\ncluster = {table}\n")
    assert found.value.where == "noteship.toml, line 2"


def test_an_unknown_key_is_told_with_the_nearest(tmp_path: Path) -> None:
    """As everywhere in the file."""
    with pytest.raises(UnknownSetting, match=r"run\.cluster\.workers"):
        loaded(tmp_path, '[run]\ncluster = { engine = "dask", worker = 2 }\n')
