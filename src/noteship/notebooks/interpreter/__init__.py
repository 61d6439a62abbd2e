"""An abstract interpreter of Python cells: which files they read and write, without running them."""

from noteship.notebooks.interpreter.interpretation import interpret

__all__ = ["interpret"]
