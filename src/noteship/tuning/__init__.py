"""Searches over parameters: a space, an objective, trials. Knows neither notebooks nor caches."""

from noteship.tuning import errors
from noteship.tuning.book import Begun, Book
from noteship.tuning.method import PRUNERS, SAMPLERS, Method
from noteship.tuning.metric import FileMetric, direction_of
from noteship.tuning.nearness import near
from noteship.tuning.search import (
    Limits,
    Listener,
    Measured,
    Objective,
    Pruned,
    Record,
    Report,
    Search,
    Searched,
    Stopped,
)
from noteship.tuning.sharing import News, Shared
from noteship.tuning.space import Choices, Dimension, Space, Span, dimension
from noteship.tuning.trials import Direction, Trial, best

__all__ = [
    "PRUNERS",
    "SAMPLERS",
    "Begun",
    "Book",
    "Choices",
    "Dimension",
    "Direction",
    "FileMetric",
    "Limits",
    "Listener",
    "Measured",
    "Method",
    "News",
    "Objective",
    "Pruned",
    "Record",
    "Report",
    "Search",
    "Searched",
    "Shared",
    "Space",
    "Span",
    "Stopped",
    "Trial",
    "best",
    "dimension",
    "direction_of",
    "errors",
    "near",
]
