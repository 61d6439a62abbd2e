from __future__ import annotations

from pathlib import Path

import pytest

from noteship import project
from noteship.project.errors import BadSetting, DeclarationUnreadable, NoProject, UnknownSetting


def declared(folder: Path, text: str) -> project.Settings:
    (folder / "noteship.toml").write_text(text, encoding="utf-8")
    return project.load(folder)


def test_everything_is_optional(tmp_path: Path) -> None:
    """A folder without noteship.toml is a project with all defaults."""
    assert project.load(tmp_path) == project.Settings()


def test_a_full_declaration_is_read(tmp_path: Path) -> None:
    """Each kind of value arrives in its field, in base units."""
    settings = declared(
        tmp_path,
        """
        [project]
        name = "mail"
        [notebooks]
        exclude = ["scratch/*"]
        with = ["03a-features"]
        readers = { "mylib.load_frame" = "path" }
        [stage.04-train]
        reads = ["data/extra-*.csv"]
        params = { buckets = 1024 }
        resources = { memory = "4Gi" }
        timeout = "5m"
        [stage."models/05-test"]
        cwd = "."
        [service]
        steps = ["a.sav", "helpers:prepare"]
        data = "data/rows.parquet"
        inputs = ["text"]
        [monitor]
        release = "blue"
        window = "1m"
        false_alarms = "2 per 30d"
        [store]
        url = "s3://team-a/mail"
        """,
    )
    assert settings.project.name == "mail"
    assert settings.notebooks.chosen == ("03a-features",)
    assert settings.notebooks.readers == {"mylib.load_frame": "path"}
    stage = settings.stage["04-train"]
    assert (stage.params, stage.resources.memory_bytes, stage.timeout_s) == ({"buckets": 1024}, 4 * 2**30, 300.0)
    assert settings.stage["models/05-test"].cwd == "."
    assert settings.service is not None
    assert settings.service.reproduces is None
    watched = settings.monitor
    assert (watched.release, watched.window_s, watched.false_alarm_s) == ("blue", 60, 15 * 86_400.0)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("[stage.notebooks/01-a]", '[stage."notebooks/01-a"]'),
        ("[stage.my notes.params]", '[stage."my notes".params]'),
        ("[stage.é]", '[stage."é"]'),
    ],
)
def test_a_name_that_needs_quotes(tmp_path: Path, wrong: str, right: str) -> None:
    """The message says how a stage's name is quoted."""
    with pytest.raises(DeclarationUnreadable) as caught:
        declared(tmp_path, f'[stage.02-b.params]\nn = 1\n{wrong}\nreads = ["a"]')
    assert f"quote the name: {right} instead of {wrong}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name", "near", "line"),
    [
        ("[service]\nstep = []", "service.step", "service.steps", 2),
        ("[servcie]\n", "servcie", "service", 1),
        ('[project]\n\n[dta.rows]\nfrom = "a"\n[dta.more]\nfrom = "b"\n', "dta", "data", 3),
        ('[project]\nname = "a"\n[stage.a]\nread = []', "stage.a.read", "stage.a.reads", 4),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(tmp_path: Path, text: str, name: str, near: str, line: int) -> None:
    """An unknown key stops the reading, with its line and the nearest known key."""
    with pytest.raises(UnknownSetting) as caught:
        declared(tmp_path, text)
    assert (caught.value.name, caught.value.near) == (name, near)
    assert caught.value.where == f"noteship.toml, line {line}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('[service]\nsteps = "a.sav"', "service.steps"),
        ('[service]\nsteps = ["a.sav"]', "service.data"),
        ("[run]\njobs = true", "run.jobs"),
        ('[project]\nname = "Über"', "project.name"),
        ('[stage.a]\ntimeout = "soon"', "stage.a.timeout"),
        ('[stage.a]\nresources = { memory = "-4Gi" }', "stage.a.resources.memory"),
        ('[notebooks]\nreaders = { "a.b" = true }', "notebooks.readers"),
        ('[monitor]\nwindow = "2d"', "monitor.window"),
        ('[monitor]\nwindow = "1500ms"', "monitor.window"),
        ("[monitor]\nwindow = 5", "monitor.window"),
        ('[monitor]\nwindow = "300"', "monitor.window"),
        ("[monitor]\nsample_keep = 86400", "monitor.sample_keep"),
        ('[monitor]\nfalse_alarms = "never"', "monitor.false_alarms"),
        ('[monitor]\nfalse_alarms = "1 per 90"', "monitor.false_alarms"),
        ('[monitor]\nfalse_alarms = "0 per 90d"', "monitor.false_alarms"),
        ('[monitor]\nrelease = "a/b"', "monitor.release"),
        ("[monitor]\nsample = -1", "monitor.sample"),
        ("[monitor]\nsample = 20.5", "monitor.sample"),
        ('[monitor]\nleave_out = "sender"', "monitor.leave_out"),
        ('[monitor]\nsample_keep = "1y"', "monitor.sample_keep"),
        ('[monitor]\nsample_keep = "40d"', "monitor.sample_keep"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, text: str, name: str) -> None:
    """A value of the wrong type or form says which setting and what it takes."""
    with pytest.raises(BadSetting) as caught:
        declared(tmp_path, text)
    assert caught.value.name == name


def test_a_wrong_value_has_an_example(tmp_path: Path) -> None:
    """A text in place of a list, and a time without its unit, are told how they are written."""
    for text, told in (
        ('leave_out = "kind"', 'give it a list, such as ["kind"]'),
        ('false_alarms = "1 per 90"', 'a time with its unit, such as "1 per 90d"'),
        ("window = 5", 'a duration with its unit, such as "90s", "5m" or "2h"'),
    ):
        with pytest.raises(BadSetting) as caught:
            declared(tmp_path, f"[monitor]\n{text}")
        assert told in str(caught.value)


def test_no_toml_and_no_folder(tmp_path: Path) -> None:
    """Text that is no TOML, and a folder that is not there, are errors of their own."""
    with pytest.raises(DeclarationUnreadable, match="line 1"):
        declared(tmp_path, "[project\nname")
    with pytest.raises(NoProject):
        project.load(tmp_path / "nowhere")
