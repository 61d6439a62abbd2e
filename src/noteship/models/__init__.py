"""Fitted steps composed into one scorer, its signature, and the bundle it travels in."""

from noteship.models import errors
from noteship.models.baseline import Baseline, Profiler
from noteship.models.building import BuildRequest, BuildResult, build
from noteship.models.bundle import Bundle, fetch, read
from noteship.models.columns import Column, type_word
from noteship.models.compiled import CompiledScorer
from noteship.models.composition import ComposedScorer, Composition
from noteship.models.failing import FailedAt
from noteship.models.loaded import LoadedModel
from noteship.models.opening import Trust, load
from noteship.models.proposal import Proposal, StageFiles, propose
from noteship.models.refitting import Changes, NotRefitted, answer_classes, refit, unfitted
from noteship.models.rows import Rows
from noteship.models.scorer import Scorer, Scores
from noteship.models.signature import Output, Signature
from noteship.models.tables import read_table

__all__ = [
    "Baseline",
    "BuildRequest",
    "BuildResult",
    "Bundle",
    "Changes",
    "Column",
    "CompiledScorer",
    "ComposedScorer",
    "Composition",
    "FailedAt",
    "LoadedModel",
    "NotRefitted",
    "Output",
    "Profiler",
    "Proposal",
    "Rows",
    "Scorer",
    "Scores",
    "Signature",
    "StageFiles",
    "Trust",
    "answer_classes",
    "build",
    "errors",
    "fetch",
    "load",
    "propose",
    "read",
    "read_table",
    "refit",
    "type_word",
    "unfitted",
]
