"""What lies beside the project and is shown beside its workspace: what the code names, and some of the rest."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from noteship.notebooks.execution.jobs import Job

__all__ = ["named", "shown"]

# Entries of a folder that are shown though nothing names them: a link made and removed again costs 0.3 ms a stage.
UNNAMED = 60
# Parts of paths: with spaces in them as in a text of Python, and without as in a command.
PARTS = re.compile(r"""[^/\\"'\n]+"""), re.compile(r"""[^/\\"'\s=,;:()\[\]{}]+""")


def named(job: Job, root: Path) -> frozenset[str]:
    """The parts of all paths that a job's code and declarations may mean. Cost: a pass over its sources."""
    texts = [*job.known_reads, *job.expected_writes, *(str(value) for value in job.params.values())]
    texts += [path for each in job.elsewhere for path in (each.path, each.place, *each.files)]
    texts += [word for call in job.calls for word in call.words]
    texts += [cell.source for cell in job.document.cells]
    for path in job.sources:
        try:
            texts.append((root / path).read_text("utf-8", "replace"))
        except OSError:
            continue  # it is another stage's output, which names what that stage's code names
    text = "\n".join(texts)
    return frozenset(part for pattern in PARTS for part in pattern.findall(text))


def shown(folder: Path, names: Collection[str], besides: str) -> Iterator[str]:
    """The entries of a folder above the project that its stages see, without `besides`.

    Of folders that hold what belongs to others, the system's and a user's home, only those that are among `names`.
    """
    unnamed = 0 if _is_shared(folder) else UNNAMED
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name == besides:
                    continue
                if entry.name not in names:
                    if unnamed == 0:
                        continue
                    unnamed -= 1
                yield entry.name
    except PermissionError:
        return


def _is_shared(folder: Path) -> bool:
    """Whether a folder is no project's: that for temporary files, those of users, a user's home."""
    shared = {Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp"), Path("/"), Path("/home")}  # noqa: S108
    return folder in shared or folder == Path(os.path.expanduser("~")).resolve()  # noqa: PTH111 - never raises
