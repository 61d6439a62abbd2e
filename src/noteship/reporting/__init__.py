"""What a model was asked and answered, window by window, as one page for a person who has read nothing else."""

from noteship.reporting import errors
from noteship.reporting.history import History, Window
from noteship.reporting.kept import Rows, begun, is_usual
from noteship.reporting.page import page
from noteship.reporting.realised import Realised, by_window, realised
from noteship.reporting.rehearsal import Rehearsal
from noteship.reporting.verdict import verdict

__all__ = [
    "History",
    "Realised",
    "Rehearsal",
    "Rows",
    "Window",
    "begun",
    "by_window",
    "errors",
    "is_usual",
    "page",
    "realised",
    "verdict",
]
