"""The search: draws points, has the objective try them, several at once, and keeps what came of each."""

from __future__ import annotations

import itertools
import math
import queue
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from noteship.errors import WorkFailed
from noteship.stopping import first_signal
from noteship.tuning.errors import AllFailed
from noteship.tuning.method import Method
from noteship.tuning.sharing import News
from noteship.tuning.space import Space
from noteship.tuning.trials import Trial

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from noteship.tuning.study import Study

__all__ = ["Limits", "Listener", "Measured", "Objective", "Pruned", "Record", "Report", "Search", "Searched", "Stopped"]

# If so many trials fail before any other outcome, it is the search that is wrong, not the points.
GIVE_UP = 3
# How often it is looked whether the search is to stop, when nothing else happens.
LOOK_S = 0.1


Report = Callable[[int, float], None]
State = Literal["done", "exhausted", "timeout", "interrupted"]


class Pruned(Exception):
    """Raised by `report` in an objective: this trial need not go on."""


class Stopped(Exception):
    """Raised by an objective that was told to stop."""


# What may come of stopping a trial; all else is a fault, whenever it comes.
OF_STOPPING = (Stopped, Pruned, WorkFailed, KeyboardInterrupt)


@dataclass(frozen=True)
class Measured:
    """What a trial came to; `error` is its standard error, where one is known. See `Trial` for the rest."""

    value: float
    error: float | None = None
    own_seconds: float = 0.0
    run: str = ""


class Objective(Protocol):
    """Tries one point; several may be tried at once, each in a thread of its own.

    `report(step, value)` tells what a part of it has come to, such as a fold, where its value is the mean of parts that
    are the same in all trials; it raises Pruned where the trial need not go on. Once `cancel` is set it ends soon, with
    Stopped. WorkFailed is a trial that failed; whatever else it raises ends the search.
    """

    def __call__(self, parameters: Mapping[str, Any], report: Report, cancel: threading.Event, /) -> Measured:
        """Try it."""
        ...


class Listener(Protocol):
    """Who is told how a search goes on; `reported` from any thread, the others from one."""

    def began(self, number: int, parameters: Mapping[str, Any]) -> None:
        """A trial begins."""

    def reported(self, number: int, step: int, value: float) -> None:
        """A part of a trial has come to this."""

    def ended(self, trial: Trial) -> None:
        """A trial is over, and kept."""

    def stopped(self, number: int) -> None:
        """A trial was stopped; it is not kept."""


class Record(Protocol):
    """Where trials are written down, and what others do who work at the same search; used by one thread."""

    def look(self) -> News:
        """What others have done since the last look, and the numbers and points that they are at."""

    def claim(self, number: int, parameters: Mapping[str, Any]) -> bool:
        """Take a number for a point; False where somebody has taken it since the last look."""

    def seen(self) -> None:
        """Called all the time while trials are under way."""

    def keep(self, trial: Trial) -> Trial:
        """Write down a trial that has ended, and give it as it was written."""

    def drop(self, number: int) -> None:
        """A trial that was claimed is not kept."""


@dataclass(frozen=True)
class Limits:
    """`trials` in all, those that are known included; none begins later than `timeout_s` from now; `jobs` at once."""

    trials: int
    timeout_s: float | None = None
    jobs: int = 1


@dataclass(frozen=True)
class Searched:
    """How a search ended: all trials made, no point left, out of time, or stopped by who started it."""

    state: State
    trials: Sequence[Trial]
    seconds: float


@dataclass(frozen=True)
class _Ended:
    number: int
    came: Measured | BaseException
    seconds: float


class Search:
    """One search over a space, which goes on from the trials that are known."""

    def __init__(self, space: Space, method: Method, known: Sequence[Trial] = ()) -> None:
        """Raises EndlessGrid, SamplerMissing."""
        method.check(space)
        self._space, self._method, self._known = space, method, known

    def run(
        self,
        objective: Objective,
        limits: Limits,
        listener: Listener,
        record: Record,
        cancel: threading.Event | None = None,
    ) -> Searched:
        """Try points until a limit is reached, no point is left, or `cancel` is set, as the first Ctrl-C does.

        A trial is kept before it is told of; what is stopped is not kept, and drawn again by the next search. Trials of
        others who work at it are told of as they are found, and count. Raises AllFailed, and what the objective and
        the record may raise.
        """
        # Its library takes half a second to load.
        from noteship.tuning.study import Study

        began, cancel = time.monotonic(), cancel or threading.Event()
        study = Study(self._space, self._method, self._known)
        going = _Going(study, _Work(objective, listener, record, cancel), limits, list(self._known))
        with first_signal(lambda _name: cancel.set()):
            state = going.go()
        return Searched(state, tuple(going.trials), time.monotonic() - began)


@dataclass(frozen=True)
class _Work:
    """Who does what of a search."""

    objective: Objective
    listener: Listener
    record: Record
    cancel: threading.Event


