"""Loading fitted steps from the files that a project's own stages wrote, and functions from its modules."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship import digests, distributions
from noteship.models import errors, model_file, pickles

__all__ = ["Step", "load_steps"]

# "helpers:prepare", "package.module:name"; a Windows path or a URL does not match.
FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
# The two ways in which pickle says it, by protocol.
GONE = re.compile(
    r"Can't get attribute '?(?P<name>[\w.<>]+)'? on <module '(?P<module>[\w.]+)'"
    r"|module '(?P<old_module>[\w.]+)' has no attribute '(?P<old_name>\w+)'"
)


@dataclass(frozen=True, eq=False)
class Step:
    """One step: `source` as it was named, `part` within the file where it holds several, `digest` of the file."""

    source: str
    value: Any
    part: str = ""
    digest: str = ""

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.source}[{self.part}]" if self.part else self.source

    @property
    def is_function(self) -> bool:
        """Whether it is a function, frame in, frame out."""
        return inspect.isroutine(self.value)

    @property
    def kind(self) -> str:
        """The class's name, or the function's."""
        return str(self.value.__name__) if self.is_function else type(self.value).__name__


def load_steps(source: str, root: Path) -> tuple[Step, ...]:
    """The steps that one name under [service] steps stands for: one, or several where a file holds several.

    `root` is the project's folder; its modules can be imported. Raises StepDoesNotUnpickle, NotAStep, NotFitted.
    """
    if FUNCTION.fullmatch(source):
        return (_function(source),)
    path = root / source
    if not path.is_file():
        raise errors.StepDoesNotUnpickle(
            source, "there is no such file", "run the stage that writes it, or correct the name"
        )
    value = _object(path, source)
    digest = digests.of_file(path)
    steps = tuple(Step(source, part_value, part, digest) for part, part_value in _parts(value))
    if not steps:
        raise errors.NotAStep(source, f"a {type(value).__name__}")
    for step in steps:
        _check_fitted(step)
    return steps


def _function(source: str) -> Step:
    module_name, _, name = source.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        # Importing runs the project's code, which may raise anything.
        reason = f"importing {module_name} raised {type(error).__name__}: {error}"
        raise errors.StepDoesNotUnpickle(
            source, reason, "correct the module, or the name under [service] steps"
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        reason = f"{module_name} has no function {name}"
        raise errors.StepDoesNotUnpickle(source, reason, "correct the name under [service] steps")
    path = getattr(module, "__file__", None)
    return Step(source, function, digest=digests.of_file(Path(path)) if path else "")


def _object(path: Path, source: str) -> Any:
    try:
        if _is_skops(path):
            return model_file.load_own(path)
        return pickles.load(path)
    except ModuleNotFoundError as error:
        command = distributions.install_command(sys.executable, error.name or str(error))
        remedy = f"install it: {command}; if it is a module of the project, keep it where the notebooks import it from"
        raise errors.StepDoesNotUnpickle(
            source, f"it needs the module {error.name}, which is not found", remedy
        ) from error
    except AttributeError as error:
        reason, remedy = _gone(str(error))
        raise errors.StepDoesNotUnpickle(source, reason, remedy) from error
    except Exception as error:
        # A damaged or foreign file fails in any way at all while it is unpickled.
        reason = f"{type(error).__name__}: {error}"
        remedy = (
            "run the stage that writes it again, in this environment: a step loads with the versions it was saved with"
        )
        raise errors.StepDoesNotUnpickle(source, reason, remedy) from error


def _gone(message: str) -> tuple[str, str]:
    found = GONE.search(message)
    if not found:
        return message, "run the stage that writes it again, in this environment"
    name, module = found["name"] or found["old_name"], found["module"] or found["old_module"]
    if module.startswith(("__main__", "noteship")):
        return (
            f"it needs {name}, which was defined in the notebook itself",
            f"move {name} into a module of the project and import it from there, or save the step with cloudpickle",
        )
    return (
        f"module {module} has no {name}",
        f"give {module} its {name} back, or run the stage that writes the step again",
    )


def _is_skops(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "schema.json" in archive.namelist()


def _parts(value: Any) -> list[tuple[str, Any]]:
    """The steps in what a file holds: itself, or those in a dictionary, list or tuple, in its order."""
    if _is_step(value):
        return [("", value)]
    if isinstance(value, Mapping):
        return [(str(key), item) for key, item in value.items() if _is_step(item)]
    if isinstance(value, (list, tuple)):
        return [(str(number), item) for number, item in enumerate(value) if _is_step(item)]
    return []


def _is_step(value: Any) -> bool:
    if isinstance(value, type) or type(value).__module__.partition(".")[0] in {"pandas", "numpy"}:
        return False
    return inspect.isfunction(value) or any(callable(getattr(value, name, None)) for name in ("transform", "predict"))


def _check_fitted(step: Step) -> None:
    """scikit-learn's own classes say whether they are fitted; others are found out when they are tried."""
    # A stateless class of the project has no fitted attributes, and scikit-learn would take it for unfitted.
    if not type(step.value).__module__.startswith("sklearn."):
        return
    from sklearn.exceptions import NotFittedError  # type: ignore[import-untyped]
    from sklearn.utils.validation import check_is_fitted  # type: ignore[import-untyped]

    try:
        check_is_fitted(step.value)
    except NotFittedError as error:
        if not _ends_in_own_class(step.value):
            raise errors.NotFitted(step.label, step.kind) from error


def _ends_in_own_class(value: Any) -> bool:
    """Whether a pipeline's last step is of a class that is not scikit-learn's, and so cannot be asked."""
    steps = getattr(value, "steps", None)
    return isinstance(steps, list) and not type(steps[-1][1]).__module__.startswith("sklearn.")
