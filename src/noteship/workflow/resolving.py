"""From a stage and what its producers made to the parts of its key and the files it is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from noteship import patterns
from noteship.store import Artifact
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.graph import Graph
from noteship.workflow.key import ABSENT, KeyParts
from noteship.workflow.listing import Listing
from noteship.workflow.origins import Origins
from noteship.workflow.producers import Edge
from noteship.workflow.stages import Stage

__all__ = ["Resolved", "Resolver", "covers"]


@dataclass(frozen=True)
class Resolved:
    """The parts of a stage's key, the produced files it is given, and by which stage each was made."""

    parts: KeyParts
    inputs: Mapping[str, Artifact] = field(default_factory=dict)
    makers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Found:
    reads: dict[str, str]
    inputs: dict[str, Artifact]
    makers: dict[str, str]

    def add(self, path: str, digest: str, artifact: Artifact | None) -> None:
        self.reads[path] = digest
        if artifact:
            self.inputs[path] = artifact


class Resolver:
    """Resolves the stages of one graph after another, as it grows."""

    def __init__(self, graph: Graph, environment: str, digests: FileDigests, origins: Origins) -> None:
        self._environment = environment
        self._digests = digests
        self._origins = origins
        self.use(graph)

    def use(self, graph: Graph) -> None:
        """Go on with another graph of the same project."""
        self._graph = graph
        self._listing = Listing(graph.files)
        self._rank = {name: rank for rank, name in enumerate(graph.order)}

    def resolve(
        self, stage: Stage, outputs: Mapping[str, Mapping[str, Artifact]], more: Iterable[str] = ()
    ) -> Resolved:
        """What the stage depends on.

        `outputs` has those of its producers; `more` are paths that it was just seen to read and that nobody makes.
        """
        found = _Found({}, {}, {})
        edges: dict[str, list[Edge]] = {}
        for edge in self._graph.inputs.get(stage.name, ()):
            edges.setdefault(edge.file, []).append(edge)
        more = set(more) - {*stage.reads}
        outside = {path for path in more if path.startswith("/")}
        for read in (*self._graph.reads(stage.name), *sorted(more - outside)):
            for path, digest, artifact in self._on_disk(read, linked=read in edges):
                found.add(path, digest, artifact)
            if read in edges:
                self._add_made(found, read, edges[read], outputs)
        beyond = {path: self._digests.of(path) or ABSENT for path in sorted({*stage.outside, *outside})}
        environment = "" if stage.source else self._environment
        parts = KeyParts(stage.code, stage.params, environment, found.reads, beyond, stage.calls, stage.elsewhere)
        return Resolved(parts, found.inputs, found.makers)

    def _add_made(
        self, found: _Found, read: str, edges: list[Edge], outputs: Mapping[str, Mapping[str, Artifact]]
    ) -> None:
        """Add what the producers of a read made; where several made one file, the last of them counts."""
        nothing = True
        for producer in sorted({edge.producer for edge in edges}, key=self._rank.__getitem__):
            for path, made in covers(read, outputs.get(producer, {})):
                found.add(path, made.digest, made)
                found.makers[path] = producer
                nothing = False
        if nothing:
            found.reads.setdefault(read, ABSENT)

    def _on_disk(self, read: str, *, linked: bool) -> Iterator[tuple[str, str, Artifact | None]]:
        """What the project's folder itself gives for a read: path, digest, and the original if stages change it."""
        if patterns.is_pattern(read) or self._is_folder(read):
            for path in self._listing.below(read):
                if not self.is_made(path):
                    yield path, self._digests.of(path) or ABSENT, None
                elif not linked and path in self._graph.chains:
                    yield self._original(path)
        elif linked or read in ("", ".") or self._graph.produced.below(read):
            return  # the whole project, or a folder that stages fill: nothing of the user's
        elif read in self._graph.stale:
            yield read, ABSENT, None
        elif self._graph.produced.matches(read):
            yield self._original(read)
        else:
            yield read, self._digests.of(read) or ABSENT, None

    def _original(self, path: str) -> tuple[str, str, Artifact | None]:
        artifact = self._origins.of(path)
        return path, artifact.digest if artifact else ABSENT, artifact

    def _is_folder(self, read: str) -> bool:
        return read not in self._graph.files and next(self._listing.below(read), None) is not None

    def is_made(self, path: str) -> bool:
        """Whether stages make this file of the project, and not the user.

        In a folder that a stage writes as a whole, it is what was ever delivered.
        """
        writes = self._graph.produced.matches(path)
        return any(write == path or patterns.is_pattern(write) or self._origins.was_delivered(path) for write in writes)


def covers(read: str, outputs: Mapping[str, Artifact]) -> list[tuple[str, Artifact]]:
    """The outputs that a read means: the file itself, the folder it is in, or what is in the folder it names."""
    if read in outputs:
        return [(read, outputs[read])]
    return [(path, artifact) for path, artifact in outputs.items() if patterns.overlap(path, read)]
