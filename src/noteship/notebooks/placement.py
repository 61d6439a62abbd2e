"""Puts the paths of all stages into the project, where they are in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import basename, dirname, join, normpath

from noteship.notebooks.partial_paths import Pattern, pattern_of
from noteship.notebooks.places import Places, common_folders, hosted
from noteship.notebooks.raw import RawAnalysis, RawUse
from noteship.notebooks.searches import found_by_search, found_by_suffix

__all__ = ["Placed", "StageUses", "place"]

# A folder that a hosted notebook made in its own.
_HOSTED_BELOW = re.compile(r"^/kaggle/working(/|$)", re.IGNORECASE)


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
    `shared` when it is that of another stage, run within this one or writing the same text: the other is its writer.
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
    return placed


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
    handed = {item.outside for _, item in waiting if item.raw.action == "write" and item.outside}
    for cwd, item in waiting:
        _in_own_folder(item, cwd, places, handed)
    places.add(item.pattern.text for _, item in waiting if item.pattern is not None and item.pattern.literal)
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
    _shared_above(placed)
    headless = [item for _, item in waiting if item.pattern is not None and _headless(item.pattern)]
    _searched(placed, files)
    _headless_pairs(headless, items, places)


def _headless(pattern: Pattern) -> bool:
    """Whether nothing is known of the folder, and the name is."""
    first = pattern.text.split("/")[0]
    return not Pattern(first).literal and "/" in pattern.text and Pattern(basename(pattern.text)).literal


def _in_own_folder(item: Placed, cwd: str, places: Places, handed: Collection[str]) -> None:
    """What is written into a folder below a hosted notebook's own is there, whatever else has the file's name."""
    pattern = pattern_of(item.raw.path)
    beside = None
    if item.pattern is None and item.outside in handed and pattern.literal:
        beside = hosted(pattern.text, cwd, surely=True)
    below = "" if beside is None else beside.removeprefix(f"{cwd}/" if cwd else "")
    if beside is None or "/" not in below:
        return
    found = places.by_tail(pattern.text)
    if found is None or found.parts <= below.count("/"):
        item.pattern, item.how = Pattern(beside), f"by the folders of {item.outside}"


def _by_tail(item: Placed, cwd: str, places: Places) -> None:
    if item.pattern is not None:
        return
    pattern = pattern_of(item.raw.path)
    if not pattern.literal:
        _pattern_by_neighbours(item, pattern, cwd, places)
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


def _pattern_by_neighbours(item: Placed, pattern: Pattern, cwd: str, places: Places) -> None:
    """A pattern elsewhere: its folder may be known by what other paths told."""
    base = pattern.base
    if not base or item.raw.path.anchor == "relative":
        return
    inside = f"{base}/x"
    folder = hosted(inside, cwd, surely=True) if _HOSTED_BELOW.match(base) else None
    folder = folder or places.by_learned(inside) or places.by_root_name(inside) or places.by_folder(inside)
    if folder is not None:
        item.pattern = Pattern((dirname(folder) + pattern.text[len(base) :]).lstrip("/"))
        item.how = f"by the tail of {item.outside}"


def _by_neighbours(item: Placed, cwd: str, places: Places) -> None:
    if item.raw.path.anchor == "relative":
        return
    pattern = pattern_of(item.raw.path)
    if not pattern.literal:
        _pattern_by_neighbours(item, pattern, cwd, places)
        return
    text = pattern.text
    found = hosted(text, cwd, surely=True) or places.by_learned(text) or places.by_root_name(text) or hosted(text, cwd)
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


def _shared_above(placed: Mapping[str, list[Placed]]) -> None:
    """What one stage writes above the project's root and another reads there lies in the project without the climbing.

    Two folders that would then be one stay where they are.
    """
    climbing = [
        (name, item, pattern_of(item.raw.path))
        for name, items in placed.items()
        for item in items
        if item.pattern is None and item.raw.path.anchor == "relative" and item.outside.startswith("../")
    ]
    written = [(name, item, pattern) for name, item, pattern in climbing if item.raw.action == "write"]
    levels: dict[str, set[int]] = {}
    for _, _, pattern in climbing if written else ():
        levels.setdefault(_climbed(pattern.text).split("/")[0], set()).add(pattern.text.count("../"))
    for reader, read, wanted in climbing if written else ():
        if read.raw.action == "read" and len(levels[_climbed(wanted.text).split("/")[0]]) == 1:
            for writer, write, made in written:
                if writer != reader and _may_be_same(wanted, made, read.raw.folder or write.raw.folder):
                    _let_down(read, wanted)
                    _let_down(write, made)
    let_down = {item.outside for _, item, _ in climbing if item.pattern is not None}
    for _, item, pattern in climbing:
        if item.outside in let_down:
            _let_down(item, pattern)


def _may_be_same(read: Pattern, written: Pattern, folder: bool) -> bool:
    if read.text == written.text or (folder and f"{written.text}/".startswith(f"{read.text}/")):
        return True
    return (written.literal and read.fits(written.text)) or (folder and read.text.startswith(f"{written.text}/"))


def _let_down(item: Placed, pattern: Pattern) -> None:
    if item.pattern is None and Pattern(_climbed(pattern.text)).says_anything:
        item.pattern, item.how, item.reason = Pattern(_climbed(pattern.text)), f"handed over as {item.outside}", ""


def _searched(placed: Mapping[str, list[Placed]], files: frozenset[str]) -> None:
    """Wildcards in folders elsewhere that find what the project has or what other stages write."""
    waiting = [
        (name, item, pattern)
        for name, items in placed.items()
        for item in items
        if item.pattern is None and item.raw.action == "read" and item.raw.path.anchor != "relative"
        if not (pattern := pattern_of(item.raw.path)).literal and not pattern.guessed
    ]
    shipped = [Pattern(path) for path in sorted(files)] if waiting else []
    made = [
        (name, item.pattern)
        for name, items in (placed.items() if waiting else ())
        for item in items
        if item.raw.action == "write" and item.pattern is not None and not item.shared
    ]
    for name, item, pattern in waiting:
        others = [(writer, one) for writer, one in made if writer != name]
        item.pattern = found_by_search(pattern, [*(one for _, one in others), *shipped])
        item.pattern = item.pattern or found_by_suffix(pattern, others)
        if item.pattern is not None:
            item.how, item.reason = f"by the tail of {item.outside}", ""


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
