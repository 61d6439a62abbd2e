"""A search over parameters as one page: how it went, what mattered, and what to take."""

from noteship.reporting.tuning.page import page
from noteship.reporting.tuning.told import Told

__all__ = ["Told", "page"]
