"""`noteship validate`: a bundle is judged on rows that it has not seen, and by the gates.

The measuring is done in the project's interpreter; gates, report and card are made here of what it found.
"""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from noteship import digests, files, project, temporary, workflow
from noteship.digests import Digest, short
from noteship.errors import NoteshipError
from noteship.operations import child, judgements, loading, promotions, trusted
from noteship.operations.chosen import chosen_on
from noteship.operations.errors import BundleFailed, DataGone, MadeEarlier, NoHoldoutFile, NoTarget, RowsChanged
from noteship.operations.named_columns import check_columns
from noteship.operations.naming import Named, named
from noteship.operations.opened import OpenedProject
from noteship.operations.validating_pages import CARD, PICTURES, REPORT, intended
from noteship.project import ValidateSettings
from noteship.validation.asking import JudgeRequest, Packed, measures_of
from noteship.validation.errors import HOLDOUT, NoHoldoutColumn, UnknownSlice
from noteship.validation.gate_values import Known, values_of
from noteship.validation.holdout import Holdout
from noteship.validation.judgement import Judgement

__all__ = ["Told", "ValidateRequest", "Validated", "asked_of", "validate"]

JUDGE = "noteship.validation"
# Raised whenever equal requests would now find something else.
VERSION = 5
# Told one after the other: loading, fitting, judging, comparing, slices, changed rows, champion, timing.
STEPS = 8
POLL_S = 0.2
DESCRIPTION = "bundle.json"
# As a lineage says it of a file that was not there.
ABSENT = "absent"
# As errors name a setting, none of which is known by its line.
SETTING = re.compile(r"\[validate\] (\w+) in noteship\.toml")

Told = Callable[[float, str], None]


@dataclass(frozen=True)
class ValidateRequest:
    """Which bundle, `latest` if none is named; with another holdout than the declared one; `again`: measure anew."""

    bundle: str | None = None
    holdout: Holdout | None = None
    again: bool = False
    trusting: loading.Trusting = field(default_factory=loading.Trusting)


