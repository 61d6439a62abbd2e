"""What can be asked about, and how it is named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Self

from noteship import nearest
from noteship.cluster.why.errors import UnknownThing

__all__ = ["Thing", "ThingKind"]

# A release, or a run, is all that has its label; a stage is the Job that was begun for it last.
ThingKind = Literal["Pod", "Deployment", "InferenceService", "Job", "Release", "Run", "Stage"]
_KINDS: dict[ThingKind, tuple[str, ...]] = {
    "Pod": ("pod", "pods", "po"),
    "Deployment": ("deployment", "deployments", "deploy"),
    "InferenceService": ("inferenceservice", "inferenceservices", "isvc"),
    "Job": ("job", "jobs"),
    "Release": ("release",),
    "Run": ("run",),
    "Stage": ("stage",),
}
_WORDS = {word: kind for kind, words in _KINDS.items() for word in words}
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Thing:
    """What is asked about; a namespace of "" is the cluster's own choice, and stages of "" are those of any project."""

    kind: ThingKind
    name: str
    namespace: str = ""
    project: str = ""

    @classmethod
    def parsed(cls, text: str, namespace: str = "", project: str = "") -> Self:
        """From how people name it, as kubectl prints it, too. Raises UnknownThing.

        >>> Thing.parsed("deployment.apps/mail"), Thing.parsed("mail", "team-a")
        (Thing(kind='Deployment', name='mail', ...), Thing(kind='Release', name='mail', namespace='team-a', project=''))
        """
        word, slash, name = text.partition("/")
        if not slash:
            word, name = "release", text
        kind = _WORDS.get(word.lower().partition(".")[0])
        if kind is None:
            near = nearest.nearest(word.lower(), _WORDS).partition(",")[0]
            raise UnknownThing(text, f"{near}/{name}" if near else "")
        if not (name if kind == "Stage" else _NAME.fullmatch(name)):
            raise UnknownThing(text)
        return cls(kind, name, namespace, project if kind == "Stage" else "")

    def __str__(self) -> str:
        """For messages.

        >>> str(Thing("Pod", "mail-1", "team-a")), str(Thing("Release", "mail"))
        ('pod mail-1 in team-a', 'release mail')
        """
        return f"{self.kind.lower()} {self.name}" + (f" in {self.namespace}" if self.namespace else "")
