"""Runs the cells of a notebook in order in a kernel, until the end or the first error."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from noteship import errors
from noteship.notebooks.document import Cell, Document
from noteship.notebooks.execution.endings import died, stopped
from noteship.notebooks.execution.jobs import Failure
from noteship.notebooks.execution.kernel import Kernel, Message
from noteship.notebooks.execution.limits import Guard
from noteship.notebooks.execution.outputs import CellOutputs, Displays, plain
from noteship.notebooks.execution.records import Executed

__all__ = ["CellsRun", "run_cells"]

# How soon an exit, a cancel or a limit is noticed while a cell prints nothing.
POLL_S = 0.05
# After a cell's reply its last outputs follow at once; a broadcast that was lost is not waited for any longer.
SILENCE_S = 5.0
ALLOWED = "raises-exception"


@dataclass
class CellsRun:
    """What came of the cells so far."""

    executed: dict[int, Executed] = field(default_factory=dict)
    failure: Failure | None = None


class _Session:
    """One notebook in one kernel: messages belong to the cell whose request they name, also when they come late."""

    def __init__(self, kernel: Kernel, guard: Guard) -> None:
        self.kernel = kernel
        self.guard = guard
        self.outputs: dict[str, CellOutputs] = {}
        self.displays = Displays()

    def run(self, source: str) -> tuple[CellOutputs, Message | None]:
        """The outputs of one cell and the kernel's reply; None when the kernel is gone."""
        request = self.kernel.execute(source)
        outputs = self.outputs[request] = CellOutputs(self.displays)
        reply: Message | None = None
        idle = False
        last = time.monotonic()
        while reply is None or not (idle or time.monotonic() - last > SILENCE_S):
            gone = self.guard.child.exited
            heard = False
            for channel, message in self.kernel.messages(POLL_S):
                heard, last = True, time.monotonic()
                own = message["parent_header"].get("msg_id") == request
                if channel == "shell":
                    reply = message["content"] if own else reply
                elif self._take(message) and own:
                    idle = True
            if gone and not heard:
                return outputs, None
            self.guard.check()
        return outputs, reply

    def _take(self, message: Message) -> bool:
        """Whether the message says that its request is done."""
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "status":
            return bool(content["execution_state"] == "idle")
        outputs = self.outputs.get(message["parent_header"].get("msg_id", ""))
        if outputs is not None:
            outputs.take(kind, content)
        return False


def run_cells(document: Document, kernel: Kernel, guard: Guard, progress: Callable[[int, int], None]) -> CellsRun:
    """Run the code cells; what was run before a failure is in the result too."""
    session = _Session(kernel, guard)
    result = CellsRun()
    finished: list[tuple[Cell, CellOutputs, int | None]] = []
    for number, cell in enumerate(document.code, 1):
        progress(number, len(document.code))
        outputs, reply = session.run(cell.source)
        finished.append((cell, outputs, reply["execution_count"] if reply else None))
        result.failure = _failure(document, cell, outputs, reply, guard)
        if result.failure is not None:
            break
    # Later cells may have changed the displays of earlier ones.
    for cell, outputs, count in finished:
        result.executed[cell.index] = Executed(count, outputs.finished())
    return result


def _failure(
    document: Document, cell: Cell, outputs: CellOutputs, reply: Message | None, guard: Guard
) -> Failure | None:
    place = Failure("code", "", document.path, cell.index, last_output=outputs.last_text())
    if guard.reason is not None:
        return stopped(guard, place)
    if reply is None:
        return died(guard.child, place, guard.job.stage)
    if reply["status"] == "ok":
        leaves = any(part.get("source") == "ask_exit" for part in reply.get("payload", []))
        gone = replace(place, kind="kernel", message="the cell ends the kernel", remedy=_EXIT_REMEDY)
        return gone if leaves else None
    if ALLOWED in cell.tags:
        return None
    return _raised(place, reply)


_EXIT_REMEDY = "leave out exit() and quit(): a notebook ends with its last cell"
_REMEDIES = {
    "StdinNotImplementedError": "assign a literal at the top level of a cell, which `params` can replace",
    "SystemExit": _EXIT_REMEDY,
}


def _raised(place: Failure, reply: dict[str, Any]) -> Failure:
    name, value = reply.get("ename", ""), plain(reply.get("evalue", ""))
    message = f"{name}: {errors.cut(value)}" if value else name
    if name == "StdinNotImplementedError":
        message = "the cell asks for input, and notebooks run unattended"
    line = _line(reply.get("traceback", []), reply.get("execution_count"))
    return replace(place, message=message, exception=name, line=line, remedy=_REMEDIES.get(name, ""))


def _line(traceback: list[str], count: int | None) -> int | None:
    """The line of the failing cell, which IPython names by its execution count."""
    text = plain("\n".join(traceback))
    found = re.search(rf"Cell In ?\[{count}\], line (\d+)|Input In \[{count}\], in .*:(\d+)\)", text)
    return int(found.group(1) or found.group(2)) if found else None