@dataclass(frozen=True)
class Validated:
    """What was found of a bundle.

    - again: whether nothing was measured; of_old: whether it was told before, by these gates and with this card
    - since: what has changed in the project since the bundle was made
    """

    bundle: Named
    judgement: Judgement
    kept: judgements.Kept
    again: bool
    since: tuple[str, ...] = ()
    of_old: bool = False

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship validate --json` prints."""
        return {
            "bundle": self.bundle.digest,
            "id": self.kept.id,
            "again": self.again,
            "since": list(self.since),
            "judgement": self.judgement.to_json(),
        }


@dataclass(frozen=True)
class _Rows:
    """A file with rows: where it was, its digest, and whether the store has it."""

    path: str
    digest: str
    is_kept: bool


def validate(
    opened: OpenedProject, request: ValidateRequest, told: Told, cancel: threading.Event | None = None
) -> Validated:
    """Judge a bundle, or find that the same was judged before; its judgement is then the latest one of the bundle.

    Where only gates or the card's text are others, what was measured before is held against these gates.
    Raises: NoBundle, UnknownBundle, MadeEarlier, NoTarget, DataGone, RowsChanged, NoHoldoutFile, GateUnknown,
    NoHoldoutColumn, UnknownSlice, NoCardText, what the judging raises (as BundleFailed), NoteshipMissing, and the
    store's errors; child.Stopped, once `cancel` is set.
    """
    with _told_of(opened, request):
        return _validated(opened, request, told, cancel)


@contextmanager
def _told_of(opened: OpenedProject, request: ValidateRequest) -> Iterator[None]:
    """Where another holdout than the declared one is asked for, what is wrong with it is not in noteship.toml.

    What is there, has its line: who judges knows the settings alone.
    """
    try:
        yield
    except (BundleFailed, NoHoldoutColumn, NoHoldoutFile, UnknownSlice) as error:
        setting = SETTING.fullmatch(error.where)
        if request.holdout is not None and error.where == HOLDOUT:
            error.where = "--holdout"
        elif setting:
            error.where = f"[validate] {setting[1]} in {project.place(opened.root, f'validate.{setting[1]}')}"
        raise


def _validated(
    opened: OpenedProject, request: ValidateRequest, told: Told, cancel: threading.Event | None
) -> Validated:
    found = named(opened, request.bundle or "latest")
    use = intended(opened)
    settings = opened.settings.validate
    if request.holdout is not None:
        settings = replace(settings, holdout=request.holdout)
    description = _description(opened, found.digest)
    _check(settings, description)
    asked = _Asked(opened, found, settings, description, use)
    before = judgements.find(opened.store, found.digest, asked.key)
    since = tuple(asked.since())
    if before is not None and not request.again:
        judgement = judgements.read(opened.store, before)
        last = judgements.latest(opened.store, found.digest)
        if last is None or last.id != before.id:
            pages = {name: opened.store.get_bytes(digest) for name, digest in before.pages.items()}
            before = judgements.keep(opened.store, judgement, asked.key, pages, asked.measured)
        return Validated(found, judgement, before, again=True, since=since, of_old=True)
    measured = None if request.again else judgements.find_measured(opened.store, found.digest, asked.measured)
    known = judgements.read(opened.store, measured) if measured else asked.judged(request.trusting, told, cancel)
    notes = (*known.notes, *(each for each in chosen_on(opened, description, settings) if each not in known.notes))
    judgement = _gated(replace(known, settings=settings.to_json(), notes=notes), settings)
    kept = judgements.keep(opened.store, judgement, asked.key, _pages(judgement, use), asked.measured)
    return Validated(found, judgement, kept, again=measured is not None, since=since)


def asked_of(opened: OpenedProject, found: Named, folder: Path) -> JudgeRequest:
    """What a judging of a bundle by `[validate]` is asked, with its files laid out in a folder; no champion.

    Raises MadeEarlier, NoTarget, DataGone, RowsChanged, NoHoldoutFile, NoHoldoutColumn, and the store's errors.
    """
    asked = _Asked(opened, found, opened.settings.validate, _description(opened, found.digest), "")
    made = replace(asked.request(folder, loading.Trusting()), champion=None, slices=None)
    check_columns(made)
    return made


def _description(opened: OpenedProject, digest: str) -> Mapping[str, Any]:
    leaf = opened.store.read_tree(Digest(digest)).files[DESCRIPTION]
    value: Mapping[str, Any] = json.loads(opened.store.get_bytes(leaf.digest))
    return value


def _check(settings: ValidateSettings, description: Mapping[str, Any]) -> None:
    """Look at the gates before anything is measured. Raises GateUnknown."""
    signature = description["signature"]
    kind = signature["output"]["kind"]
    columns = settings.slices or tuple(column["name"] for column in signature["inputs"])
    Known(measures_of(kind), columns, is_calibrated=kind == "classification").check(settings.gates)


class _Asked:
    """What is asked of one bundle, with the digests of all that the answer depends on."""

    def __init__(
        self, opened: OpenedProject, found: Named, settings: ValidateSettings, description: Mapping[str, Any], use: str
    ) -> None:
        self._opened, self._found, self._settings, self._description = opened, found, settings, description
        self._use = use
        self._champion = promotions.champion(opened.store)
        lineage = description["lineage"]
        data = lineage.get("data")
        if data is None:
            raise MadeEarlier(short(found.digest))
        if data.get("target") is None:
            raise NoTarget(short(found.digest))
        self._target: str = data["target"]
        with workflow.FileDigests(opened.root, opened.workplace.digests_cache) as known:
            self._data = self._rows(data["path"], data["digest"], known)
            self._held = self._held_rows(known)
        self._read_by = self._reader() if self._held else ""

    @property
    def key(self) -> str:
        """Equal for requests that are answered the same: with the gates, and with what the card says."""
        return digests.of_value([self.measured, [gate.text for gate in self._settings.gates], self._use])

    @property
    def measured(self) -> str:
        """Equal for requests that measure the same."""
        settings = {name: value for name, value in self._settings.to_json().items() if name != "gates"}
        return digests.of_value(
            [
                VERSION,
                self._found.digest,
                self._champion.digest if self._champion else None,
                settings,
                self._cut_by_gates,
                self._data.digest,
                self._held.digest if self._held else None,
                self._opened.environment.digest,
            ]
        )

    @property
    def _cut_by_gates(self) -> tuple[str, ...]:
        """The columns whose slices gates ask for, where no slices are declared."""
        asked = {name.parts[1] for gate in self._settings.gates for name in gate.names if name.parts[0] == "slice"}
        return () if self._settings.slices else tuple(sorted(asked))

    def since(self) -> Iterator[str]:
        """What the project has become since the bundle was made."""
        latest = self._opened.store.read_ref("names/latest")
        if latest is not None and latest.value["digest"] != self._found.digest:
            yield f"this is not the latest bundle, which is {short(latest.value['digest'])}"
        stages = self._description["lineage"].get("stages", ())
        made = {path for stage in stages for path in stage["outputs"]}
        read = {path: digest for stage in stages for path, digest in stage["inputs"].items() if path not in made}
        with workflow.FileDigests(self._opened.root, self._opened.workplace.digests_cache) as known:
            changed = [path for path, digest in sorted(read.items()) if (known.of(path) or ABSENT) != digest]
        if changed:
            more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
            yield f"changed since the bundle was made: {', '.join(changed[:3])}{more}"

    def request(self, folder: Path, trusting: loading.Trusting) -> JudgeRequest:
        """What is asked, with its files laid out in a folder."""
        return JudgeRequest(
            bundle=self._packed(self._found, folder / "bundle", trusting),
            champion=self._packed_champion(folder / "champion", trusting),
            data=str(self._fetched(self._data, folder / "data")),
            held=str(self._fetched(self._held, folder / "held")) if self._held else None,
            read_by=self._read_by,
            target=self._target,
            holdout=self._settings.holdout,
            positive=self._settings.positive,
            metric=self._settings.metric,
            slices=self._settings.slices or None,
            gated=self._cut_by_gates,
            seed=self._settings.seed,
            resamples=self._settings.resamples,
            robustness=self._settings.robustness,
        )

    def judged(self, trusting: loading.Trusting, told: Told, cancel: threading.Event | None = None) -> Judgement:
        """Measure it in the project's interpreter."""
        with temporary.folder() as folder:
            request = self.request(folder, trusting)
            check_columns(request)
            with _watched(folder / "progress", told):
                python = self._opened.environment.interpreter.path
                asked = {**request.to_json(), "progress": str(folder / "progress")}
                answer = child.ask(python, "validating", JUDGE, asked, self._opened.variables, cancel)
        return Judgement.from_json(answer)

    def _rows(self, path: str, digest: str, known: workflow.FileDigests) -> _Rows:
        if self._opened.store.has(Digest(digest)):
            return _Rows(path, digest, is_kept=True)
        there = known.of(path)
        if there != digest:
            raise DataGone(short(self._found.digest), path, there is not None)
        return _Rows(path, digest, is_kept=False)

    def _held_rows(self, known: workflow.FileDigests) -> _Rows | None:
        """The held-out file: as a stage behind the bundle made it, else as it lies in the project."""
        path = self._settings.holdout.file
        if path is None:
            return None
        for stage in self._description["lineage"].get("stages", ()):
            if path in stage["outputs"]:
                return self._rows(path, stage["outputs"][path], known)
        there = known.of(path)
        if there is None or (self._opened.root / path).is_dir():
            raise NoHoldoutFile(path)
        return _Rows(path, there, is_kept=False)

    def _reader(self) -> str:
        """A stage behind the bundle that has read, or made, the held-out rows."""
        assert self._held is not None
        for stage in self._description["lineage"].get("stages", ()):
            files = {**stage["inputs"], **stage["outputs"]}
            within = any(self._held.path.startswith(f"{path}/") for path in files)
            if within or self._held.path in files or self._held.digest in files.values():
                return str(stage["stage"])
        return ""

    def _fetched(self, rows: _Rows, folder: Path) -> Path:
        folder.mkdir()
        target = folder / PurePosixPath(rows.path).name
        if rows.is_kept:
            self._opened.store.fetch_file(Digest(rows.digest), target)
        else:
            _copy(self._opened.root, rows, target)
        return target

    def _packed(self, bundle: Named, folder: Path, trusting: loading.Trusting) -> Packed:
        self._opened.store.fetch_folder(Digest(bundle.digest), folder)
        is_own = trusted.holds(self._opened.root, bundle.digest)
        is_known = bundle.is_exact or bundle.digest in trusting.digests
        return Packed(str(folder), bundle.digest, is_known, is_own, trusting.types, trusting.allow_pickle)

    def _packed_champion(self, folder: Path, trusting: loading.Trusting) -> Packed | None:
        if self._champion is None:
            return None
        digest = self._champion.digest
        with suppress(NoteshipError):
            return self._packed(Named(digest, "", "champion"), folder, trusting)
        # What is not to be had is compared with nothing, which is told.
        return Packed(str(folder), digest)


def _copy(root: Path, rows: _Rows, target: Path) -> None:
    """Copy rows of the project: whoever saves the file meanwhile changes no judgement. Raises RowsChanged."""
    source = root / rows.path
    with suppress(FileNotFoundError):
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            files.copy(source, target)
    with workflow.FileDigests(target.parent) as there:
        # Of a folder elsewhere, the names count.
        if there.of(str(target) if rows.path.startswith("/") else target.name) != rows.digest:
            raise RowsChanged(rows.path)


def _gated(judgement: Judgement, settings: ValidateSettings) -> Judgement:
    values = values_of(judgement)
    champion = judgement.champion
    uncompared = champion.why if champion and champion.how == "not compared" else ""
    gates = tuple(
        gate.evaluate(values, has_champion=champion is not None, uncompared=uncompared) for gate in settings.gates
    )
    passed = not judgement.failures and all(gate.passed for gate in gates)
    return replace(judgement, gates=gates, passed=passed)


def _pages(judgement: Judgement, use: str) -> dict[str, bytes]:
    """The report, and the card with its pictures; `use` is what people say of the model's."""
    # Brings matplotlib, which only what is new needs.
    from noteship.reporting import validation as reporting

    card = reporting.card(judgement, PICTURES, use)
    pictures = {f"{PICTURES}/{name}": picture.encode() for name, picture in card.pictures.items()}
    return {REPORT: reporting.page(judgement).encode(), CARD: card.text.encode(), **pictures}


@contextmanager
def _watched(file: Path, told: Told) -> Iterator[None]:
    """Tell of each line that comes to a file."""
    ended = threading.Event()

    def watch() -> None:
        seen = 0
        while not ended.wait(POLL_S):
            lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
            if len(lines) > seen:
                seen = len(lines)
                told((seen - 1) / STEPS, lines[-1])

    watcher = threading.Thread(target=watch, name="noteship-validate-progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
