"""What is in the way of something, said in one sentence, with the remedy and who can apply it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from noteship import errors

__all__ = ["WHO", "Cause", "Kind", "Who", "quoted"]

# you: who asks. team: who writes the project, or owns the namespace. administrators: who runs the cluster.
Who = Literal["you", "team", "administrators"]
WHO: Mapping[Who, str] = {
    "you": "you",
    "team": "the project's team",
    "administrators": "the cluster's administrators",
}
Kind = Literal[
    "account-missing",
    "admission-refused",
    "backoff-limit",
    "bundle-damaged",
    "claim-missing",
    "claim-pending",
    "command-missing",
    "config-map-missing",
    "crash",
    "deadline",
    "disrupted",
    "ended",
    "evicted",
    "image-missing",
    "image-name-wrong",
    "import-failed",
    "key-missing",
    "limit-range",
    "liveness-failing",
    "missing-right",
    "mount-failing",
    "namespace-ending",
    "namespace-missing",
    "network-policy",
    "node-selector",
    "node-unready",
    "not-made",
    "noteship-error",
    "out-of-memory",
    "pod-security",
    "port-in-use",
    "port-wrong",
    "pull-secret-missing",
    "pull-unauthorized",
    "pulling",
    "queue-missing",
    "queue-too-small",
    "queue-uncovered",
    "queued",
    "quota",
    "quota-wants-values",
    "read-only-root",
    "readiness-failing",
    "registry-busy",
    "registry-unreachable",
    "root-refused",
    "secret-missing",
    "start-failed",
    "startup-failing",
    "storage-class-missing",
    "store-denied",
    "suspended",
    "taint",
    "too-few-cpus",
    "too-few-resources",
    "too-little-memory",
    "unreachable",
    "unschedulable",
    "webhook-down",
    "wrong-architecture",
]
# Of what the cluster or a program said; a line of a terminal or two.
QUOTED = 240
_SECRET = re.compile(
    r"""(?ix) (\b(?!Invalid)[\w-]{0,60}
    (?:password|passwd|secret|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|authorization)\w{0,60}
    ["']?\s*[=:]\s*) (?:(?:bearer|basic)\s+)? ("[^"]*"|'[^']*'|[^\s,;&"')]+)"""
)
_USER = re.compile(r"(\w+://)[^/\s@]+@")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
_KNOWN = re.compile(r"\b(?:AKIA[A-Z0-9]{12,}|eyJ[\w-]{8,}\.[\w-]+\.?[\w-]*|gh[pousr]_\w{16,})")


@dataclass(frozen=True)
class Cause:
    """One thing that is in the way.

    - sentence: what it is
    - remedy: what to do, by `who`
    - evidence: what says so, in the cluster's or the program's own words, cut
    """

    kind: Kind
    sentence: str
    remedy: str
    who: Who
    evidence: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "kind": self.kind,
            "sentence": self.sentence,
            "remedy": self.remedy,
            "who": self.who,
            "evidence": list(self.evidence),
        }


def quoted(text: str, limit: int = QUOTED) -> str:
    r"""What noteship did not write, on one line, cut, and without what looks like a secret.

    >>> quoted("OperationalError: cannot log in to postgres://ada:s3cret@db/mail with\n password='s3cret'")
    'OperationalError: cannot log in to postgres://…@db/mail with password=…'
    """
    line = " ".join(text.split())
    line = _BEARER.sub(r"\1 …", _USER.sub(r"\1…@", _SECRET.sub(r"\1…", line)))
    return errors.cut(_KNOWN.sub("…", line), limit)
