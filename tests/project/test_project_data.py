"""`[data.NAME]`: what fits together, and what does not."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from noteship.project import DataSettings, load
from noteship.project.errors import BadSetting, UnknownSetting


def read(root: Path, text: str) -> DataSettings:
    (root / "noteship.toml").write_text(f"[data.x]\n{text}\n")
    return load(root).data["x"]


@pytest.mark.parametrize(("text", "seconds"), [("always", 0.0), ("once", math.inf), ("90m", 5400.0)])
def test_refresh_is_a_word_or_a_time(tmp_path: Path, text: str, seconds: float) -> None:
    """Always, once, or an age with its unit."""
    assert read(tmp_path, f'from = "a"\nto = "b"\nrefresh = "{text}"').refresh_s == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('from = "postgresql://db/x"\nto = "x.parquet"', "query or query_file"),
        ('from = "postgresql://db/x"\nto = "x.parquet"\nquery = "a"\nquery_file = "b"', "query or query_file"),
        ('from = "postgresql://db/x"\nto = "x.csv"\nquery = "a"', r"ends with \.parquet"),
        ('from = "kafka://b/x"\nto = "x.parquet"\nformat = "json"', r"ends with \.jsonl"),
        ('from = "a"\nto = "b"\nquery = "a"', "postgresql:// only"),
        ('from = "a"\nto = "b"\nformat = "text"', "kafka:// only"),
        ('from = "a"\nto = "b"\nmax_rows = 5', "max_size with any"),
        ('from = "s3://b/x"\nto = "b"\ncredentials = { env = "A" }', r"AWS_\* variables"),
        ('from = "kafka://b/x"\nto = "x.parquet"\ncredentials = { env = "A" }', "USER@HOST"),
        ('from = "kafka://u@b/x"\nto = "x.parquet"\ncredentials = { env = "A", header = "X" }', r"http\(s\):// only"),
        ('from = "http://b"\nto = "x"\ncredentials = { env = "A", header = "Ä: b" }', "name of a header"),
        ('from = "a"\nto = "../b"', "within the project"),
        ('from = "a"\nto = "/b"', "within the project"),
        ('from = "a"\nto = ".noteship/b"', "within the project"),
        ('from = "a"\nto = "b/*.csv"', "file or a folder of the project"),
        ('from = "a"\nto = "helpers.py"', "code does not come"),
        ('from = "a"\nto = "data/GNUmakefile"', "code does not come"),
        ('from = "a"\nto = "b"\nrefresh = "2"', "always"),
        ('from = "a"\nto = "b"\ntimeout = 5', "with its unit"),
    ],
)
def test_what_does_not_fit_together_is_said(tmp_path: Path, text: str, expected: str) -> None:
    """With the line, and what would fit."""
    with pytest.raises(BadSetting, match=expected) as caught:
        read(tmp_path, text)
    assert caught.value.parts().where.startswith("noteship.toml, line")


def test_a_misspelt_setting_is_perhaps_the_one_that_is_missing(tmp_path: Path) -> None:
    """What is needed and not there is nearer than what need not be there; of an address the scheme may be misspelt."""
    with pytest.raises(UnknownSetting, match=r"missing: data\.x\.from(.|\n)*nearest: data\.x\.from"):
        read(tmp_path, 'form = "a.csv"\nto = "b.csv"')
    with pytest.raises(BadSetting, match="http: is nearest to what is written"):
        read(tmp_path, 'from = "htp://a/b.csv"\nto = "b.csv"')
