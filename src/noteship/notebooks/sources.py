"""Reading a whole project: from its folder to its stages, with what each reads and writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from posixpath import dirname, normpath
from typing import Any

from noteship import patterns
from noteship.digests import Digest
from noteship.errors import stage_section
from noteship.notebooks import (
    calling,
    command_files,
    discovery,
    linking,
    newer,
    partial_paths,
    placement,
    scan,
    syntax,
    working_folder,
    written_sources,
)
from noteship.notebooks.errors import CellSyntaxError, UnknownStage
from noteship.notebooks.memory import ReadingMemory
from noteship.notebooks.project_view import ProjectTexts, ProjectView
from noteship.notebooks.raw import CommandLine, RawAnalysis
from noteship.notebooks.reading import Reader, Reading, remembered_as
from noteship.notebooks.settings import ReadingSettings, StageOverride
from noteship.notebooks.uses import Action, ProjectSources, StageSource, Use

__all__ = ["read_project"]


# A stage that is written by what another stage writes is found in the next round.
MOST_ROUNDS = 4
# Modules by which a script starts others.
STARTERS = frozenset({"subprocess", "os", "runpy", "sh", "invoke"})


def read_project(root: Path, settings: ReadingSettings | None = None, cache: Path | None = None) -> ProjectSources:
    """All stages of the project in `root`, what they read and write, and how that is known.

    A notebook that cannot be read is a stage with its fault; the others stand. `cache` is a folder for what was read
    before. Raises OSError when the root cannot be listed, and UnknownStage.
    """
    project = _Project(root, settings or ReadingSettings(), cache)
    stages = project.stages()
    project.save()
    digests = {path: project.texts.digest(path) for path in project.readings}
    return ProjectSources(stages, project.texts.files, digests, project.texts.consulted)


class _Project:
    def __init__(self, root: Path, settings: ReadingSettings, cache: Path | None) -> None:
        root = root.resolve()
        self.settings = settings
        self.texts = ProjectTexts(root, discovery.list_files(root))
        self._reader = Reader(self.texts, settings.readers, settings.writers)
        user = [sorted(settings.readers.items()), sorted(settings.writers.items()), _identity(settings.python)]
        self._memory = ReadingMemory(cache, user)
        self._changed = False
        self._params: Mapping[str, Mapping[str, Any]] = {}
        self._asked: set[tuple[str, str]] = set()
        self.texts.take(self._memory.made)
        self._own = _own(self.texts.files, settings.coming)
        self._declared = command_files.command_lines(self.texts, self._own, settings.exclude)
        self._called = self._declared
        self.readings = self._read()
        self._importers: Mapping[str, set[str]] = {}

    def _read(self) -> dict[str, Reading]:
        readings: dict[str, Reading] = {}
        texts = {path for path, text in self.texts.made.items() if text is not None}
        for group in scan.candidates(self._own | texts, self.settings.exclude):
            for path in group:
                known = self._memory.get(path, self.texts)
                if known is None:
                    known = self._reader.read(path)
                    self._changed = True
                readings[path] = known
        self._read_newer(readings, ())
        return readings

    def _read_newer(self, readings: dict[str, Reading], again: Iterable[str]) -> None:
        """Files that this Python cannot parse, read by the project's if that is newer."""
        failed = [
            path
            for path, reading in readings.items()
            if isinstance(reading.fault, CellSyntaxError) and not reading.asked
        ]
        failed.extend(again)
        if not failed or self.settings.python is None:
            return
        self._changed = True
        declared = {_cwd(override) or "" for override in self.settings.stages.values()}
        folders = {path: sorted({*working_folder.folders_above(path), *declared}) for path in failed}
        lines = {path: self._called[path][: command_files.MOST_READ] for path in failed if path in self._called}
        readings.update(newer.read(self.settings, self.texts.root, folders, lines, self.texts.made))
        for path in failed:
            readings[path].asked = True

    def save(self) -> None:
        """Keep what was read; analyses of command lines that are no longer given are dropped."""
        for path, reading in self.readings.items() if self._changed else ():
            for name in [each for each in reading.analyses if "!" in each and (path, each) not in self._asked]:
                del reading.analyses[name]
        self._memory.save(self.readings.values(), self.texts.made, self._changed)

    def analyse(self, path: str, cwd: str) -> RawAnalysis:
        """What a document does from a working folder, remembered."""
        reading = self.readings[path]
        if reading.fault is not None and not reading.analyses:
            return RawAnalysis()
        values = {name: value for name, value in self._params.get(path, {}).items() if name in reading.parameters}
        lines = self._called.get(path, ())[: command_files.MOST_READ]
        lines = lines if any(line.words for line in lines) else ()
        remembered = remembered_as(cwd, values, lines)
        if reading.asked and remembered not in reading.analyses:
            # Another interpreter read it; it was told of the task files' lines alone.
            remembered = next((name for name in reading.analyses if re.split("[!?]", name)[0] == cwd), remembered)
        if remembered not in reading.analyses:
            # One set of other values is remembered at a time: a search goes through thousands.
            called = remembered.partition("?")[0]
            for other in [each for each in reading.analyses if values and each.startswith(f"{called}?")]:
                del reading.analyses[other]
            reading.analyses[remembered] = self._reader.analyse(path, cwd, values, lines)
            self._changed = True
        self._asked.add((path, remembered))
        return reading.analyses[remembered].raw

    def _follow_calls(self) -> None:
        """Add the command lines with which the project's own code starts its scripts."""
        self._called = self._declared
        found: dict[str, dict[CommandLine, None]] = {path: dict.fromkeys(lines) for path, lines in self._called.items()}
        for path, reading in self.readings.items():
            starts = path.endswith(".ipynb") or any(name in STARTERS for _, name in reading.imports)
            for script, line in self.analyse(path, self._usual_folder(path)).calls if starts else ():
                found.setdefault(script, {})[line] = None
        self._called = {path: tuple(lines)[: command_files.MOST_LINES] for path, lines in found.items()}

    def _stands_alone(self, path: str, importers: Mapping[str, set[str]]) -> bool:
        """Whether an imported file is a stage too: it is called, or makes files that those who import it do not.

        It has to be a program, or others read what it makes: many modules have a trial at their end.
        """
        reading = self.readings.get(path)
        if reading is None or not reading.main or reading.fault is not None:
            return False
        writes = self._writes(path)
        if path in self._called or not writes:
            return path in self._called
        above, waiting = {path}, [path]
        while waiting:
            more = importers.get(waiting.pop(), set()) - above
            above |= more
            waiting.extend(more)
        if any(writes & self._writes(each) for each in above - {path}):
            return False
        tree = self.texts.tree(path)
        return (tree is not None and scan.is_program(tree)) or any(
            writes & self._reads(each) for each in self.readings if each != path and not importers.get(each)
        )

    def _reads(self, path: str) -> set[str]:
        uses = self.analyse(path, self._usual_folder(path)).uses
        return {partial_paths.pattern_of(use.path).text for use in uses if use.action == "read"}

    def _writes(self, path: str) -> set[str]:
        uses = self.analyse(path, self._usual_folder(path)).uses
        return {partial_paths.pattern_of(use.path).text for use in uses if use.action == "write" and not use.by}

    def _usual_folder(self, path: str) -> str:
        return dirname(path) if path.endswith(".ipynb") else self._called_in(path) or ""

    def _called_in(self, path: str) -> str | None:
        """The folder that a script is called in, where all its callers agree."""
        folders = {line.cwd for line in self._called.get(path, ())}
        return folders.pop() if len(folders) == 1 else None

    def stages(self) -> tuple[StageSource, ...]:
        """The stages with their uses, by name."""
        for _ in range(MOST_ROUNDS):
            stages = self._stages()
            made = written_sources.made_by((stage, self._of(stage)) for stage in stages)
            if made == self.texts.made:
                break
            self._take(made)
        self._check_names({stage.name for stage in stages})
        return stages

    def _of(self, stage: StageSource) -> RawAnalysis:
        return self.analyse(stage.path, "" if stage.cwd == "." else stage.cwd)

    def _take(self, made: Mapping[str, str | None]) -> None:
        """Take other sources for what stages write, and forget the analyses that do not rest on these."""
        for path in self.texts.take(made):
            self.readings.pop(path, None)
            if path.endswith((".py", ".ipynb")) and (path in self.texts.files or made.get(path) is not None):
                self.readings[path] = self._reader.read(path)
        stale = []
        for path, reading in self.readings.items():
            known = reading.analyses
            reading.analyses = {
                name: each for name, each in known.items() if ProjectView.still_true(self.texts, each.answers)
            }
            if reading.asked and len(reading.analyses) < len(known):
                stale.append(path)
        self._changed = True
        self._read_newer(self.readings, stale)

    def _stages(self) -> tuple[StageSource, ...]:
        self._follow_calls()
        importers = scan.imported_files(self.readings.values(), self.texts.places)
        self._importers = {path: who for path, who in importers.items() if not self._stands_alone(path, importers)}
        found = scan.find_stages(
            {path: self._as_called(path) for path in self.readings if path not in self.texts.made},
            self._importers,
            self.settings.exclude,
            self._does_something,
            self._lines,
        )
        overrides = self.settings.stages
        self._params = {stage.path: overrides[stage.name].params for stage in found if stage.name in overrides}
        places = [
            working_folder.Candidate(
                stage.name, stage.path, stage.script, _cwd(overrides.get(stage.name)), self._called_in(stage.path)
            )
            for stage in found
        ]
        files = self.texts.files.union(self.settings.coming)
        chosen = working_folder.choose(places, files, self.analyse)
        names = {stage.path: stage.name for stage in found}
        uses = [self._uses(stage, chosen[stage.name].path, names) for stage in found]
        linked = linking.link(uses, files, self.texts.root.name)
        sources = (self._source(stage, chosen[stage.name], linked[stage.name]) for stage in found)
        return tuple(_overruled(source, overrides.get(source.name)) for source in sources)

    def _uses(self, stage: scan.FoundStage, cwd: str, names: Mapping[str, str]) -> placement.StageUses:
        raw = self.analyse(stage.path, cwd)
        if stage.script:
            raw = self._without_others(raw, stage.path)
        reading = self.readings[stage.path]
        if self.texts.made and not reading.fault:
            raw = written_sources.with_imports(raw, self._closure(reading, raw) & self.texts.made.keys())
        runs = tuple(names[path] for path in raw.runs if path in names and path != stage.path)
        return placement.StageUses(stage.name, cwd, raw, runs, dirname(stage.path))

    def _without_others(self, raw: RawAnalysis, path: str) -> RawAnalysis:
        """What a runner does itself; a notebook keeps its commands' reads, since they are run within it."""
        return replace(
            raw,
            uses=tuple(use for use in raw.uses if not self._of_another(use.by, path)),
            external=tuple(each for each in raw.external if not self._of_another(each.by, path)),
            unknown=tuple(each for each in raw.unknown if not self._of_another(each.by, path)),
        )

    def _source(
        self,
        stage: scan.FoundStage,
        cwd: working_folder.WorkingFolder,
        linked: linking.Linked,
    ) -> StageSource:
        reading = self.readings[stage.path]
        raw = self.analyse(stage.path, cwd.path)
        modules = () if reading.fault else self._modules(reading, raw)
        calls, calls_note = calling.known_calls(self._called.get(stage.path, ()), raw.order)
        return StageSource(
            name=stage.name,
            path=stage.path,
            kind="script" if stage.script else "notebook",
            twin=stage.twin,
            cwd=cwd.path or ".",
            cwd_note=cwd.note,
            uses=linked.uses,
            external=linked.external,
            unknown=linked.unknown,
            modules=modules,
            code=None if reading.fault else self._code(reading, modules),
            pieces={path: self.readings[path].pieces for path in (stage.path, *modules)},
            parameters=reading.parameters,
            fault=reading.fault,
            calls=calls,
            calls_note=calls_note,
            elsewhere=linked.elsewhere,
            redone=linked.redone,
            imports=tuple(sorted(self._needed(reading))),
        )

    def _needed(self, reading: Reading) -> set[str]:
        """The modules of others that a file, and what it imports of the project, cannot run without."""
        waiting, seen, found = [reading], {reading.path}, set()
        while waiting:
            each = waiting.pop()
            tops = {name.partition(".")[0] for level, name in each.needed if not level}
            found |= {top for top in tops if not any(True for _ in self._places(each, 0, top))}
            own = {path for level, name in each.needed for path in self._places(each, level, name)}
            more = {path for path in own if path in self.readings} - seen
            seen |= more
            waiting.extend(self.readings[path] for path in sorted(more))
        return found

    def _modules(self, reading: Reading, raw: RawAnalysis) -> tuple[str, ...]:
        """Module files of the project that the stage imports, directly or not, and what it runs in its own names."""
        return tuple(sorted(self._closure(reading, raw) - self.texts.made.keys()))

    def _closure(self, reading: Reading, raw: RawAnalysis) -> set[str]:
        waiting = [*raw.modules, *raw.runs, *self._imports(reading)]
        found: set[str] = set()
        while waiting:
            path = waiting.pop()
            if path in found or path == reading.path or not (path in self.readings or path in self.texts.made):
                continue
            found.add(path)
            waiting.extend(self._imports(self.readings[path]) if path in self.readings else ())
        return found

    def _imports(self, reading: Reading) -> Iterable[str]:
        for level, name in reading.imports:
            yield from filter(None, self._places(reading, level, name))

    def _places(self, reading: Reading, level: int, name: str) -> Iterable[str]:
        """The files of the project that an import loads; empty for a package without `__init__.py`."""
        places = self.texts.places
        search = (dirname(reading.path),)
        place = places.relative(reading.path, level, name) if level else places.find(name, search)
        while place is not None:
            yield place.path
            name = name.rpartition(".")[0]
            place = places.find(name, search) if name and not level else None

    def _code(self, reading: Reading, modules: Iterable[str]) -> Digest:
        others = {path: self.readings[path].code or self.readings[path].digest for path in modules}
        return syntax.code_digest(reading.code, others)

    def _does_something(self, path: str) -> bool:
        raw = self.analyse(path, "")
        happened = [use.by for use in raw.uses] + [each.by for each in raw.unknown]
        return not all(self._of_another(by, path) for by in happened)

    def _of_another(self, by: tuple[str, ...], path: str) -> bool:
        """Whether what happens in what a file starts is the affair of a stage of its own."""
        return any(each != path and self._may_be_stage(each) for each in by)

    def _may_be_stage(self, path: str) -> bool:
        if path not in self.readings or path in self.texts.made:
            return False
        if path.endswith(".ipynb"):
            return not discovery.excluded(path, self.settings.exclude)
        return scan.may_be_stage(path, self._as_called(path), self._importers, self.settings.exclude)

    def _as_called(self, path: str) -> Reading:
        """What was read; what does not parse and is called is a program, whatever its text looks like."""
        reading = self.readings[path]
        return replace(reading, main=True) if reading.fault is not None and path in self._called else reading

    def _lines(self, path: str) -> set[str]:
        document = self.texts.document(path)
        cells = document.code if document is not None else ()
        lines = (line.strip() for cell in cells for line in cell.source.splitlines())
        return {line for line in lines if line and not line.startswith(("#", "%", "!", "get_ipython"))}

    def _check_names(self, names: set[str]) -> None:
        for name in self.settings.stages:
            if name not in names:
                raise UnknownStage(name, next(iter(get_close_matches(name, sorted(names), 1)), ""))


