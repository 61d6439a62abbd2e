"""From a kernel's broadcasts to the outputs that Jupyter would show below the cells."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from noteship import errors

__all__ = ["STREAM_LIMIT_CHARS", "CellOutputs", "Displays", "plain"]

# A cell that prints more is a loop that prints; ten million characters are 100,000 lines of a terminal.
STREAM_LIMIT_CHARS = 10 << 20
# Figures and tables together; a browser does not open a notebook with more than that in a cell.
DISPLAY_LIMIT_CHARS = 50 << 20
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

Output = dict[str, Any]


def plain(text: str) -> str:
    r"""Text without the terminal's colours.

    >>> plain("\x1b[31mred\x1b[0m")
    'red'
    """
    return _COLOURS.sub("", text)


@dataclass
class Displays:
    """The outputs of a notebook that have a display id and may be changed by later cells."""

    _shown: dict[str, list[Output]] = field(default_factory=dict)

    def remember(self, identity: str, output: Output) -> None:
        """Keep an output under its display id."""
        self._shown.setdefault(identity, []).append(output)

    def update(self, identity: str, content: dict[str, Any]) -> None:
        """Change every output with this display id."""
        for output in self._shown.get(identity, []):
            output["data"] = content.get("data", {})
            output["metadata"] = content.get("metadata", {})


class CellOutputs:
    """The outputs of one cell, as they come in."""

    def __init__(self, displays: Displays) -> None:
        self.error: dict[str, Any] | None = None
        self._displays = displays
        self._outputs: list[Output] = []
        self._clear_next = False
        self._streamed = self._displayed = 0

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """One broadcast that belongs to the cell; kinds that show nothing are passed over."""
        if kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self._outputs.clear()
            return
        if kind == "update_display_data":
            self._displays.update(content.get("transient", {}).get("display_id", ""), content)
            return
        if kind not in ("stream", "display_data", "execute_result", "error"):
            return
        if self._clear_next:
            self._outputs.clear()
            self._clear_next = False
        if kind == "stream":
            self._stream(content["name"], content["text"])
        elif kind == "error":
            self._error(content)
        else:
            self._display(kind, content)

    def _stream(self, name: str, text: str) -> None:
        room = STREAM_LIMIT_CHARS - self._streamed
        self._streamed += len(text)
        if room <= 0:
            return
        if len(text) > room:
            text = text[:room] + f"\n… cut by noteship: a cell's text is kept up to {STREAM_LIMIT_CHARS:,} characters\n"
        last = self._outputs[-1] if self._outputs else {}
        if last.get("name") == name:
            last["text"].append(text)
        else:
            self._outputs.append({"output_type": "stream", "name": name, "text": [text]})

    def _error(self, content: dict[str, Any]) -> None:
        self.error = {
            "output_type": "error",
            "ename": content.get("ename", ""),
            "evalue": content.get("evalue", "")[:STREAM_LIMIT_CHARS],
            "traceback": [line[:STREAM_LIMIT_CHARS] for line in content.get("traceback", [])],
        }
        self._outputs.append(self.error)

    def _display(self, kind: str, content: dict[str, Any]) -> None:
        data = content.get("data", {})
        self._displayed += sum(len(part) if isinstance(part, str) else len(json.dumps(part)) for part in data.values())
        if self._displayed > DISPLAY_LIMIT_CHARS:
            notice = f"cut by noteship: a cell's displays are kept up to {DISPLAY_LIMIT_CHARS:,} characters"
            data = {"text/plain": notice}
        output = {"output_type": kind, "data": data, "metadata": content.get("metadata", {})}
        if kind == "execute_result":
            output["execution_count"] = content.get("execution_count")
        self._outputs.append(output)
        identity = content.get("transient", {}).get("display_id")
        if identity:
            self._displays.remember(identity, output)

    def finished(self) -> list[Output]:
        """The outputs as nbformat has them."""
        return [_joined(output) if output["output_type"] == "stream" else output for output in self._outputs]

    def last_text(self) -> str:
        """The end of what was printed or shown before the error, for a message."""
        texts = []
        for output in self.finished():
            if output["output_type"] == "stream":
                texts.append(output["text"])
            elif "data" in output:
                texts.append(str(output["data"].get("text/plain", "")) + "\n")
        text = plain("".join(texts)).rstrip()
        return text if len(text) <= errors.FOREIGN_TEXT_LIMIT else "…" + text[-errors.FOREIGN_TEXT_LIMIT :]


def _joined(output: Output) -> Output:
    text = "".join(output["text"])
    return output | {"text": _overwritten(text) if "\r" in text else text}


def _overwritten(text: str) -> str:
    """Text as a terminal leaves it: after a carriage return a line is written over from its start."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        shown = ""
        for piece in line.split("\r"):
            shown = piece + shown[len(piece) :]
        lines.append(shown)
    return "\n".join(lines)
