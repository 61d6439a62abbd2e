"""Puts the paths of all stages into the project, where they are in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import basename, dirname, join, normpath

from noteship.notebooks.patterns import Pattern, pattern_of
from noteship.notebooks.places import Places, common_folders, hosted
from noteship.notebooks.raw import RawAnalysis, RawUse

__all__ = ["Placed", "StageUses", "place"]


@dataclass(frozen=True)
class StageUses:
    """A stage's name, its working folder, what interpreting it told, and the stages that it runs within itself.

    `home` is the folder that its file lies in.
    """

    name: str
    cwd: str
    raw: RawAnalysis
    runs: tuple[str, ...] = ()
    home: str = ""


@dataclass
class Placed:
    """One use on its way: its pattern in the project, or why it has none.

    `results` are the paths it comes to, true where guessed; `own` those that the stage wrote itself before. A write is
    `shared` when it is that of another stage, run within this one: the other stage is its writer.
    """

    raw: RawUse
    pattern: Pattern | None = None
    outside: str = ""
    reason: str = ""
    how: str = ""
    maybe: bool = False
    dropped: bool = False
    shared: bool = False
    results: dict[str, bool] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)


def place(stages: Sequence[StageUses], files: frozenset[str], root_name: str) -> dict[str, list[Placed]]:
    """The uses of each stage by its name, with their patterns in the project."""
    placed = {stage.name: [Placed(use) for use in stage.raw.uses] for stage in stages}
    for stage in stages:
        for item in placed[stage.name]:
            _place_inside(item, stage)
    _place_elsewhere(stages, placed, files, root_name)
    for stage in stages:
        _share(placed, stage)
    return placed


def _share(placed: Mapping[str, list[Placed]], stage: StageUses) -> None:
    theirs = {
        item.pattern.text
        for name in stage.runs
        for item in placed.get(name, ())
        if item.raw.action == "write" and item.pattern is not None
    }
    for item in placed[stage.name] if theirs else ():
        item.shared = item.raw.action == "write" and item.pattern is not None and item.pattern.text in theirs


def _place_inside(item: Placed, stage: StageUses) -> None:
    """Relative paths that stay within the project."""
    path = item.raw.path
    pattern = pattern_of(path)
    if path.anchor == "relative" and not pattern.text.startswith("../") and pattern.text not in ("", ".."):
        item.pattern = pattern
    elif path.anchor == "relative" and (beside := _from_home(pattern, stage)) is not None:
        item.pattern, item.how = beside, f"from {stage.home}, the folder of the stage's own file"
    elif path.anchor == "home":
        item.outside = f"~/{pattern.shown}"
    else:
        item.outside = pattern.shown or "."


def _from_home(pattern: Pattern, stage: StageUses) -> Pattern | None:
    """What climbs out of the project from the working folder, where it stays within from the stage's own folder."""
    if stage.home == stage.cwd or not f"{stage.home}/".startswith(f"{stage.cwd}/" if stage.cwd else ""):
        return None
    levels = len(stage.cwd.split("/")) if stage.cwd else 0
    climbed = normpath(join(stage.home, "../" * levels, pattern.text))
    return None if climbed.startswith("..") or climbed == "." else Pattern(climbed)


def _place_elsewhere(
    stages: Sequence[StageUses],
    placed: Mapping[str, list[Placed]],
    files: frozenset[str],
    root_name: str,
) -> None:
    """Absolute paths, home folders, and what climbs above the root: known by their tails."""
    items = [(stage.cwd, item) for stage in stages for item in placed[stage.name]]
    waiting = [(cwd, item) for cwd, item in items if item.pattern is None or _headless(item.pattern)]
    if not waiting:
        return
    places = Places(root_name)
    places.add(files)
    places.add(
        item.pattern.text
        for _, item in items
        if item.pattern is not None and item.raw.action == "write" and item.pattern.literal
    )
    for cwd, item in waiting:
        _by_tail(item, cwd, places)
    left = [(cwd, item) for cwd, item in waiting if item.outside and item.pattern is None]
    for cwd, item in left:
        _by_neighbours(item, cwd, places)
    places.add(item.pattern.text for _, item in left if item.pattern is not None and item.raw.action == "write")
    for cwd, item in left:
        if item.pattern is None:
            _by_tail(item, cwd, places)
    _shared_elsewhere(placed)
    headless = [item for _, item in waiting if item.pattern is not None and _headless(item.pattern)]
    _headless_pairs(headless, items, places)


def _headless(pattern: Pattern) -> bool:
    """Whether nothing is known of the folder, and the name is."""
    first = pattern.text.split("/")[0]
    return not Pattern(first).literal and "/" in pattern.text and Pattern(basename(pattern.text)).literal


