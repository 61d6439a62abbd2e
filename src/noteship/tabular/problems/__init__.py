"""What is wrong with a table: found by what it shows, and named only far beyond chance."""

from noteship.tabular.problems.finding import find
from noteship.tabular.problems.problem import Examples, Problem

__all__ = ["Examples", "Problem", "find"]
