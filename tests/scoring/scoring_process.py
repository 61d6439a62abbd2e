"""Scores a file slowly, in a process that is there to be killed: `python scoring_process.py BUNDLE IN OUT`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pandas

from noteship import models, scoring


class Slow(models.LoadedModel):
    """Takes its time for each piece."""

    def score_encoded(self, frame: pandas.DataFrame) -> models.Scores:
        time.sleep(0.02)
        return super().score_encoded(frame)


if __name__ == "__main__":
    bundle, source, target = sys.argv[1:]
    model = Slow("rents", "ab" * 32, models.load(models.read(Path(bundle)), models.Trust()))
    job = scoring.Job(scoring.spot(source), scoring.spot(target), part_rows=8192)
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    scoring.run(job, model)
