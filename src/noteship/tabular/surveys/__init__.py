"""What a table is like: counted over all rows, and looked at more closely in some of them."""

from noteship.tabular.surveys.asked import Asked
from noteship.tabular.surveys.columns import Counted
from noteship.tabular.surveys.survey import Drawn, Looked, Survey, look, survey

__all__ = ["Asked", "Counted", "Drawn", "Looked", "Survey", "look", "survey"]
