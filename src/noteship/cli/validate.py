"""Judges a bundle, and tells what was found."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from noteship.cli.errors import WrongUsage
from noteship.cli.filling import Bar, shown
from noteship.cli.output import Output, duration, table
from noteship.digests import short
from noteship.operations import loading, telling, validating_pages
from noteship.operations import validate as operation
from noteship.operations.opened import OpenedProject
from noteship.operations.validate import Validated
from noteship.reporting.words import number, percent
from noteship.validation.holdout import Holdout
from noteship.validation.judgement import Agreement, Compared, Estimate, Judgement, Split
from noteship.validation.measures import MEASURES, words_of

__all__ = ["run", "summary"]

# Slices that are worse, told one by one.
SLICES_TOLD = 5


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Judge, and say what was found; 0 where all gates are passed, else 1."""
    opened = OpenedProject.at(arguments.project)
    trusting = loading.Trusting(
        tuple(arguments.trust_source), tuple(arguments.trust_type), allow_pickle=arguments.allow_pickle
    )
    request = operation.ValidateRequest(arguments.bundle, _holdout(arguments.holdout), arguments.again, trusting)
    bar = Bar("validating")
    with shown(bar, output):
        validated = operation.validate(opened, request, bar.told)
    if arguments.report is not None:
        validating_pages.write_report(opened, validated.kept, arguments.report)
    if arguments.card is not None:
        validating_pages.write_card(opened, validated.kept, arguments.card)
    output.document(validated.to_json())
    output.aside(*(f"note: {each}" for each in (*validated.since, *validated.judgement.notes)))
    output.text(*summary(validated))
    for path, what in ((arguments.report, "report"), (arguments.card, "model card")):
        if path is not None:
            output.text(f"{what}: {path}")
    if not validated.of_old:
        told = telling.judged(opened, validated.kept, validated.judgement)
        output.aside(*(f"note: {note}" for note in told))
    return 0 if validated.judgement.passed else 1


def _holdout(text: str | None) -> Holdout | None:
    try:
        return None if text is None else Holdout.parse(text)
    except ValueError as error:
        raise WrongUsage(f"--holdout {text} says no rows", f"give {error}") from error


def summary(validated: Validated) -> Iterator[str]:
    """What a person is told."""
    judgement = validated.judgement
    again = ", as it was found before" if validated.again else f" in {duration(judgement.seconds)}"
    yield f"{judgement.name} {short(validated.bundle.digest)}: judged{again}"
    yield f"  {_how(judgement)}"
    yield ""
    yield from table(list(_metrics(judgement)), header=_header(judgement), indent="  ")
    yield "  * the main metric: slices, changed rows and models are compared by it"
    yield ""
    yield from (f"  {each}" for each in _beside(judgement))
    yield from _slices(judgement)
    yield from _gates(judgement)


def _how(judgement: Judgement) -> str:
    split = judgement.split
    what = "a clone, fitted on" if judgement.judged == "clone" else "the bundle itself, of"
    return f"{what} {split.train_rows:,} rows, judged on {split.held_rows:,} {_words(split)}"


def _words(split: Split) -> str:
    match split.how:
        case "time":
            return f"from {split.boundary} on ({split.column})"
        case "group":
            held, all_groups = split.groups or (0, 0)
            return f"of {held:,} of {all_groups:,} groups ({split.column})"
        case "file":
            return f"of {split.file}"
        case _:
            return "held out"


def _header(judgement: Judgement) -> tuple[str, ...]:
    return ("metric", "value", "95 %", *(("champion", "difference", "95 %") if _rival(judgement) else ()))


def _rival(judgement: Judgement) -> Compared | None:
    """The champion, where it was compared and is another bundle."""
    champion = judgement.champion
    return champion if champion and champion.metrics and champion.digest != judgement.bundle else None


def _metrics(judgement: Judgement) -> Iterator[tuple[str, ...]]:
    champion = _rival(judgement)
    # A judgement that was kept has them in the order of their names.
    for name in (each for each in MEASURES if each in judgement.metrics):
        estimate = judgement.metrics[name]
        mark = "*" if name == judgement.metric else ""
        row: tuple[str, ...] = (f"{_words_of(judgement, name)}{mark}", _figure(estimate.value), _interval(estimate))
        if champion is not None:
            theirs = champion.metrics.get(name, Estimate(float("nan")))
            apart = champion.differences.get(name, Estimate(float("nan")))
            row = (*row, _figure(theirs.value), _figure(apart.value, "+"), _interval(apart, "+"))
        yield row


