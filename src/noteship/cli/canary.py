"""Tells how a canary does beside the stable release, and settles it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from noteship.cli import clusters, filling
from noteship.cli.deploy import timeout_of
from noteship.cli.filling import Bar
from noteship.cli.output import INTERRUPTED, Output, duration, table
from noteship.digests import short
from noteship.monitor.comparing import Finding
from noteship.operations import canary as operation
from noteship.operations import settling
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Tell, or settle: 0, 1 where it was withdrawn by its evidence or the time was over, 130 when interrupted."""
    project = OpenedProject.at(arguments.project)
    request = operation.CanaryRequest(arguments.name, arguments.namespace, arguments.reason, timeout_of(arguments))
    with clusters.opened(arguments) as at, filling.working(output) as (bar, stop):
        telling = settling.Telling(clusters.telling(bar, output), stop, timeout_of(arguments))
        if arguments.promote or arguments.withdraw:
            settled = operation.by_hand(
                project, request, "promoting" if arguments.promote else "withdrawing", at, telling
            )
            _tell(settled, output)
            return 0 if settled.is_done else INTERRUPTED if stop.is_set() else 1
        if arguments.settle:
            stands, ended = operation.settle(project, request, at, telling, lambda at: _look(bar, at))
            if ended is not None:
                _tell(ended, output)
                return 0 if ended.settlement.state == "promoted" else 1
            output.document(stands.to_json())
            output.text(*_told(stands), "nothing is decided yet: noteship canary --settle goes on")
            return INTERRUPTED if stop.is_set() else 1
        stands = operation.Watching(project, operation.named(project, request, at), at).look(time.time())
    output.document(stands.to_json())
    output.text(*_told(stands))
    return 0


def _look(bar: Bar, stands: operation.Stands) -> None:
    """How far it is: the least share of what is to be known."""
    shares = [each.rows / each.least for each in stands.verdict.findings if each.least]
    bar.told(min(shares, default=0.0), stands.verdict.why)


def _tell(settled: settling.Settled, output: Output) -> None:
    output.document(settled.to_json())
    word, bundle = settled.settlement, short(settled.canary.record.bundle)
    if not settled.is_done:
        output.text(f"{settled.named} is becoming bundle {bundle}; its rollout goes on: noteship canary --promote")
        return
    output.text(f"the canary of {settled.named} with bundle {bundle} is {word.state}: {word.why}")
    if settled.carried is not None:
        output.text(f"  {settled.named} is release {settled.carried.record.id}, {settled.carried.ready} pods ready")
    output.text(*(f"  taken away: {each}" for each in settled.taken_away))


def _told(stands: operation.Stands) -> Iterator[str]:
    canary, verdict = stands.canary, stands.verdict
    yield f"{stands.stable} has a canary with {canary.share.words}"
    pods = f", {stands.pods.ready} of {stands.pods.wanted} pods ready" if stands.pods else ""
    again = f", started again {stands.restarts} times" if stands.restarts else ""
    yield f"  bundle {short(canary.record.bundle)} beside {short(canary.bundle_beside)}, since {canary.record.at}"
    yield f"  release {canary.record.id}{pods}{again}"
    if verdict.windows:
        yield (
            f"  {verdict.windows} windows, {duration(verdict.seconds)}: {verdict.rows:,} rows of {verdict.requests:,}"
            f" requests, beside {verdict.stable_rows:,} of {verdict.stable_requests:,}"
        )
        yield from table([_row(each) for each in verdict.findings], header=HEADER, indent="  ")
        yield from (f"  {what}, most: {rule}" for what, rule in stands.moved.items())
        if verdict.joint_p is not None:
            yield f"  so large a distance of the joint law by chance: {verdict.joint_p:.2g}"
    if canary.settlement is not None:
        yield f"{canary.settlement.state}, begun by {canary.settlement.by}: {canary.settlement.why}; --settle goes on"
    else:
        yield f"{verdict.word}: {verdict.why}"


HEADER = ("compared", "stable", "canary", "off by", "allowed", "evidence", "of", "rows", "at least")


def _row(each: Finding) -> tuple[str, ...]:
    stable, canary = (_number(each, value) for value in (each.stable, each.canary))
    off = "" if each.distance is None else f"{each.distance:.2f}"
    least = "" if each.least is None else f"{each.least:,}"
    return (
        each.what,
        stable,
        canary,
        off,
        f"{each.allowed:g}",
        f"{each.log_e:.1f}",
        f"{each.log_needed:.1f}",
        f"{each.rows:,.0f}",
        least,
    )


def _number(each: Finding, value: float | None) -> str:
    if value is None:
        return ""
    if each.what == "slowness":
        return duration(value) if value >= 1 else f"{value * 1000:.3g} ms"
    return f"{value:,.3g}" if each.what == "work" else f"{value:.2%}"