class _Going:
    """A search under way; one thread uses it, and only the objective and its reports are called in others."""

    def __init__(self, study: Study, work: _Work, limits: Limits, trials: list[Trial]) -> None:
        self.trials = trials
        self._study, self._work, self._limits = study, work, limits
        self._began = time.monotonic()
        self._under_way: dict[int, Mapping[str, Any]] = {}
        self._steps: dict[int, dict[int, float]] = {}
        self._inbox: queue.SimpleQueue[_Ended] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ended: State | None = None
        self._failed = 0

    def go(self) -> State:
        """Until the end of all that was begun."""
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(self._limits.jobs, thread_name_prefix="noteship-trial")
        try:
            while self._begin(pool) or self._under_way:
                self._take()
        except BaseException as error:
            self._work.cancel.set()
            for number in self._under_way:
                self._work.record.drop(number)
            # Who interrupts a second time does not want to wait.
            pool.shutdown(wait=not isinstance(error, KeyboardInterrupt), cancel_futures=True)
            raise
        pool.shutdown()
        return "interrupted" if self._work.cancel.is_set() else self._ended or "done"

    def _begin(self, pool: ThreadPoolExecutor) -> bool:
        """Begin as many trials as may be under way at once; whether one was."""
        before = len(self._under_way)
        while self._ended is None and len(self._under_way) < self._limits.jobs:
            self._ended = self._over() or self._begin_one(pool)
        return len(self._under_way) > before

    def _over(self) -> State | None:
        if self._work.cancel.is_set():
            return "interrupted"
        limit = self._limits.timeout_s
        return "timeout" if limit is not None and time.monotonic() - self._began >= limit else None

    def _begin_one(self, pool: ThreadPoolExecutor) -> State | None:
        began = time.monotonic()
        while True:
            number = self._next_number()
            if number is None:
                return "done"
            with self._lock:
                drawn = self._study.ask(number)
            if drawn is None:
                return "exhausted"
            if self._work.record.claim(number, drawn):
                break
            with self._lock:
                self._study.drop(number, again=True)
        self._under_way[number] = drawn
        self._steps[number] = {}
        self._work.listener.began(number, drawn)
        pool.submit(self._try, number, drawn, began)
        return None

    def _next_number(self) -> int | None:
        """The lowest that is free: what was stopped left a gap. None where all trials are made, or under way."""
        news = self._work.record.look()
        for each in news.trials:
            self.trials.append(each)
            with self._lock:
                self._study.add(each)
            self._work.listener.ended(each)
        for point in news.elsewhere.values():
            with self._lock:
                self._study.avoid(point)
        taken = {each.number for each in self.trials} | self._under_way.keys() | news.elsewhere.keys()
        if len(taken) >= self._limits.trials:
            return None
        return next(number for number in itertools.count() if number not in taken)

    def _try(self, number: int, drawn: Mapping[str, Any], began: float) -> None:
        """In a thread of the pool; its time counts from when it was drawn."""
        came: Measured | BaseException
        try:
            came = self._work.objective(drawn, partial(self._report, number), self._work.cancel)
        except BaseException as error:
            came = error
        self._inbox.put(_Ended(number, came, time.monotonic() - began))

    def _report(self, number: int, step: int, value: float) -> None:
        if not math.isfinite(value):
            return
        with self._lock:
            self._steps[number][step] = value
            pruned = self._study.report(number, step, value)
        self._work.listener.reported(number, step, value)
        if pruned:
            raise Pruned

    def _take(self) -> None:
        """What came of the next trial that ends."""
        self._work.record.seen()
        try:
            ended = self._inbox.get(timeout=LOOK_S)
        except queue.Empty:
            return
        drawn = self._under_way.pop(ended.number)
        if isinstance(ended.came, Stopped) or (self._work.cancel.is_set() and isinstance(ended.came, OF_STOPPING)):
            with self._lock:
                self._study.drop(ended.number)
            self._work.record.drop(ended.number)
            self._work.listener.stopped(ended.number)
            return
        trial = self._trial(ended, drawn)
        with self._lock:
            self._study.tell(trial)
        kept = self._work.record.keep(trial)
        self.trials.append(kept)
        self._work.listener.ended(kept)
        self._give_up(kept)

    def _trial(self, ended: _Ended, drawn: Mapping[str, Any]) -> Trial:
        steps = self._steps.pop(ended.number)
        with self._lock:
            marks = self._study.marks(ended.number)
        made = Trial(ended.number, drawn, "failed", steps=steps, marks=marks, seconds=ended.seconds)
        match ended.came:
            case Measured(value, error, own_seconds, run) if math.isfinite(value):
                return replace(made, state="done", value=value, error=error, own_seconds=own_seconds, run=run)
            case Measured(value, _, own_seconds, run):
                return replace(made, why=f"its value is {value}", own_seconds=own_seconds, run=run)
            case Pruned():
                mean = statistics.fmean(steps.values()) if steps else None
                return replace(made, state="pruned", value=mean)
            case WorkFailed() as error:
                return replace(made, why=error.parts().fact)
        assert isinstance(ended.came, BaseException)
        raise ended.came

    def _give_up(self, trial: Trial) -> None:
        """Raise AllFailed where nothing but failures has come of this search so far."""
        self._failed = -1 if trial.state != "failed" or self._failed < 0 else self._failed + 1
        if self._failed >= GIVE_UP:
            raise AllFailed(self._failed, trial.why)
