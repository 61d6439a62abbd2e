"""The one module that knows Optuna: what to try next, what to give up, and which parameters mattered.

Nothing of Optuna's is stored. A study is made of the trials as they are recorded, wherever that is.
"""

from __future__ import annotations

import hashlib
import math
import random
import statistics
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from noteship.tuning.method import Method
from noteship.tuning.space import Choices, Dimension, Space
from noteship.tuning.trials import Direction, Trial, point_of

__all__ = ["Study", "importances"]

# How often a point is drawn again that has been tried; then one is taken that has not.
ATTEMPTS = 8
# Of a smaller space the points that are left are listed; of a larger one some random point has not been tried.
LISTED = 100_000
# Of fewer trials that are done a strong parameter is not shown to matter, either.
FEWEST = 10
# How often values are dealt to other trials, and the share of these deals that what matters exceeds.
DEALS, LEVEL = 50, 0.95
# What is high in these deals, by which parameters of different kinds are compared: a quantile.
HIGH = 0.9
# Hyperband deals trials out by it.
NAME = "noteship"
# Halving notes in a trial with which value it has passed each rung.
MARK = "completed_rung_"
# Before a trial is compared with the median, so many others are done, and so many of its own parts.
FEWEST_OTHERS, FEWEST_PARTS = 5, 2
# What is called good: of fewer, as the method's authors take, next to nothing is shown to matter by 40 trials.
GOOD = 0.5
STATES = {"done": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}

# It reports each trial, which the command line does in its own way.
optuna.logging.disable_default_handler()
optuna.logging.set_verbosity(optuna.logging.CRITICAL)


class Study:
    """Not safe among threads."""

    def __init__(self, space: Space, method: Method, known: Sequence[Trial]) -> None:
        self._space = space
        self._by_part = method.pruner == "wilcoxon"
        self._distributions = _distributions(space)
        self._drawer = _Drawer(space, method, {point_of(each.parameters) for each in known})
        with _quiet():
            self._study = optuna.create_study(
                study_name=NAME,
                direction=method.direction,
                sampler=self._drawer,
                pruner=_pruner(method.pruner),
            )
            fitting = [each for each in known if _fits(each, space)]
            self._study.add_trials([_frozen(each, space, self._distributions, self._way(each)) for each in fitting])
        self._asked: dict[int, optuna.Trial] = {}
        self._parts: dict[int, dict[int, float]] = {}

    def add(self, trial: Trial) -> None:
        """Learn of a trial that somebody else has made."""
        self.avoid(trial.parameters)
        if _fits(trial, self._space):
            with _quiet():
                self._study.add_trial(_frozen(trial, self._space, self._distributions, self._way(trial)))

    def avoid(self, point: Mapping[str, Any]) -> None:
        """Draw a point no more."""
        self._drawer.tried.add(point_of(point))

    def ask(self, number: int) -> Mapping[str, Any] | None:
        """The parameters of the trial of this number; None where every point of the space has been tried."""
        if self._space.size is not None and len(self._drawer.tried) >= self._space.size:
            return None
        self._drawer.number = number
        with _quiet():
            trial = self._study.ask(self._distributions)
        self._asked[number], self._parts[number] = trial, {}
        drawn = _parameters(self._space, trial.params)
        self._drawer.tried.add(point_of(drawn))
        return drawn

    def report(self, number: int, step: int, value: float) -> bool:
        """Note what a part of a trial has come to; whether the trial need not go on."""
        trial, parts = self._asked[number], self._parts[number]
        parts[step] = value
        with _quiet():
            trial.report(value if self._by_part else statistics.fmean(parts.values()), step)
            return bool(trial.should_prune())

    def marks(self, number: int) -> dict[str, float]:
        """What the pruner remembers of a trial."""
        noted = self._study.get_trials(deepcopy=False)[self._asked[number].number].system_attrs
        return {name: value for name, value in noted.items() if name.startswith(MARK) and isinstance(value, float)}

    def tell(self, ended: Trial) -> None:
        """Note how a trial ended."""
        del self._parts[ended.number]
        trial = self._asked.pop(ended.number)
        with _quiet():
            self._study.tell(trial, ended.value if ended.state == "done" else None, STATES[ended.state])

    def drop(self, number: int, *, again: bool = False) -> None:
        """Forget a trial that was stopped; `again`: its point may be drawn anew."""
        del self._parts[number]
        if again:
            self._drawer.tried.discard(point_of(_parameters(self._space, self._asked[number].params)))
        with _quiet():
            self._study.tell(self._asked.pop(number), state=TrialState.FAIL)

    def _way(self, trial: Trial) -> dict[int, float]:
        """What the pruner was told on the way: parts as they are to be compared in pairs, else the mean so far."""
        parts = {step: value for step, value in sorted(trial.steps.items()) if math.isfinite(value)}
        if self._by_part:
            return parts
        values = list(parts.values())
        return {step: statistics.fmean(values[: count + 1]) for count, step in enumerate(parts)}


