"""Makes a bundle the champion, or lists who did so before."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from noteship.cli.errors import WrongUsage
from noteship.cli.output import Output, table
from noteship.digests import short
from noteship.operations import promote as operation
from noteship.operations import promotions, telling
from noteship.operations.opened import OpenedProject

__all__ = ["run"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Promote and say so, or list what was promoted."""
    opened = OpenedProject.at(arguments.project)
    if arguments.history:
        _check_alone(arguments)
        past = list(promotions.history(opened.store))
        output.document({"promotions": [each.to_json() for each in past]})
        output.text(*_listed(past))
        return 0
    if arguments.bundle is None:
        raise WrongUsage("noteship promote needs a bundle", "name one, as in noteship promote latest, or use --history")
    promoted = operation.promote(opened, arguments.bundle, reason=arguments.reason, override=arguments.override)
    output.document(promoted.to_json())
    output.aside(*(f"note: {note}" for note in promoted.notes))
    output.text(*_lines(promoted))
    if promoted.promotion:
        output.aside(*(f"note: {note}" for note in telling.promoted(opened, promoted.promotion)))
    return 0


def _check_alone(arguments: argparse.Namespace) -> None:
    if arguments.bundle is not None or arguments.reason is not None or arguments.override is not None:
        raise WrongUsage("--history promotes nothing", "leave out BUNDLE, --reason and --override, or --history")


def _lines(promoted: operation.Promoted) -> Iterator[str]:
    bundle = f"{promoted.bundle.name} {short(promoted.bundle.digest)}"
    promotion = promoted.promotion
    if promotion is None:
        yield f"{bundle} is the champion already"
        return
    before = f"in the place of {short(promotion.before)}" if promotion.before else "the first one"
    yield f"{bundle} is the champion now, {before}"
    yield f"  promoted by {promotion.by}{f': {promotion.reason}' if promotion.reason else ''}"
    if promotion.override:
        yield f"  marked as an override: {promotion.override}"
        yield from (f"    against it: {each}" for each in promotion.overridden)
    yield from (f"  passed: {gate}" for gate in promoted.gates)
    yield "serve it: noteship serve"


def _listed(past: list[promotions.Past]) -> Iterator[str]:
    if not past:
        yield "nothing was promoted yet"
        return
    rows = []
    for each in past:
        promotion = each.promotion
        why = promotion.reason or ""
        if promotion.override:
            why = f"OVERRIDE: {promotion.override}{f'; {why}' if why else ''}"
        rows.append((promotion.at[:16].replace("T", " "), short(promotion.bundle), each.state, promotion.by, why))
    yield from table(rows, header=("when (UTC)", "bundle", "state", "by", "why"))
