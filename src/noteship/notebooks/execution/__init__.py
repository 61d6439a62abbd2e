"""Runs one notebook or script in a workspace of its own, in the project's interpreter, and says what it touched."""

from noteship.notebooks.execution import errors
from noteship.notebooks.execution.jobs import Execution, Failure, Job, Progress
from noteship.notebooks.execution.runner import Runner

__all__ = ["Execution", "Failure", "Job", "Progress", "Runner", "errors"]
