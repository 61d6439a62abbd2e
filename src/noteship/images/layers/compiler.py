"""The project's interpreter as a compiler of sources, which it reads and never runs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Self

from noteship.images.layers import errors
from noteship.images.layers.entry import Entry, PlainSink
from noteship.stopping import how_ended

__all__ = ["Compiler"]

# Asked: a line with the lengths of a path and of a source, and both. Answered: a line with a length, and that many
# bytes: a file of byte code with a hash that is not checked (PEP 552: magic number, flags 1, hash, code), or none.
#
# Of marshal's forms, 2 is the last without references, which depend on who else holds an object; it takes a sixth more
# room. Sets are written in an order of their own since Python 3.11.
PROGRAM = """
import gc, importlib.util, marshal, sys
gc.disable()
asked, answered = sys.stdin.buffer, sys.stdout.buffer
while line := asked.readline():
    path, source = map(asked.read, map(int, line.split()))
    try:
        code = compile(source, path.decode(), "exec", dont_inherit=True, optimize=0)
        head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + importlib.util.source_hash(source)
        found = head + marshal.dumps(code, 2)
    except Exception:
        found = b""
    answered.write(b"%d\\n" % len(found))
    answered.write(found)
    answered.flush()
"""
# Isolated, and without `site`, which would run what `.pth` files of packages say.
OPTIONS = ("-I", "-S", "-W", "ignore", "-c", PROGRAM)


@dataclass(frozen=True)
class Compiler:
    """CPython of the image's minor version.

    Its processes wait for more to compile until the block ends whose context manager it is.

    - python: the path that starts it
    - version: all of it, as `3.12.4`
    """

    python: str
    version: str
    _idle: list[subprocess.Popen[bytes]] = field(default_factory=list, compare=False, repr=False)

    @property
    def key(self) -> list[str]:
        """What the byte code of a source depends on."""
        return ["cpython", self.version]

    @property
    def tag(self) -> str:
        """What names of files of byte code have (PEP 3147), as `cpython-312`."""
        return "cpython-" + "".join(self.version.split(".")[:2])

    @contextmanager
    def started(self) -> Iterator[Callable[[Entry], bytes]]:
        """One process that compiles one file of an image after the other; it gives no bytes for what it cannot.

        Raises: CompilerEnded, and what the files' contents raise.
        """
        process = self._taken()
        is_fine = False
        try:
            yield lambda entry: self._compiled(process, entry)
            is_fine = True
        finally:
            if is_fine:
                self._idle.append(process)
            else:
                _end(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._idle:
            _end(self._idle.pop())

    def _taken(self) -> subprocess.Popen[bytes]:
        """One that waits, else a new one."""
        with suppress(IndexError):
            return self._idle.pop()
        try:
            return subprocess.Popen(
                [self.python, *OPTIONS],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Ctrl-C is for noteship, with which its pipe ends.
                start_new_session=True,
            )
        except OSError as error:
            raise errors.CompilerEnded(self.python, "", error.strerror or str(error)) from error

    def _compiled(self, process: subprocess.Popen[bytes], entry: Entry) -> bytes:
        path = f"/{entry.path}".encode()
        pieces: list[bytes] = []
        entry.content.send(PlainSink(pieces.append))
        source = b"".join(pieces)
        assert process.stdin and process.stdout
        with suppress(BrokenPipeError):
            process.stdin.write(b"%d %d\n%b%b" % (len(path), len(source), path, source))
            process.stdin.flush()
        answer = _answer(process.stdout)
        if answer is None:
            raise errors.CompilerEnded(self.python, path.decode(), how_ended(process.wait()))
        return answer


def _end(process: subprocess.Popen[bytes]) -> None:
    with process:
        assert process.stdin
        process.kill()
        # What was not taken any more.
        with suppress(BrokenPipeError):
            process.stdin.close()


def _answer(stream: IO[bytes]) -> bytes | None:
    """None where the process ended before it was whole."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    found = stream.read(int(line))
    return found if len(found) == int(line) else None
