"""One judging, from a request to what was found; gates are no part of it."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

import numpy

from noteship import models
from noteship.validation import errors
from noteship.validation.agreement import LEAST_UNITS, Answered, agree
from noteship.validation.answering import Answering
from noteship.validation.asking import JudgeRequest, measures_of
from noteship.validation.calibration import calibrate
from noteship.validation.champion import Contender, against_champion
from noteship.validation.cloning import Judged, encoded, judged_for, score
from noteship.validation.differing import differences
from noteship.validation.judgement import Agreement, Confusion, Estimate, Judgement, Slice, Split
from noteship.validation.latency import Timing
from noteship.validation.measures import MEASURES, main_measure, means_of
from noteship.validation.metrics import Array, Classified, Regressed
from noteship.validation.opening import Opened, open_model
from noteship.validation.paired import LEVEL
from noteship.validation.parting import part_rows
from noteship.validation.resampling import BLOCKS, LEAST_GROUPS, Draws, Resampling, blocks
from noteship.validation.residuals import residuals
from noteship.validation.robustness import Held, robustness
from noteship.validation.slices import judge_slices
from noteship.validation.slicing import cuts
from noteship.validation.splitting import moments_of
from noteship.validation.thresholds import thresholds

__all__ = ["judge"]

# More classes than that are a picture that nobody can read.
MOST_CLASSES = 50
RARE = 10
# Intervals by fewer groups hold in nine of ten cases.
FEW = 20

Say = Callable[[str], None]


def judge(asked: JudgeRequest, say: Say) -> Judgement:
    """Judge a bundle. `say` is told what is begun.

    Guarantee: equal requests give equal judgements, but for `cost`, `seconds` and `at`.
    Raises what opening a bundle, reading rows, parting them and refitting raise; UnknownPositive, UnknownMetric.
    """
    began = time.perf_counter()
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    say("loading the model")
    opened = open_model(asked.bundle)
    parted = part_rows(asked, opened.scorer.signature)
    say(f"fitting a clone on {len(parted.train):,} rows")
    judged = judged_for(opened, parted, asked)
    made = _Judging(asked, opened, judged, say).made()
    return replace(made, seconds=round(time.perf_counter() - began, 3), at=at)


class _Judging:
    """The judging of one composition on the held-out rows."""

    def __init__(self, asked: JudgeRequest, opened: Opened, judged: Judged, say: Say) -> None:
        self._asked, self._opened, self._judged, self._say = asked, opened, judged, say
        self._parted = judged.parted
        file = asked.holdout.file or ""
        self._frame = encoded(opened, self._parted.held, file)
        self._answering = Answering.of(
            opened.composition,
            (judged.train, self._parted.train.answers),
            self._parted.held.answers,
            asked.positive,
            asked.holdout.by,
        )
        groups = self._parted.groups if asked.holdout.by != "time" else self._stretches()
        self._resampling = Resampling(len(self._frame), asked.resamples, asked.seed, groups)
        # A round after each of the greater pieces of work: there are `latency.ROUNDS`.
        self._timing = Timing(opened.scorer, self._frame, asked.timing_s)
        self._held = Held(self._frame, self._parted.held.answers, self._answering, self._resampling)
        self._kind: Literal["classification", "regression"] = opened.scorer.signature.output.kind

    def _stretches(self) -> Array:
        """Of rows in the order of time: those beside each other may err alike."""
        column = self._parted.held.raw[self._asked.holdout.column]
        return blocks(moments_of(column).to_numpy())

    def made(self) -> Judgement:
        self._say(f"judging it on {len(self._frame):,} rows")
        self._timing.round()
        answers = self._of(score(self._judged.composition, self._frame))
        draws = self._resampling.draw(answers)
        metric = self._metric(draws.point)
        metrics = self._resampling.estimates(answers, draws)
        bundle_metrics, agreement = metrics, None
        self._timing.round()
        if self._judged.is_clone:
            self._say("comparing it with the bundle")
            bundle = self._of(score(self._opened.composition, self._frame))
            drawn = self._resampling.draw(bundle)
            bundle_metrics = self._resampling.estimates(bundle, drawn)
            agreement = self._agreement((answers, draws), (bundle, drawn))
        found = Judgement(
            bundle=self._asked.bundle.digest,
            name=self._opened.bundle.name,
            kind=self._kind,
            target=self._asked.target,
            metric=metric,
            split=self._split(),
            judged="clone" if self._judged.is_clone else "bundle",
            why=self._judged.why,
            metrics=metrics,
            bundle_metrics=bundle_metrics,
            slices=self._slices(answers, metric),
            agreement=agreement,
            failures=tuple(self._failures(agreement)),
            confidence=self._resampling.confidence,
            level=LEVEL,
            resamples=self._asked.resamples,
            environment=self._environment(),
            lineage=dict(self._opened.bundle.lineage),
        )
        found = self._pictured(found, answers)
        return self._tried(found, Contender(answers, self._answering, draws, self._resampling, self._parted))

    def _tried(self, found: Judgement, contender: Contender) -> Judgement:
        """With robustness, cost and champion: what scores rows anew, or another model."""
        asked, shifts = self._asked, found.robustness
        self._timing.round()
        if asked.robustness:
            self._say("changing the rows")
            signature = self._opened.scorer.signature
            shifts = tuple(robustness(self._judged.composition, signature, self._held, found.metric))
        self._timing.round()
        champion = None
        if asked.champion is not None:
            self._say("comparing with the champion")
            champion = against_champion(asked, asked.champion, contender)
        self._say("timing it")
        self._timing.round()
        notes = tuple(self._notes(found, contender.judged))
        return replace(found, robustness=shifts, champion=champion, cost=self._timing.cost(), notes=notes)

    def _of(self, scores: models.Scores) -> Classified | Regressed:
        return self._answering.judged(self._parted.held.answers, scores)

    def _metric(self, measured: Any) -> str:
        metric = self._asked.metric or main_measure(self._kind)
        if metric not in measured:
            raise errors.UnknownMetric(metric, tuple(name for name in measures_of(self._kind) if name in measured))
        return metric

    def _split(self) -> Split:
        told = self._parted.told
        if not self._answering.classes:
            return told
        counts = [
            part.answers.map(self._answering.word).value_counts().to_dict()
            for part in (self._parted.train, self._parted.held)
        ]
        classes = {word: (int(counts[0].get(word, 0)), int(counts[1].get(word, 0))) for word in self._answering.words}
        return replace(told, classes=classes)

    def _slices(self, answers: Classified | Regressed, metric: str) -> tuple[Slice, ...]:
        self._say("judging it on slices")
        inputs = [column.name for column in self._opened.scorer.signature.inputs]
        found = cuts(self._parted.held.raw, self._asked.slices or None, inputs, self._asked.gated)
        return judge_slices(answers, found, self._resampling, metric)

    def _pictured(self, found: Judgement, answers: Classified | Regressed) -> Judgement:
        """With what is drawn of the answers."""
        if isinstance(answers, Regressed):
            return replace(found, regression=residuals(answers, self._resampling))
        words, positive = self._answering.words, self._answering.positive
        confusion = None
        if len(words) <= MOST_CLASSES:
            counts = answers.confusion(numpy.ones((1, len(answers))))[0].astype(int)
            confusion = Confusion(words, tuple(tuple(row) for row in counts.tolist()))
        return replace(
            found,
            positive=None if positive is None else words[positive],
            classes=words,
            calibration=calibrate(answers, self._resampling, words),
            confusion=confusion,
            thresholds=thresholds(answers, words),
        )

    def _agreement(
        self, clone: tuple[Classified | Regressed, Draws], bundle: tuple[Classified | Regressed, Draws]
    ) -> Agreement:
        metric = self._metric(clone[1].point)
        return agree(
            Answered(self._judged.composition, clone[0]),
            Answered(self._opened.composition, bundle[0]),
            self._held,
            self._opened.scorer.signature,
            metric,
            differences(self._resampling, bundle, clone).get(metric, Estimate(numpy.nan)),
        )

    def _failures(self, agreement: Agreement | None) -> Iterator[str]:
        if self._opened.bundle.reproduces.get("state") == "not checked":
            yield (
                "the model was compared with nothing that the notebooks stored: name their features or predictions"
                " under [service] reproduces, or say that there are none: reproduces = []"
            )
        if agreement is not None and agreement.is_worse:
            yield (
                f"the bundle is worse than its clone, by more than chance (p = {agreement.p:.2g}, level {LEVEL}),"
                " on the held-out rows or on these rows changed a little"
            )

    def _notes(self, found: Judgement, answers: Classified | Regressed) -> Iterator[str]:
        yield from self._parted.notes
        told = found.split
        if found.agreement is not None:
            yield from _on_agreement(found.agreement)
        yield from _on_means(found)
        yield from _on_groups(told, self._resampling.units)
        if told.unlabelled:
            yield f"{told.unlabelled:,} rows without an answer were left out"
        if told.duplicates:
            share = told.duplicates / told.held_rows
            yield (
                f"{told.duplicates:,} held-out rows ({share:.1%}) have the inputs of a row of the training part: they"
                " are easier than rows with new inputs"
            )
        for word, (fitted, held) in told.classes.items():
            if not fitted:
                yield f"no row of the training part is {word}: its {held:,} held-out rows cannot be answered rightly"
            elif held < RARE:
                yield f"{held} held-out rows are {word}: little is known of them"
        if isinstance(answers, Classified) and answers.probabilities is None:
            yield "the model gives no probabilities: nothing is said of ranking, calibration and thresholds"
        if isinstance(answers, Regressed) and "mape" not in found.metrics:
            yield "some true values are 0: there is no mean percentage error"
        if "mape" in found.metrics and "mape" in answers.unsure:
            yield ("some true values are near to 0: a few rows decide the mean percentage error, so it has no interval")
        searched = [step.label for step in self._opened.composition.steps if hasattr(step.value, "best_estimator_")]
        if searched and self._judged.is_clone:
            yield f"what the search in {', '.join(searched)} chose was kept: held-out rows may have had a say in it"
        if self._opened.bundle.reproduces.get("state") == "not wanted":
            yield "the model was compared with nothing that the notebooks stored: reproduces = []"

    def _environment(self) -> dict[str, Any]:
        needs = sorted(self._opened.bundle.environment.get("needs", {}))
        packages = {name: importlib.metadata.version(name) for name in needs}
        return {"python": platform.python_version(), "machine": platform.machine(), "packages": packages}


def _on_groups(told: Split, units: int) -> Iterator[str]:
    known = "no interval can be told" if units < LEAST_GROUPS else "intervals hold less often than they say"
    if told.how == "time":
        few = f"; there are {units}, and {known}" if units < LEAST_GROUPS else ""
        yield (
            "rows that follow one another may err alike: intervals and tests take each of at most"
            f" {BLOCKS} stretches of time as one piece of evidence{few}"
        )
    elif told.how == "group" and units < FEW:
        yield f"the measures are of {units} groups: {known}"


def _on_means(found: Judgement) -> Iterator[str]:
    """Of two classes one is mostly what matters; who names none may take the mean of both for it."""
    if len(found.classes) == 2 and found.positive is None:
        rare = min(found.classes, key=lambda word: sum(found.split.classes[word]))
        means = [MEASURES[name].words for name in means_of(found.classes, None) if name in found.metrics]
        yield (
            f"{', '.join(means[:-1])} and {means[-1]} are means of both classes, in gates, too: to judge by one of"
            f" them, name it, as in [validate] positive = {json.dumps(rare, ensure_ascii=False)}"
        )


def _on_agreement(given: Agreement) -> Iterator[str]:
    if not given.is_testable:
        yield (
            f"the held-out rows are of fewer than {LEAST_UNITS} groups, or stretches of time: whether the bundle is"
            " worse was tested by rows, as if they did not err alike"
        )
    if given.knows and not given.is_worse:
        rest = "nothing beside tells whether it is worse" if given.changed is None else "these rows changed a little do"
        yield (
            "the bundle is better than its clone on the held-out rows, by more than chance: it was fitted on them, so"
            f" they do not tell whether it is worse; {rest}"
        )
