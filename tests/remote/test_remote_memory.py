"""A stage whose process the kernel ended for the memory of its pod."""

from __future__ import annotations

from pathlib import Path

import pytest

from noteship.notebooks import execution
from noteship.operations.remote import out_of_memory

KILLED = execution.Execution(failure=execution.Failure("kernel", "its process was killed (SIGKILL)", retryable=True))
V2 = "low 0\nhigh 0\nmax 31\noom 1\noom_kill {}\noom_group_kill 0\n"
V1 = "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n"


@pytest.mark.parametrize("form", [V1, V2])
@pytest.mark.parametrize(("count", "kind"), [(0, "kernel"), (1, "memory"), (12, "memory")])
def test_the_kernel_counts(tmp_path: Path, form: str, count: int, kind: str) -> None:
    """Its count of killed processes tells, in either form; what failed otherwise is left as it is."""
    events = tmp_path / "events"
    events.write_text(form.format(count))
    found = out_of_memory.told(KILLED, "s", [tmp_path / "none", events]).failure
    assert found and found.kind == kind and ("[stage.s.resources]" in found.remedy) == (kind == "memory")
    own = execution.Execution(failure=execution.Failure("code", "no"))
    assert out_of_memory.told(own, "s", [events]) == own


def test_a_machine_that_does_not_say(tmp_path: Path) -> None:
    """Nothing is made of nothing."""
    assert out_of_memory.told(KILLED, "s", [tmp_path / "none"]) == KILLED
