"""Small bundles, made of real fitted steps, for tests of judging."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy
import pandas

from noteship import models
from noteship.validation import judging
from noteship.validation.asking import JudgeRequest, Packed
from noteship.validation.holdout import Holdout
from noteship.validation.judgement import Judgement

__all__ = ["Made", "calm", "flats", "letters", "make"]

SHARE = Holdout()
WORDS = [f"word{number}" for number in range(60)]


@dataclass(frozen=True)
class Made:
    """A bundle of a folder of its own, and what is asked of it if nothing else is."""

    root: Path
    packed: Packed
    raw: pandas.DataFrame
    target: str

    def asked(self, holdout: Holdout = SHARE, **more: Any) -> JudgeRequest:
        """A request with few resamples."""
        more = {"resamples": 200, "robustness": False, "timing_s": 0.02, **more}
        return JudgeRequest(self.packed, str(self.root / "rows.parquet"), self.target, holdout, **more)

    def judge(self, holdout: Holdout = SHARE, **more: Any) -> Judgement:
        """What is found of it, in this process."""
        return judging.judge(self.asked(holdout, **more), lambda line: None)


def make(
    root: Path, raw: pandas.DataFrame, inputs: Sequence[str], steps: Sequence[Any], *, target: str = "label"
) -> Made:
    """A bundle of steps that are fitted already."""
    root.mkdir(exist_ok=True)
    raw.to_parquet(root / "rows.parquet")
    names = []
    for number, step in enumerate(steps):
        names.append(f"step{number}.pkl")
        (root / names[-1]).write_bytes(pickle.dumps(step))
    request = models.BuildRequest(
        str(root), "p", tuple(names), "rows.parquet", tuple(inputs), str(root / "bundle"), target, reproduces=False
    )
    models.build(request)
    return Made(root, Packed(str(root / "bundle"), "ab" * 32, is_own=True), raw, target)


def letters(rows: int = 400, seed: int = 1) -> pandas.DataFrame:
    """Texts of two kinds with an amount, a country, a sender and a date."""
    random = numpy.random.default_rng(seed)
    spam = random.random(rows) < 0.4
    chances = [numpy.r_[numpy.full(10, weight), numpy.ones(50)] for weight in (1.0, 2.5)]
    texts = [
        " ".join(random.choice(WORDS, random.integers(5, 40), p=chances[int(kind)] / chances[int(kind)].sum()))
        for kind in spam
    ]
    return pandas.DataFrame(
        {
            "text": texts,
            "amount": random.normal(size=rows) + 0.8 * spam,
            "country": random.choice(["de", "fr", "it"], rows),
            "sender": [f"s{number:02}" for number in random.integers(0, 40, rows)],
            "date": pandas.date_range("2026-01-01", periods=rows, freq="h"),
            "label": numpy.where(spam, "spam", "ham"),
        }
    )


def flats(rows: int = 400, seed: int = 2) -> pandas.DataFrame:
    """Rooms, area and town of flats, and what they cost."""
    random = numpy.random.default_rng(seed)
    area = random.gamma(6, 14, rows).round(1)
    town = random.choice(["a", "b"], rows)
    price = 3.0 * area + 40 * (town == "b") + random.normal(0, 25, rows)
    return pandas.DataFrame({"area": area, "rooms": (area // 25).astype(int) + 1, "town": town, "price": price})


def calm(judgement: Judgement) -> dict[str, Any]:
    """A judgement without what depends on the time."""
    return replace(judgement, cost=None, seconds=0.0, at="").to_json()
