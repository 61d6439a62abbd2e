"""Where a run takes place, and how it is meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from noteship.store import Store
from noteship.workflow.stages import Environment

__all__ = ["Options", "Workplace", "digests_cache"]


@dataclass(frozen=True)
class Workplace:
    """The project's folder, the store with its ledger, and the environment that the stages run in."""

    root: Path
    store: Store
    environment: Environment

    @property
    def digests_cache(self) -> Path:
        """Where the digests of the project's files are remembered; it may be deleted at any time."""
        return digests_cache(self.root)


@dataclass(frozen=True)
class Options:
    """`jobs` stages at once; with `replace`, files changed by hand are set aside instead of stopping the run.

    The stages in `force` execute also where their result is known, and the new one takes its place; so do those that
    are `untold`, since nobody can say whether what they bring has changed. A run `aside` says what it is for: it reads
    the project's folder and leaves it as it is, what it makes is in the store alone, and the ledger has it apart from
    the project's own runs. One that does not `deliver` is the project's, and leaves the folder as it is, too.
    """

    jobs: int = 1
    replace: bool = False
    force: frozenset[str] = frozenset()
    untold: frozenset[str] = frozenset()
    aside: str = ""
    deliver: bool = True


def digests_cache(root: Path) -> Path:
    """Where a project keeps the digests of its files."""
    return root / ".noteship" / "cache" / "digests.sqlite"
