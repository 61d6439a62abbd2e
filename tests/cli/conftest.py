from __future__ import annotations

from cli.projects import project

__all__ = ["project"]
