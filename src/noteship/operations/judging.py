"""`noteship monitor --rows`: a file of rows, judged against a bundle's profile in one go."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship.operations import loading

if TYPE_CHECKING:
    from noteship import monitor
    from noteship.operations.opened import OpenedProject

__all__ = ["Judged", "judge"]


@dataclass(frozen=True)
class Judged:
    """What is decided of a file's rows; `refused` did not fit the signature."""

    model: str
    version: str
    path: str
    decision: monitor.Decision
    refused: int

    @property
    def is_changed(self) -> bool:
        """Whether they are other rows than those of the reference."""
        return self.decision.state == "alarm"

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship monitor --rows --json` prints."""
        decision = self.decision.to_json()
        # A file is no window, and its budget is a probability.
        for name in ("start", "since", "windows", "members", "missing", "log_r"):
            del decision[name]
        verdict = {"alarm": "changed"}.get(decision["state"], decision["state"])
        told = {"model": self.model, "version": self.version, "rows_of": self.path, "refused": self.refused}
        return {**told, "verdict": verdict, **decision}


def judge(chosen: loading.Chosen, trusting: loading.Trusting, opened: OpenedProject, path: Path) -> Judged:
    """Score the rows of a file that fit the model, and compare them with its profile, each as a request of its own.

    Raises NoProfile, WindowTooLong, and what `loading.load` and `observe` raise.
    Cost: the model's over these rows, and all rows in memory.
    """
    # They bring pandas and scikit-learn, which the change to another interpreter should not wait for.
    from noteship import monitor
    from noteship.operations.observing import observe
    from noteship.operations.profiles import profile_of, settings_of
    from noteship.scoring import forms

    profile, settings = profile_of(chosen), settings_of(opened)
    forms.check_file(path)
    loaded = loading.load(chosen, trusting, opened.root)
    rows = observe(loaded, profile, path)
    decision = monitor.judge(profile, rows.observed, settings)
    if rows.refused:
        left_out = f"{rows.refused:,} {'row' if rows.refused == 1 else 'rows'}"
        decision = dataclasses.replace(decision, notes=(*decision.notes, f"{left_out} did not fit and were left out"))
    return Judged(loaded.name, loaded.digest, str(path), decision, rows.refused)