def _own(paths: frozenset[str], coming: Iterable[str]) -> frozenset[str]:
    """The files that others have not brought."""
    foreign = patterns.PathSet(coming)
    return frozenset(path for path in paths if path not in foreign) if coming else paths


def _identity(python: Path | None) -> list[Any]:
    """Changes when the interpreter does."""
    if python is None or not python.exists():
        return [str(python)]
    status = python.stat()
    return [str(python), status.st_size, status.st_mtime_ns]


def _cwd(override: StageOverride | None) -> str | None:
    if override is None or override.cwd is None:
        return None
    folder = normpath(override.cwd)
    return "" if folder == "." else folder


def _overruled(source: StageSource, override: StageOverride | None) -> StageSource:
    if override is None:
        return source
    removed: Mapping[str, tuple[str, ...]] = {"read": override.not_reads, "write": override.not_writes}
    kept = [use for use in source.uses if not discovery.excluded(use.path, removed[use.action])]
    where = f"noteship.toml, {stage_section(source.name)}"
    reads = [_declared(path, "read", where) for path in override.reads]
    writes = [_declared(path, "write", where) for path in override.writes]
    return replace(source, uses=(*reads, *kept, *writes))


def _declared(path: str, action: Action, where: str) -> Use:
    return Use(normpath(path), action, None, 0, where, "declared", folder=path.endswith("/"))
