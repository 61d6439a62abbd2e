"""The ledger: append-only JSON in the store about runs, results, and what stages were seen to read.

References, all of plain values:

- ``runs/RUN/start`` when, for what, in which environment; ``runs/RUN/end`` the outcome and what happened to every
  stage; ``asides/RUN/start`` and ``asides/RUN/end`` the same of runs aside, such as a search's trials;
- ``stages/RUN/STAGE`` what happened to one that did not reuse a result, written once, when it ends;
- ``results/KEY`` a result, with the parts of its key;
- ``seen/STAGE`` every file that the stage was ever seen to read; it only grows;
- ``environments/DIGEST`` the packages behind an environment's digest.

A stage's name is one segment, with ``/`` as ``%2F`` and ``%`` as ``%25``. A run's name is its start in UTC, to the
millisecond, and six random digits, so names sort by time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Literal, TypeVar
from urllib.parse import unquote

from noteship import store
from noteship.workflow import errors
from noteship.workflow.results import Result, StageRecord, sound_result
from noteship.workflow.stages import JSON, Environment

__all__ = ["Ledger", "RunRecord", "Seen", "killed_stages"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Outcome = Literal["done", "failed", "interrupted", "under way", "no end recorded"]
RUNS, ASIDES = "runs", "asides"
NAME = re.compile(r"[0-9]{8}T[0-9]{9}Z-[0-9a-f]{6}")
KILLED = "its process was killed"
KILLED_STAGE = "it was under way when the run's process was killed"
# How many runs to look back for what a stage last did; it only words a reason.
LOOK_BACK = 100
# Below this, threads cost more than they save; above, a store on a network is asked for this many at once.
BULK = 64
THREADS = 16


@dataclass(frozen=True)
class Seen:
    """The files a stage was seen to read, each with how that is known; `outside` are absolute paths."""

    inside: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRecord:
    """A run as the ledger has it; one that goes on, or was killed, has no end recorded."""

    run: str
    started: str
    state: Outcome
    ended: str = ""
    seconds: float = 0.0
    targets: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    environment: str = ""
    stages: Mapping[str, StageRecord] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    purpose: str = ""


class Ledger:
    """Reads and writes the ledger; safe among threads and processes, as the store is.

    `aside`: its runs are those aside; all else is shared.
    """

    def __init__(self, kept_in: store.Store, *, aside: bool = False) -> None:
        self.store = kept_in
        self._folder = ASIDES if aside else RUNS

    # Runs.

    def start(
        self, *, targets: Iterable[str], chosen: Iterable[str], environment: Environment, purpose: str = ""
    ) -> str:
        """Record that a run starts, and give its name."""
        now = datetime.now(UTC)
        run = f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{os.urandom(3).hex()}"
        value = {"targets": list(targets), "chosen": list(chosen), "environment": environment.digest}
        value |= {"purpose": purpose} if purpose else {}
        self.store.write_ref(f"{self._folder}/{run}/start", {"started": _written(now), **value}, expected=None)
        self._put_once(f"environments/{environment.digest}", environment.to_json())
        return run

    def add(self, run: str, record: StageRecord) -> None:
        """Record what happened to a stage; the first record of a stage in a run stays."""
        self._put_once(f"stages/{run}/{_segment(record.stage)}", record.to_json())

    def end(
        self, run: str, state: Outcome, records: Iterable[StageRecord], notices: Iterable[str], seconds: float
    ) -> None:
        """Record how a run ended."""
        value = {
            "state": state,
            "ended": _written(datetime.now(UTC)),
            "seconds": round(seconds, 3),
            "stages": [record.to_json() for record in records],
            "notices": list(notices),
        }
        self._put_once(f"{self._folder}/{run}/end", value)

    def end_killed(self, run: str, begun: Iterable[str] = ()) -> None:
        """Record the end of a run whose process was killed, nobody knows when; `begun` are the stages that had."""
        folder = self._folder_of(run)
        if folder is None:
            return  # of another store
        stages = [ref.value for ref in self.store.read_refs(f"stages/{run}/")]
        stages += [record.to_json() for record in killed_stages(begun, {value["stage"] for value in stages})]
        value = {"state": "interrupted", "ended": "", "seconds": 0.0, "stages": stages, "notices": [KILLED]}
        self._put_once(f"{folder}/{run}/end", value)

    def _folder_of(self, run: str) -> str | None:
        return next((each for each in (RUNS, ASIDES) if self._value(f"{each}/{run}/start") is not None), None)

    def names(self) -> list[str]:
        """The names of all runs, the latest first."""
        return list(self.listed())

    def listed(self) -> dict[str, bool]:
        """The names of all runs, the latest first, and whether their ends are recorded. Cost: one listing."""
        there = set(self.store.refs(f"{self._folder}/"))
        names = sorted({name.split("/")[1] for name in there}, reverse=True)
        return {name: f"{self._folder}/{name}/end" in there for name in names}

    def runs(self, limit: int) -> list[RunRecord]:
        """The latest runs, the latest first."""
        return list(islice(self.history(), limit))

    def history(self) -> Iterator[RunRecord]:
        """All runs, the latest first, each read when it is asked for."""
        return map(self._run, self.names())

    def run(self, name: str) -> RunRecord:
        """A run by its name, any unambiguous start of it, or ``latest``; one aside by its whole name.

        Raises UnknownRun, AmbiguousRun.
        """
        if NAME.fullmatch(name) and self._folder_of(name):
            return self._run(name)
        names = self.names()
        if name == "latest" and names:
            return self._run(names[0])
        fitting = [each for each in names if each.startswith(name)] if name else []
        if name in fitting or len(fitting) == 1:
            return self._run(name if name in fitting else fitting[0])
        if fitting:
            raise errors.AmbiguousRun(name, tuple(fitting))
        raise errors.UnknownRun(name, names[0] if names else "")

    def _run(self, run: str) -> RunRecord:
        folder = self._folder
        start = self._value(f"{folder}/{run}/start")
        if start is None:
            folder = self._folder_of(run) or folder
            start = self._value(f"{folder}/{run}/start") or {}
        end = self._value(f"{folder}/{run}/end")
        listed = end["stages"] if end else [ref.value for ref in self.store.read_refs(f"stages/{run}/")]
        records = [StageRecord.from_json(value) for value in listed]
        end = end or {"state": "no end recorded", "ended": "", "seconds": 0.0, "notices": []}
        return RunRecord(
            run=run,
            started=start.get("started", ""),
            state=end["state"],
            ended=end["ended"],
            seconds=end["seconds"],
            targets=tuple(start.get("targets", ())),
            chosen=tuple(start.get("chosen", ())),
            environment=start.get("environment", ""),
            stages={record.stage: record for record in records},
            notices=tuple(end["notices"]),
            purpose=start.get("purpose", ""),
        )

    # Results.

    def result(self, key: str) -> Result | None:
        """The result under a key; a value there that is none, or another's, counts as nothing."""
        try:
            value = self._value(f"results/{key}")
        except store.errors.DamagedReference:
            return None  # it is set aside, and the stage makes it again
        return sound_result(value, key)

    def results(self, keys: Collection[str]) -> dict[str, Result]:
        """The results there are under some keys."""
        found = _at_once(self.result, list(keys))
        return {result.key: result for result in found if result is not None}

    def put_result(self, result: Result, usable: Callable[[Result], bool]) -> Result:
        """Record a result unless there is a usable one that the store can still give; that one is then the answer.

        Of two runs that made the same at once, the first one's outputs count for both.
        """
        name = f"results/{result.key}"
        while True:
            ref = self.store.read_ref(name)
            if ref is not None:
                there = sound_result(ref.value, result.key)
                if there and usable(there) and not self.lost([there])[there.key]:
                    return there
            try:
                self.store.write_ref(name, result.to_json(), expected=ref)
            except store.errors.RefMoved:
                continue
            return result

    def lost(self, results: Iterable[Result]) -> dict[str, tuple[str, ...]]:
        """For each result's key, the outputs that the store cannot give any more."""
        pairs = [(result.key, path, artifact) for result in results for path, artifact in result.outputs.items()]
        held = _at_once(lambda pair: self.store.holds(pair[2]), pairs)
        lost: dict[str, tuple[str, ...]] = {result.key: () for result in results}
        for (key, path, _), there in zip(pairs, held, strict=True):
            lost[key] += () if there else (path,)
        return lost

    def last_results(self, stages: Collection[str]) -> dict[str, Result]:
        """The last result of each stage, from the latest runs back. Cost: one read for each run, one for each stage."""
        keys: dict[str, str] = {}
        wanted = set(stages)
        for run in self.names()[:LOOK_BACK]:
            if not wanted:
                break
            for stage, record in self._run(run).stages.items():
                if stage in wanted and record.key and record.state in ("executed", "reused"):
                    keys[stage] = record.key
                    wanted.discard(stage)
        found = self.results(keys.values())
        return {stage: found[key] for stage, key in keys.items() if key in found}

    def last_result(self, stage: str) -> Result | None:
        """The last result of a stage."""
        return self.last_results([stage]).get(stage)

    def ever_made(self) -> set[tuple[str, str]]:
        """Path and digest of every output of every result. Cost: reads all results."""
        refs = self.store.read_refs("results/")
        results = (sound_result(ref.value, ref.name.partition("/")[2]) for ref in refs)
        return {(path, artifact.digest) for each in results if each for path, artifact in each.outputs.items()}

    # What stages were seen to read, and in what they ran.

    def seen(self) -> dict[str, Seen]:
        """What every stage was seen to read."""
        refs = self.store.read_refs("seen/")
        return {unquote(ref.name.partition("/")[2]): Seen(ref.value["inside"], ref.value["outside"]) for ref in refs}

    def add_seen(self, stage: str, more: Seen) -> None:
        """Add to what a stage was seen to read; what is known already keeps its evidence."""
        name = f"seen/{_segment(stage)}"
        while True:
            ref = self.store.read_ref(name)
            old = ref.value if ref else {"inside": {}, "outside": {}}
            value = {"inside": {**more.inside, **old["inside"]}, "outside": {**more.outside, **old["outside"]}}
            if ref and value == old:
                return
            try:
                self.store.write_ref(name, value, expected=ref)
            except store.errors.RefMoved:
                continue
            return

    def environment(self, digest: str) -> Environment | None:
        """The packages behind an environment's digest."""
        value = self._value(f"environments/{digest}") if digest else None
        return None if value is None else Environment.from_json(value)

    def _value(self, name: str) -> JSON:
        ref = self.store.read_ref(name)
        return None if ref is None else ref.value

    def _put_once(self, name: str, value: JSON) -> None:
        try:
            self.store.write_ref(name, value, expected=None)
        except store.errors.RefMoved:
            return


def killed_stages(begun: Iterable[str], ended: Collection[str]) -> list[StageRecord]:
    """The records of the stages that were under way when the run's process was killed."""
    return [StageRecord(stage, "stopped", reason=KILLED_STAGE) for stage in begun if stage not in ended]


def _at_once(ask: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
    if len(items) < BULK:
        return [ask(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    # A thread takes every sixteenth: one task a thread, as handing out an item costs more than a look into a folder.
    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(lambda start: [ask(item) for item in items[start::THREADS]], range(THREADS)))
    return [parts[index % THREADS][index // THREADS] for index in range(len(items))]


def _segment(stage: str) -> str:
    return stage.replace("%", "%25").replace("/", "%2F")


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
