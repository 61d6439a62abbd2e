"""The cache key of a stage: what its result depends on, in one byte form.

The key is the SHA-256 of the canonical JSON (sorted keys, no white space, UTF-8) of the list

    [3, code, calls, elsewhere, params, environment, reads, outside]

- ``3`` is `KEY_VERSION`, raised whenever this form or the meaning of a part changes;
- ``code`` is the digest of the stage's code, 64 hexadecimal digits;
- ``calls`` are the command lines that a script is run with, in their order, each a list of texts: the module's name
  where it is called by that, else an empty text, then the words; no list at all is one run without words;
- ``elsewhere`` is a list of [path, project path] sorted by path: the paths of other machines in its code, and which
  files or folders of the project they are taken for;
- ``params`` are the parameters that replace the notebook's own values, as a list of [name, value] sorted by name, in
  which a number that JSON does not have is ["float", "nan"], ["float", "inf"] or ["float", "-inf"];
- ``environment`` is the digest of the locked environment; empty for a source, which brings data from elsewhere;
- ``reads`` is a list of [path, digest] sorted by path, the path relative to the project, the digest that of the file
  or folder, or "absent";
- ``outside`` is a list of [name, digest] for the files that are read outside of the project, in the order of their
  paths; these differ from machine to machine, so only the last name of each counts, and those that are not there, which
  may be another machine's, do not count at all.
"""

from __future__ import annotations

import math
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from noteship import digests
from noteship.digests import Digest
from noteship.workflow.stages import JSON

__all__ = ["ABSENT", "KEY_VERSION", "KeyParts"]

KEY_VERSION = 3
ABSENT = "absent"


@dataclass(frozen=True)
class KeyParts:
    """What a key is made of; the paths in `outside` are for messages."""

    code: str
    params: Mapping[str, JSON] = field(default_factory=dict)
    environment: str = ""
    reads: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[tuple[str, ...], ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> Digest:
        """The key itself."""
        params = [[name, _plain(value)] for name, value in sorted(self.params.items())]
        reads = [[path, digest] for path, digest in sorted(self.reads.items())]
        outside = [
            [posixpath.basename(path), digest] for path, digest in sorted(self.outside.items()) if digest != ABSENT
        ]
        calls = [list(call) for call in self.calls]
        elsewhere = [[path, taken] for path, taken in sorted(self.elsewhere.items())]
        return digests.of_value([KEY_VERSION, self.code, calls, elsewhere, params, self.environment, reads, outside])

    def to_json(self) -> JSON:
        """As a plain value."""
        return {
            "code": self.code,
            "calls": [list(call) for call in self.calls],
            "elsewhere": dict(self.elsewhere),
            "params": {name: _plain(value) for name, value in self.params.items()},
            "environment": self.environment,
            "reads": dict(self.reads),
            "outside": dict(self.outside),
        }

    @classmethod
    def from_json(cls, value: JSON) -> KeyParts:
        """From its plain value."""
        return cls(
            value["code"],
            value["params"],
            value["environment"],
            value["reads"],
            value["outside"],
            tuple(tuple(call) for call in value["calls"]),
            value["elsewhere"],
        )


def _plain(value: JSON) -> JSON:
    if isinstance(value, float) and not math.isfinite(value):
        return ["float", str(value)]
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