def _by_tail(item: Placed, cwd: str, places: Places) -> None:
    if item.pattern is not None:
        return
    pattern = pattern_of(item.raw.path)
    if not pattern.literal:
        _pattern_by_neighbours(item, pattern, places)
        return
    beside = hosted(pattern.text, cwd)
    if beside is not None and places.has(beside):
        item.pattern, item.how = Pattern(beside), "in the hosted notebook's working folder"
        return
    _by_literal_tail(item, _climbed(pattern.text), places)


def _by_literal_tail(item: Placed, text: str, places: Places) -> None:
    found = places.by_tail(text)
    if found is None and item.raw.folder:
        found = places.by_tail(text, folders=True)
    climbing = item.raw.path.anchor == "relative"
    if found is None or (climbing and found.parts < min(text.count("/"), found.path.count("/")) + 1):
        return
    if found.ambiguous:
        item.reason = f"{text} may be several files of the project"
        return
    item.pattern, item.how = Pattern(found.path), f"by the tail of {item.outside}"
    places.learn(text, found.path)


def _climbed(text: str) -> str:
    while text.startswith("../"):
        text = text[3:]
    return text


def _pattern_by_neighbours(item: Placed, pattern: Pattern, places: Places) -> None:
    """A pattern elsewhere: its folder may be known by what other paths told."""
    base = pattern.base
    if not base or item.raw.path.anchor == "relative":
        return
    folder = places.by_learned(f"{base}/x") or places.by_root_name(f"{base}/x") or places.by_folder(f"{base}/x")
    if folder is not None:
        item.pattern = Pattern((dirname(folder) + pattern.text[len(base) :]).lstrip("/"))
        item.how = f"by the tail of {item.outside}"


def _by_neighbours(item: Placed, cwd: str, places: Places) -> None:
    if item.raw.path.anchor == "relative":
        return
    pattern = pattern_of(item.raw.path)
    if not pattern.literal:
        _pattern_by_neighbours(item, pattern, places)
        return
    text = pattern.text
    found = places.by_learned(text) or places.by_root_name(text) or hosted(text, cwd)
    if found is None and item.raw.action == "write":
        found = places.by_folder(text)
    if found:
        item.pattern, item.how, item.reason = Pattern(found), f"by the folders of {item.outside}", ""


def _shared_elsewhere(placed: Mapping[str, list[Placed]]) -> None:
    """What one stage writes elsewhere and another reads there is handed over: it gets a name in the project."""
    writers: dict[str, set[str]] = {}
    readers: dict[str, set[str]] = {}
    for name, items in placed.items():
        for item in items:
            if item.pattern is None and item.raw.path.anchor != "relative":
                (writers if item.raw.action == "write" else readers).setdefault(item.outside, set()).add(name)
    handed = {path for path, names in writers.items() if readers.get(path, set()) - names}
    if not handed:
        return
    names = dict(common_folders(writers))
    for items in placed.values():
        for item in items:
            if item.pattern is None and item.outside in handed and item.raw.path.anchor != "relative":
                item.pattern = Pattern(names[item.outside].lstrip("~/"))
                item.how = f"handed over as {item.outside}"
                item.reason = ""


def _headless_pairs(waiting: list[Placed], items: Sequence[tuple[str, Placed]], places: Places) -> None:
    """Paths of which only the tail is known: the one file that fits, or the same text written and read."""
    texts: dict[str, set[str]] = {}
    for item in waiting:
        if item.pattern is not None:
            texts.setdefault(item.pattern.shown, set()).add(item.raw.action)
    wanted = Places("")
    wanted.add(
        item.pattern.text
        for _, item in items
        if item.pattern is not None and item.pattern.literal and item.raw.action == "read"
    )
    for item in waiting:
        pattern = item.pattern
        if pattern is None:
            continue
        tail = _literal_tail(pattern.text)
        found = places.by_tail(tail) or (wanted.by_tail(tail) if item.raw.action == "write" else None)
        whole = found is not None and found.parts == tail.count("/") + 1
        if found is not None and whole and not found.ambiguous:
            item.pattern, item.maybe, item.how = Pattern(found.path), True, f"the one file that ends in {tail}"
        elif len(texts[pattern.shown]) < 2:
            item.pattern, item.reason = None, f"its folder is not known: {pattern.shown}"


def _literal_tail(text: str) -> str:
    tail: list[str] = []
    for part in reversed(text.split("/")):
        if not Pattern(part).literal:
            break
        tail.insert(0, part)
    return "/".join(tail)
