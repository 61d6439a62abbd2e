"""Loading a bundle's model, as far as whoever loads it trusts it."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from noteship.models import environment, errors, model_file, pickles
from noteship.models.bundle import Bundle
from noteship.models.compiled import CompiledScorer, compile_scorer, is_chosen
from noteship.models.composition import ComposedScorer, Composition
from noteship.models.handing import Handing
from noteship.models.importing import source_modules
from noteship.models.loading import Step

__all__ = ["Trust", "load"]

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trust:
    """What the operator allows; nothing of it can come from a bundle.

    - digests: bundles whose project source may be imported
    - types: further types that a model may hold, by their full names
    - allow_pickle: whether a pickle may be loaded, which runs whatever it holds
    """

    digests: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    allow_pickle: bool = False


def load(bundle: Bundle, trust: Trust) -> ComposedScorer | CompiledScorer:
    """The bundle's scorer, in compiled form where the bundle names one: compiled anew, of the steps as they are loaded.

    The bundle's source is imported within this call alone: its modules are not to be found by name afterwards, so that
    two bundles do not mix. Not for two threads at once.
    Raises EnvironmentDiffers, PickleRefused, SourceRefused, UntrustedTypes, DamagedBundle.
    """
    needs = bundle.environment.get("needs", {})
    python = bundle.environment.get("python", "")
    if bundle.format == "pickle" and not trust.allow_pickle:
        raise errors.PickleRefused(bundle.model_path.name, bundle.why_not_skops)
    if bundle.source and bundle.digest not in trust.digests:
        raise errors.SourceRefused(str(bundle.folder), bundle.source, bundle.digest)
    environment.check(needs)
    # Pickled functions hold byte code, which only their own minor reads.
    if bundle.format == "pickle" and python and python != environment.python_minor():
        here = environment.python_minor()
        raise errors.EnvironmentDiffers((), (("python", python, here),), "python")
    with source_modules([bundle.source_path] if bundle.source else []):
        plain = ComposedScorer(bundle.signature, _composition(bundle, trust))
        return _compiled(plain) if is_chosen(bundle.parts) else plain


def _compiled(plain: ComposedScorer) -> ComposedScorer | CompiledScorer:
    compiled = compile_scorer(plain)
    if isinstance(compiled, CompiledScorer):
        return compiled
    LOG.warning("the model is scored by scikit-learn itself, not in its compiled form: %s", compiled.why)
    return plain


def _composition(bundle: Bundle, trust: Trust) -> Composition:
    values = _values(bundle, trust)
    if not isinstance(values, list) or len(values) != len(bundle.steps):
        raise errors.DamagedBundle(bundle.model_path.name, "it does not hold the steps that bundle.json names")
    try:
        steps = [_step(bundle, told, value, trust) for told, value in zip(bundle.steps, values, strict=True)]
        handings = [Handing(told["handing"]["form"], told["handing"].get("column", "")) for told in bundle.steps]
        return Composition([column.name for column in bundle.signature.inputs], steps, handings)
    except (KeyError, TypeError, AttributeError) as error:
        raise errors.DamagedBundle(str(bundle.folder), f"{type(error).__name__}: {error}") from error


def _step(bundle: Bundle, told: Mapping[str, Any], value: Any, trust: Trust) -> Step:
    source = told["source"]
    if value is None:
        value = _function(bundle, source, trust)
    return Step(source, value, told["part"], told["digest"])


def _values(bundle: Bundle, trust: Trust) -> Any:
    path = bundle.model_path
    if bundle.format == "pickle":
        try:
            return pickles.load(path)
        except Exception as error:
            # Unpickling runs code, which may raise anything.
            raise errors.DamagedBundle(path.name, f"{type(error).__name__}: {error}") from error
    own = _own_modules(bundle)
    found = model_file.untrusted_types(path)
    return model_file.load(path, trust.types | {name for name in found if name.partition(".")[0] in own})


def _function(bundle: Bundle, source: str, trust: Trust) -> Any:
    """A function of the bundle's own source, or one that the operator named; never any function there is."""
    module, _, name = source.partition(":")
    if module.partition(".")[0] not in _own_modules(bundle) and f"{module}.{name}" not in trust.types:
        raise errors.UntrustedTypes("bundle.json", (f"{module}.{name}",))
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:
        # Importing runs the project's code, which may raise anything.
        raise errors.DamagedBundle(str(bundle.folder), f"{source}: {type(error).__name__}: {error}") from error


def _own_modules(bundle: Bundle) -> set[str]:
    return {name.partition("/")[0].removesuffix(".py") for name in bundle.source}
