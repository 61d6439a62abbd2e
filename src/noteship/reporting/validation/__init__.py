"""The report of a validation as a page and as a model card: what was judged, how, and what came of it."""

from noteship.reporting.validation.card import Card, card
from noteship.reporting.validation.page import page

__all__ = ["Card", "card", "page"]
