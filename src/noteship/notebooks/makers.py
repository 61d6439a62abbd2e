"""Which of the stages that write one file is its maker, and which only make it anew for themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from noteship.notebooks.placement import Placed, StageUses

__all__ = ["settle_makers"]

AllPlaced = Mapping[str, list[Placed]]


def settle_makers(placed: AllPlaced, stages: Sequence[StageUses]) -> None:
    """Mark as `shared` what a stage writes and another one is the maker of."""
    for stage in stages:
        _share_with_runs(placed, stage)
    _share_texts(placed, stages)
    if any(item.raw.guarded for items in placed.values() for item in items):
        _share_fallbacks(placed)
    _share_copies(placed)


def _share_with_runs(placed: AllPlaced, stage: StageUses) -> None:
    """A stage that runs another within itself makes that one's files anew."""
    theirs = {text for name in stage.runs for text, _ in _written(placed.get(name, ()))}
    for text, item in _written(placed[stage.name]) if theirs else ():
        item.shared = text in theirs


def _share_texts(placed: AllPlaced, stages: Sequence[StageUses]) -> None:
    """Of stages that write the same text into the same file, the first by name is the writer."""
    first: dict[tuple[str, str], str] = {}
    for stage in sorted(stages, key=lambda each: each.name):
        texts = dict(stage.raw.texts)
        for path, item in _written(placed[stage.name]) if texts else ():
            if path in texts and first.setdefault((path, texts[path]), stage.name) != stage.name:
                item.shared = True


def _share_fallbacks(placed: AllPlaced) -> None:
    """What a stage makes only where it is missing is that other stage's which makes it in any case."""
    links = _Links(placed)
    for name, items in placed.items():
        for text, item in _written(items):
            makers = links.makers.get(text, set()) - {name} if item.raw.guarded else set()
            item.shared = item.shared or bool(makers - links.after(name))


def _share_copies(placed: AllPlaced) -> None:
    """A stage cannot make what is read by one that comes before it: another does, and it has a copy of its own."""
    links = _Links(placed)
    for text, makers in links.makers.items():
        readers = links.readers.get(text, set()) - makers if len(makers) > 1 else set()
        late = {maker for maker in makers if any(maker in links.after(reader, text) for reader in readers)}
        for maker in late if late != makers else ():
            for path, item in _written(placed[maker]):
                item.shared = item.shared or path == text


def _written(items: Sequence[Placed]) -> Iterator[tuple[str, Placed]]:
    for item in items:
        if item.pattern is not None and item.raw.action == "write":
            yield item.pattern.text, item


class _Links:
    """Who makes and who reads each file that is known by its whole name; a stage's own files are not read by it."""

    def __init__(self, placed: AllPlaced) -> None:
        self.makers: dict[str, set[str]] = {}
        self.readers: dict[str, set[str]] = {}
        self._makes: dict[str, set[str]] = {}
        for name, items in placed.items():
            own: set[str] = set()
            for item in items:
                text = "" if item.pattern is None else item.pattern.text
                if item.raw.action == "read" and text not in own:
                    self.readers.setdefault(text, set()).add(name)
                elif item.raw.action == "write" and text and not (item.shared or item.raw.guarded):
                    own.add(text)
                    self.makers.setdefault(text, set()).add(name)
                    self._makes.setdefault(name, set()).add(text)

    def after(self, name: str, but: str = "") -> set[str]:
        """The stages that need what a stage makes, through others too; one file left out of account."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for text in self._makes.get(waiting.pop(), set()) - {but}:
                fresh = self.readers.get(text, set()) - found
                found |= fresh
                waiting.extend(fresh)
        return found