class _Median(BasePruner):  # type: ignore[misc, unused-ignore]
    """Gives up a trial whose mean so far is worse than the median of the others' means after the same parts.

    Folds are no learning curve: the library's own rule takes the best that a trial has come to on its way, which is
    one easy fold. Source: the median rule of Golovin et al. (2017), Google Vizier, with the trial's mean for its best.
    """

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Whether to give it up."""
        step = trial.last_step
        done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        others = [each.intermediate_values[step] for each in done if step in each.intermediate_values]
        if step is None or len(trial.intermediate_values) < FEWEST_PARTS or len(others) < FEWEST_OTHERS:
            return False
        sign = 1.0 if study.direction == optuna.study.StudyDirection.MINIMIZE else -1.0
        return sign * trial.intermediate_values[step] > sign * statistics.median(others)


class _Drawer(BaseSampler):  # type: ignore[misc, unused-ignore]
    """Draws with a sampler that is made anew for each trial, seeded by the trial's number; no point twice."""

    def __init__(self, space: Space, method: Method, tried: set[str]) -> None:
        self.tried = tried
        self.number = 0
        self._space = space
        self._method = method
        self._inner = _sampler(method, 0)

    def infer_relative_search_space(
        self,
        study: optuna.Study,  # noqa: ARG002 - the library's signature
        trial: FrozenTrial,  # noqa: ARG002 - likewise
    ) -> dict[str, BaseDistribution]:
        """All of it: what is drawn is looked at as a whole."""
        return _distributions(self._space)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """A point that has not been tried, as far as there is one."""
        if self._method.sampler == "grid":
            return self._left(self._method.seed)
        for attempt in range(ATTEMPTS):
            self._inner = _sampler(self._method, _seed(self._method.seed, self.number, attempt))
            drawn = self._drawn(study, trial, search_space)
            if point_of(_parameters(self._space, drawn)) not in self.tried:
                return drawn
        return self._left(_seed(self._method.seed, self.number, ATTEMPTS)) if self._space.size else drawn

    def _drawn(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        related = self._inner.infer_relative_search_space(study, trial)
        drawn = self._inner.sample_relative(study, trial, related)
        for name, distribution in search_space.items():
            if name not in drawn:
                drawn[name] = self._inner.sample_independent(study, trial, name, distribution)
        return {name: _rounded(self._space.dimensions[name], drawn[name]) for name in search_space}

    def _left(self, seed: int) -> dict[str, Any]:
        """A random point of those that have not been tried."""
        size, chance = self._space.size or 1, random.Random(seed)  # noqa: S311 - no secret
        places = chance.sample(range(size), size) if size <= LISTED else iter(lambda: chance.randrange(size), -1)
        points = (self._space.at(place) for place in places)
        found = next(point for point in points if point_of(point) not in self.tried)
        return {name: _plain(self._space.dimensions[name], value) for name, value in found.items()}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Not asked for: all are drawn together."""
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Let the sampler prepare."""
        self._inner.before_trial(study, trial)

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Let the sampler learn."""
        self._inner.after_trial(study, trial, state, values)


def importances(space: Space, direction: Direction, trials: Sequence[Trial]) -> dict[str, float]:
    """How much each parameter decides whether a trial is of the better half, of those where that is more than chance.

    They are shares of what all parameters decide, the largest first. Empty where fewer than ten trials are done, or
    none is shown to matter.
    Accuracy: where no parameter matters, in some 5 of 100 searches one is shown: what each has is compared with what
    it has when the values are dealt to other trials, as a ratio to what is high there, of which the largest counts.
    Cost: 51 evaluations of some 10 ms.
    Source: Watanabe, Bansal, Hutter (2023), PED-ANOVA, as Optuna has it; Westfall and Young (1993), the largest of all.
    """
    done = [each for each in trials if each.is_done and space.holds(each.parameters)]
    if len(done) < FEWEST or len({each.value for each in done}) == 1:
        return {}
    found = _decided(space, direction, done)
    values, chance = [each.value for each in done], random.Random(0)  # noqa: S311 - no secret
    dealt = []
    for _ in range(DEALS):
        chance.shuffle(values)
        others = [replace(each, value=value) for each, value in zip(done, values, strict=True)]
        dealt.append(_decided(space, direction, others))
    # With what was found among them, as it is one of the deals where nothing matters.
    high = {name: sorted(each[name] for each in (found, *dealt))[int(HIGH * DEALS)] or 1.0 for name in found}
    largest = sorted(max(each[name] / high[name] for name in found) for each in dealt)
    limit, whole = largest[math.ceil(LEVEL * DEALS) - 1], sum(found.values())
    shares = {name: value / whole for name, value in found.items() if value / high[name] > limit}
    return dict(sorted(shares.items(), key=lambda each: (-each[1], each[0])))


def _decided(space: Space, direction: Direction, done: Sequence[Trial]) -> dict[str, float]:
    """How unlike the better half of trials is all of them, by parameter."""
    with _quiet():
        study = optuna.create_study(direction=direction)
        distributions = _distributions(space)
        study.add_trials([_frozen(each, space, distributions) for each in done])
        evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=GOOD)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator, normalize=False)
    return {name: float(value) for name, value in sorted(found.items())}


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        # It warns of each part of it that may change.
        warnings.simplefilter("ignore")
        yield


def _sampler(method: Method, seed: int) -> BaseSampler:
    with _quiet():
        match method.sampler:
            case "tpe":
                return optuna.samplers.TPESampler(seed=seed, multivariate=True, warn_independent_sampling=False)
            case "gp":
                return optuna.samplers.GPSampler(seed=seed, warn_independent_sampling=False)
            case "cmaes":
                return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
        return optuna.samplers.RandomSampler(seed=seed)


def _pruner(name: str) -> BasePruner:
    with _quiet():
        match name:
            case "median":
                return _Median()
            case "halving":
                return optuna.pruners.SuccessiveHalvingPruner()
            case "hyperband":
                return optuna.pruners.HyperbandPruner()
            case "wilcoxon":
                return optuna.pruners.WilcoxonPruner()
        return optuna.pruners.NopPruner()


def _seed(seed: int, number: int, attempt: int) -> int:
    """Of 32 bits: SHA-256 of "seed trial attempt", its first four bytes, the largest first."""
    return int.from_bytes(hashlib.sha256(f"{seed} {number} {attempt}".encode()).digest()[:4], "big")


def _distributions(space: Space) -> dict[str, BaseDistribution]:
    return {name: _distribution(each) for name, each in space.dimensions.items()}


def _distribution(given: Dimension) -> BaseDistribution:
    if isinstance(given, Choices):
        # By place: a choice may be a list, and 1 is not True.
        return CategoricalDistribution(range(given.size))
    if given.is_whole:
        return IntDistribution(int(given.low), int(given.high), log=given.log, step=int(given.step or 1))
    return FloatDistribution(given.low, given.high, log=given.log, step=given.step)


def _plain(given: Dimension, value: Any) -> Any:
    """A value as Optuna has it."""
    return given.place(value) if isinstance(given, Choices) else value


def _rounded(given: Dimension, drawn: Any) -> Any:
    return int(drawn) if isinstance(given, Choices) else given.own(drawn)


def _parameters(space: Space, drawn: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: each.at(drawn[name]) if isinstance(each, Choices) else each.own(drawn[name])
        for name, each in space.dimensions.items()
    }


def _fits(trial: Trial, space: Space) -> bool:
    return space.holds(trial.parameters) and (trial.state != "done" or trial.is_done)


def _frozen(
    trial: Trial, space: Space, distributions: dict[str, BaseDistribution], way: dict[int, float] | None = None
) -> FrozenTrial:
    return optuna.trial.create_trial(
        state=STATES[trial.state],
        value=trial.value if trial.state != "failed" else None,
        params={name: _plain(space.dimensions[name], value) for name, value in trial.parameters.items()},
        distributions=distributions,
        intermediate_values=way or {},
        system_attrs=dict(trial.marks),
    )
