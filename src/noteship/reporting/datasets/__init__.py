"""What a data set is like, and what is wrong with it, as one page for a person."""

from noteship.reporting.datasets.page import page
from noteship.reporting.datasets.verdict import titled, verdict

__all__ = ["page", "titled", "verdict"]
