"""Compiled forms of models: the same answers as scikit-learn's, in microseconds instead of milliseconds a row."""

from noteship.models.compiled.choosing import Choice, choose, is_chosen
from noteship.models.compiled.comparison import Comparison, compare
from noteship.models.compiled.compiling import NotCompiled, compile_scorer
from noteship.models.compiled.scorer import CompiledScorer

__all__ = [
    "Choice",
    "Comparison",
    "CompiledScorer",
    "NotCompiled",
    "choose",
    "compare",
    "compile_scorer",
    "is_chosen",
]