def _words_of(judgement: Judgement, name: str) -> str:
    return words_of(name, judgement.classes, judgement.positive)


def _figure(value: float, sign: str = "") -> str:
    """No power of ten."""
    digits = ".3f" if abs(value) < 1 else ".4g" if abs(value) < 1000 else ",.0f"
    return "none" if value != value else f"{value:{sign}{digits}}"


def _interval(estimate: Estimate, sign: str = "") -> str:
    if estimate.low != estimate.low:
        return ""
    return f"{_figure(estimate.low, sign)} to {_figure(estimate.high, sign)}"


def _beside(judgement: Judgement) -> Iterator[str]:
    if judgement.agreement is not None:
        yield from _apart(judgement, judgement.agreement)
    champion = judgement.champion
    if champion is None:
        yield "there is no champion to compare with"
    elif champion.digest == judgement.bundle:
        yield "this bundle is the champion"
    elif champion.how == "not compared":
        yield f"not compared with the champion {short(champion.digest)}: {champion.why}"
    else:
        how = champion.why or "fitted on the same rows"
        chance = f"p = {champion.p:.2g}" if champion.p >= 0.001 else "p < 0.001"
        yield f"champion {short(champion.digest)}, {how}: {chance} that so large a difference is chance"
    cost = judgement.cost
    if cost is not None:
        yield (
            f"a row takes {_ms(cost.one.p50_ms)}, 99 % within {_ms(cost.one.p99_ms)}, on this machine"
            f" ({cost.form}); {cost.rows_per_second:,.0f} rows a second"
        )


def _apart(judgement: Judgement, agreement: Agreement) -> Iterator[str]:
    """How far the bundle is from its clone, and what that shows."""
    metric = _words_of(judgement, judgement.metric)
    found = "not shown to be worse"
    if agreement.is_worse:
        found = "worse than its clone, by more than chance"
    elif agreement.knows:
        found = "better, as it was fitted on these rows"
    apart = agreement.difference
    between = "" if apart is None else f"; {metric} {_figure(apart.value, '+')} next to it"
    if apart is not None and _interval(apart, "+"):
        between += f" ({_interval(apart, '+')})"
    if judgement.kind == "classification":
        same = f"the bundle answers {agreement.same:.1%} of these rows as its clone does"
    else:  # Numbers are hardly ever the same.
        same = f"the bundle's answers are {_figure(agreement.mean_difference)} apart from its clone's on average"
    yield f"{same}{between}: {found}"
    if agreement.changed is not None:
        own, clones = (_figure(each) for each in agreement.changed)
        yield f"on these rows changed a little: {metric} {own}, its clone {clones}"


def _slices(judgement: Judgement) -> Iterator[str]:
    worse = [each for each in judgement.slices if each.is_worse]
    for each in sorted(worse, key=lambda one: one.p)[:SLICES_TOLD]:
        value = each.metrics.get(judgement.metric, Estimate(float("nan")))
        is_of_classes = judgement.kind == "classification"
        how = "wrong more often" if is_of_classes else "farther off"
        found = f"{each.rows:,} rows"
        # What was tested; the metric depends on how many rows are of each class, too.
        if each.loss > each.usual and is_of_classes:
            found = f"{percent(each.loss)} of {found}, of other rows of the same classes {percent(each.usual)}"
        elif each.loss > each.usual:
            found = f"by {number(each.loss)} in {found}, in other rows by {number(each.usual)}"
        figure = f"{_words_of(judgement, judgement.metric)} {_figure(value.value)}"
        yield f"  {how} where {each.column} is {each.value}: {found}; {figure}"


def _gates(judgement: Judgement) -> Iterator[str]:
    yield ""
    for gate in judgement.gates:
        yield f"  {'passed' if gate.passed else 'FAILED'}  {gate.expression}   {gate.told}"
    yield from (f"  FAILED  {each}" for each in judgement.failures)
    if judgement.passed:
        yield "passed" if judgement.gates else "passed: no gates are declared"
    else:
        yield "failed: it is not to be promoted"


def _ms(milliseconds: float) -> str:
    """Two digits that count, and no power of ten."""
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.2g} ms"
