"""The supervisor: it accepts and hands out connections, and keeps as many workers running as it was told."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import pickle
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType

from noteship import processors
from noteship.supervising.channel import (
    Answer,
    Ask,
    Beat,
    Drain,
    Failed,
    Gone,
    Loaded,
    Message,
    Obeyed,
    Order,
    Samples,
    Scrape,
    State,
    Stop,
    Taken,
)
from noteship.supervising.errors import WorkerLost
from noteship.supervising.gathering import Gathering
from noteship.supervising.member import Member
from noteship.supervising.passing import Passing
from noteship.supervising.post import Post

__all__ = ["Fleet", "run"]

LOG = logging.getLogger(__name__)
TICK_S = 0.1
# Connections accepted before the workers are listened to again.
ACCEPTED_AT_ONCE = 64
# What keeps connections from being accepted for as long as nothing is closed.
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
# A worker that ends is replaced at once; the next ones wait 1, 2, 4 … seconds, until one has run for a minute.
BACKOFF_S, BACKOFF_LIMIT_S, CALM_S = 1.0, 30.0, 60.0
FAILURES_LIMIT = 2
# Beyond what the workers themselves allow for ending.
ENDING_S = 10.0


@dataclass(frozen=True)
class Fleet:
    """How many workers, and how long they may take.

    - stall_s: for how long one batch may be scored; who takes longer is replaced
    - drain_s: how long the service says that it is not ready, and answers, before it stops listening
    - grace_s: how long requests under way may then take
    """

    workers: int
    stall_s: float = 30.0
    drain_s: float = 0.0
    grace_s: float = 30.0


def run(
    fleet: Fleet, listener: socket.socket, work: Callable[[Post], None], started: Callable[[Callable[[], None]], None]
) -> None:
    """Keep workers running until SIGTERM or SIGINT; then let them finish, and return.

    Each runs `work`, which has to survive pickling, in a process of its own. `started` is called when all are ready
    for the first time, with what stops them from any thread. The listener is closed.

    Raises what a worker raised that could not load, and WorkerLost.
    """
    supervisor = _Supervisor(fleet, listener, pickle.dumps(work), started)
    with _signals(supervisor.signalled):
        supervisor.run()


class _Supervisor:
    def __init__(
        self, fleet: Fleet, listener: socket.socket, work: bytes, started: Callable[[Callable[[], None]], None]
    ) -> None:
        self._fleet = fleet
        self._listener = listener
        self._work = work
        self._started = started
        self._variables = processors.thread_variables(fleet.workers, os.environ)
        self._selector = selectors.DefaultSelector()
        self._members: dict[int, Member] = {}
        # Connections that nobody could take when they came.
        self._waiting: list[socket.socket] = []
        self._due = dict.fromkeys(range(fleet.workers), 0.0)
        self._failures = dict.fromkeys(range(fleet.workers), 0)
        self._ends = dict.fromkeys(range(fleet.workers), 0)
        self._gathering = Gathering()
        self._passing = Passing()
        # Until when no connections are accepted, for want of descriptors, and when that was said.
        self._resting_until, self._exhausted_at = 0.0, -CALM_S
        self._was_complete = self._is_ready = self._is_draining = False
        self._stop_at: float | None = None
        self._is_urgent = False
        self._fault: BaseException | None = None

    def run(self) -> None:
        """Until all have ended."""
        self._listener.setblocking(False)
        try:
            while self._stop_at is None or time.monotonic() < self._stop_at:
                self._start_missing()
                self._turn()
                self._replace_hanging()
            self._finish()
        finally:
            for member in self._members.values():
                member.kill()
                member.ended()
            for connection in self._waiting:
                connection.close()
            self._listener.close()
            self._selector.close()
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """Drain, then stop; from any thread."""
        if self._stop_at is None:
            self._stop_at = time.monotonic() + self._fleet.drain_s

    def signalled(self, number: int, _: FrameType | None) -> None:
        """The first signal drains, a second Ctrl-C does not wait."""
        if self._stop_at is not None and number == signal.SIGINT:
            self._is_urgent, self._stop_at = True, 0.0
        self.stop()

    def _start_missing(self) -> None:
        if self._stop_at is not None:
            self._tell_draining()
            return
        now = time.monotonic()
        for number, due in self._due.items():
            if number not in self._members and now >= due:
                self._start(number)

    def _start(self, number: int) -> None:
        """Without descriptors, processes or memory there is none now."""
        try:
            member = Member(number, self._work, self._variables, self._passing.kept)
        except OSError as error:
            how = f"it could not be started: {error.strerror}"
            if not self._has_failed(number, WorkerLost(number, how), is_certain=False):
                self._try_again(number, 0.0)
                LOG.warning("worker %d is tried again: %s", number, how)
            return
        self._members[number] = member
        self._selector.register(member.channel, selectors.EVENT_READ, member)

    def _turn(self) -> None:
        """Hear and hand out what there is."""
        self._accept_only_for_somebody()
        waiting, self._waiting = self._waiting, []
        self._hand(waiting)
        for key, _ in self._selector.select(TICK_S):
            if key.data is None:
                self._accept(ACCEPTED_AT_ONCE)
            elif (member := self._members.get(key.data.number)) is not None and member is key.data:
                self._hear(member)
        for asker, sums in self._gathering.due(self._members, self._fleet.workers):
            if (member := self._members.get(asker)) is not None:
                member.channel.send(sums)
        self._tell_what_was_done()
        self._find_ended()

    def _find_ended(self) -> None:
        """Who has ended, and is not gone, since a process that it forked has its end of the channel."""
        for member in list(self._members.values()):
            if member.has_ended:
                # What it still said comes first.
                self._hear(member)
                if self._members.get(member.number) is member:
                    self._lost(member)

    def _tell_what_was_done(self) -> None:
        """Answer whoever wanted something of all; who could not do what is kept is replaced by one that begins so."""
        for asker, passed, unfit in self._passing.due():
            for number in unfit & set(self._members):
                LOG.error("worker %d is killed: it did not follow a change of what is served", number)
                self._members[number].kill()
            if (member := self._members.get(asker)) is not None:
                member.channel.send(passed)

    def _accept_only_for_somebody(self) -> None:
        """While no worker runs, or no descriptors are left, connections wait in the system's queue."""
        is_open = self._listener.fileno() >= 0
        is_listening = is_open and self._listener in self._selector.get_map()
        is_wanted = bool(self._members) and time.monotonic() >= self._resting_until
        if is_open and is_wanted != is_listening:
            if is_listening:
                self._selector.unregister(self._listener)
            else:
                self._selector.register(self._listener, selectors.EVENT_READ)

    def _accept(self, most: int) -> int:
        """Hand out connections that wait; returns how many."""
        for count in range(most):
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return count
            except OSError as error:
                self._could_not_accept(error)
                return count
            self._hand([connection])
        return most

    def _could_not_accept(self, error: OSError) -> None:
        """Its client has gone, or there are no descriptors left: then it waits, which is said once a minute."""
        now, is_exhausted = time.monotonic(), error.errno in EXHAUSTED
        if not is_exhausted or now - self._exhausted_at > CALM_S:
            LOG.warning("a connection was not accepted: %s", error)
            self._exhausted_at = now if is_exhausted else self._exhausted_at
        if is_exhausted:
            self._resting_until = now + TICK_S

    def _hand(self, connections: Sequence[socket.socket]) -> None:
        """Each to the first that takes it. Who has just ended is heard of before: its clients come again at once."""
        for connection in connections:
            for member in sorted(self._members.values(), key=Member.rank):
                self._hear(member)
                if member.number in self._members and member.hand(connection):
                    break
            else:
                self._waiting.append(connection)

    def _hear(self, member: Member) -> None:
        while (message := member.channel.receive()) is not None:
            if isinstance(message, Gone):
                self._lost(member)
                return
            self._heard(member, message)

    def _heard(self, member: Member, message: Message) -> None:
        # Whatever it says, its loop runs.
        member.heard = time.monotonic()
        match message:
            case Beat():
                member.heard_of(message)
            case Taken():
                member.took()
            case Loaded():
                member.is_loaded = True
                member.channel.send(State(self._is_ready))
                self._failures[member.number] = 0
                self._look()
            case Failed(error):
                member.fault = error
            case _:
                self._asked(member, message)

    def _asked(self, member: Member, message: Message) -> None:
        """What a worker wants of others, and what these answer."""
        match message:
            case Scrape(number):
                self._gathering.begin(self._members, member.number, number)
            case Samples(number, families):
                if families is not None:
                    member.families = families
                self._gathering.came(member.number, number)
            case Order():
                channels = {number: each.channel for number, each in self._members.items()}
                late = self._passing.begin(channels, member.number, message)
                if late is not None:
                    member.channel.send(late)
            case Obeyed(number, fault):
                self._passing.came(member.number, number, fault)
            case Ask() | Answer():
                self._relay(member, message)
            case _:
                pass

    def _relay(self, sender: Member, message: Ask | Answer) -> None:
        """Between two workers; a question that nobody is there for is answered at once."""
        to = self._members.get(message.worker if isinstance(message, Ask) else message.asker)
        if to is not None:
            to.channel.send(message)
        elif isinstance(message, Ask):
            sender.channel.send(Answer(message.asker, message.number, None))

    def _look(self) -> None:
        """Tell all whether the service is ready: when every worker is; once it was, as long as one is."""
        loaded = sum(member.is_loaded for member in self._members.values())
        is_first = not self._was_complete and loaded == self._fleet.workers
        self._was_complete |= is_first
        is_ready = self._was_complete and loaded > 0 and self._stop_at is None
        if is_ready != self._is_ready:
            self._is_ready = is_ready
            self._tell(State(is_ready))
        if is_first:
            self._started(self.stop)

    def _tell(self, message: Message) -> None:
        for member in self._members.values():
            member.channel.send(message)

    def _lost(self, member: Member) -> None:
        """A worker has ended: replace it, or give up."""
        number = member.number
        self._selector.unregister(member.channel)
        del self._members[number]
        how = member.ended()
        self._gathering.lost(number, member.families)
        self._passing.lost(number)
        self._waiting += member.untaken()
        if self._stop_at is not None:
            return
        fault = member.fault or WorkerLost(number, how)
        if not member.is_loaded and self._has_failed(number, fault, is_certain=member.fault is not None):
            return
        self._try_again(number, time.monotonic() - member.began)
        self._gathering.restarts += 1
        LOG.warning("worker %d (process %d) is replaced: %s", number, member.pid, member.fault or how)
        self._look()

    def _has_failed(self, number: int, fault: BaseException, *, is_certain: bool) -> bool:
        """Whether the service ends for a worker that could not load. While others answer, trying goes on."""
        self._failures[number] += 1
        is_hopeless = self._failures[number] >= FAILURES_LIMIT
        if self._was_complete:
            is_hopeless &= not any(each.is_loaded for each in self._members.values())
        elif is_certain:
            is_hopeless = True
        if is_hopeless:
            self._fault, self._stop_at, self._is_urgent = fault, 0.0, True
        return is_hopeless

    def _try_again(self, number: int, ran_s: float) -> None:
        """Start another one in a worker's place, at once or after a while."""
        self._ends[number] = 1 if ran_s > CALM_S else self._ends[number] + 1
        wait_s = min(BACKOFF_LIMIT_S, BACKOFF_S * 2 ** (self._ends[number] - 2)) if self._ends[number] > 1 else 0.0
        self._due[number] = time.monotonic() + wait_s

    def _replace_hanging(self) -> None:
        obeying = self._passing.obeying
        for member in self._members.values():
            why = member.hangs(self._fleet.stall_s, is_loading=member.number in obeying)
            if why:
                LOG.error("worker %d (process %d) is killed: %s", member.number, member.pid, why)
                member.kill()

    def _tell_draining(self) -> None:
        if not self._is_draining:
            self._is_draining, self._is_ready = True, False
            self._tell(Drain())

    def _finish(self) -> None:
        """Hand out the last connections, let everybody end."""
        self._tell_draining()
        while self._members and self._accept(ACCEPTED_AT_ONCE):
            pass
        if self._listener in self._selector.get_map():
            self._selector.unregister(self._listener)
        self._listener.close()
        self._tell(Stop())
        end_at = time.monotonic() + self._fleet.grace_s + ENDING_S
        while self._members and not self._is_urgent and time.monotonic() < end_at:
            self._turn()


@contextlib.contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Signals are told to the handler, where this is the thread that gets them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)
