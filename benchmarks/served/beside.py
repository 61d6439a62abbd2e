"""What watching, or collecting, takes of a service's throughput: the same model with it and without, in pairs."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from served import wrk
from served.models import Served
from served.running import Running, running
from served.servers import Noteship
from served.tables import MANY, Aim

__all__ = ["Pair", "aims", "beside", "collecting", "watching"]

NOT_WATCHED = "--no-monitor"
LEAST_SHARE = 0.9
# The first loads find caches empty and the pace of the model unknown.
WARM_UP = 2


@dataclass(frozen=True)
class Pair:
    """Two loads, one right after the other: requests a second, and the server's processor time a request in µs."""

    with_rps: float
    plain_rps: float
    with_us: float
    plain_us: float


def watching(served: Served, options: Sequence[str]) -> tuple[Noteship, Noteship]:
    """With the monitoring, and without."""
    return Noteship(served, options), Noteship(served, [*options, NOT_WATCHED])


def collecting(served: Served, options: Sequence[str], share: float, place: Path) -> tuple[Noteship, Noteship]:
    """With rows of a share of the requests kept, and without; watched both."""
    project = place / "collecting"
    shutil.copytree(served.project, project, symlinks=True)
    with (project / "noteship.toml").open("a", encoding="utf-8") as stream:
        stream.write(f"\n[collect]\nshare = {share}\n")
    return Noteship(replace(served, project=project), options), Noteship(served, options)


def beside(
    servers: tuple[Noteship, Noteship], cores: tuple[int, int], pairs: int, seconds: float, place: Path
) -> list[Pair]:
    """Loads of `seconds` on two services that share the first core; the one that is not asked sleeps."""
    with ExitStack() as stack:
        ups = [
            stack.enter_context(running(each, cores[0], place / name))
            for name, each in zip(("with", "plain"), servers, strict=True)
        ]
        found = []
        for number in range(WARM_UP + pairs):
            # Whichever comes second finds the other's code in the caches: they take turns in that, too.
            order = ups if number % 2 else ups[::-1]
            loads = {each: _load(each, cores[1], seconds, place) for each in order}
            (more, more_us), (plain, plain_us) = (loads[each] for each in ups)
            found.append(Pair(more.rps, plain.rps, more_us, plain_us))
    return found[WARM_UP:]


def _load(up: Running, core: int, seconds: float, place: Path) -> tuple[wrk.Load, float]:
    before = up.processor_s()
    load, sent = wrk.once(up.url, up.server.served.objects, MANY, seconds, core, place)
    return load, 1e6 * (up.processor_s() - before) / sent


def aims(kind: str, pairs: Sequence[Pair], what: str) -> list[Aim]:
    """The share that is left, pair by pair, and what a request costs more."""
    shares = [each.with_rps / each.plain_rps for each in pairs]
    more = [each.with_us - each.plain_us for each in pairs]
    share, low, high = _quartiles(shares)
    cost, cheap, dear = _quartiles(more)
    plain = statistics.median(each.plain_us for each in pairs)
    return [
        Aim(
            f"{kind}, {MANY} connections: requests/s, share of those without {what}",
            f"{share:.2f} ({low:.2f} to {high:.2f})",
            f"at least {LEAST_SHARE}",
            share >= LEAST_SHARE,
        ),
        Aim(
            f"{kind}, {MANY} connections: processor time a request, more than without",
            f"{cost:.1f} µs ({cheap:.1f} to {dear:.1f}) of {plain:.0f}",
            f"at most {plain * (1 / LEAST_SHARE - 1):.0f} µs",
            cost <= plain * (1 / LEAST_SHARE - 1),
        ),
    ]


def _quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """The median, and the quartiles below and above it."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high
