"""What Prometheus is told: requests, rows, latencies, and the distribution of the predictions."""

from __future__ import annotations

import functools
import json
import platform
from collections import Counter as Counting
from collections.abc import Callable, Iterator, Sequence
from typing import get_args

import prometheus_client as prometheus
from prometheus_client.exposition import choose_encoder

from noteship import supervising
from noteship.serving.feedback import Feedback, Outcome
from noteship.serving.model import Model
from noteship.serving.observing import Batch, Dropped
from noteship.serving.shadowing import Compared
from noteship.serving.tallies import Tally

__all__ = ["Metrics"]

# From 50 microseconds, the time of one row of a compiled model, in steps of about 1.5 up to ten seconds.
SECONDS = (
    *(0.00005, 0.000075, 0.0001, 0.00015),
    *(0.00025, 0.0004, 0.0006, 0.0008, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.006, 0.008),
    *(0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0),
)
# The range of a regression's predictions is not known beforehand: 1, 2, 5 in each decade, on both sides of zero.
SIZES = tuple(float(f"{digit}e{power}") for power in range(-2, 7) for digit in (1, 2, 5))
VALUES = (*(-size for size in reversed(SIZES)), 0.0, *SIZES)
BATCH_ROWS = tuple(2**power for power in range(15))
# Of probabilities, from what rounding leaves; of numbers, whose range is not known, further up.
DIFFERENCES = (0.0, 1e-6, 0.0001, 0.001, 0.01, 0.02, 0.05, *(0.1, 0.2, 0.5, 1.0, 10.0, 100.0, 1000.0, 1e6))
# The labels of what is counted by version: as many as an operator has loaded.
VERSION = ("model", "version")
# How the routes end that ask for predictions.
PREDICTIONS = ("predict", "infer")
# A prediction that is none of the signature's classes.
OTHER = "other"
# Why a label is refused, by the status that it is refused with.
REFUSALS = {404: "unknown", 409: "conflict", 422: "unfit", 503: "unreachable"}
OF_PROCESSES = "noteship_process_"


class Metrics:
    """The metrics of one service, in a registry of their own; as an observer it counts predictions."""

    def __init__(self, under_way: Callable[[], int], is_ready: Callable[[], bool]) -> None:
        self.registry = registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(namespace="noteship", registry=registry)
        counter = functools.partial(prometheus.Counter, registry=registry)
        gauge = functools.partial(prometheus.Gauge, registry=registry)
        self._requests = counter("noteship_requests", "Requests by route and status code.", ["route", "code"])
        self._latency = Tally(
            "noteship_request_seconds",
            "From a prediction's request line to the end of its response, where it was answered.",
            SECONDS,
        )
        self._scoring = Tally("noteship_scoring_seconds", "Scoring the rows of a batch.", SECONDS)
        self._waiting = Tally(
            "noteship_waiting_seconds", "From the rows of a request to the beginning of their scoring.", SECONDS
        )
        self._batch_rows = Tally("noteship_batch_rows", "Rows that were scored together.", BATCH_ROWS)
        self._tallies = [self._latency, self._scoring, self._waiting, self._batch_rows]
        registry.register(_Tallies(self._tallies))
        self._counters: dict[tuple[str, int], prometheus.Counter] = {}
        self._rows = counter("noteship_rows", "Rows that were scored.")
        self._under_way = gauge("noteship_requests_under_way", "Predictions asked for.")
        self._under_way.set_function(under_way)
        ready = gauge("noteship_ready", "1 when requests should come here, else 0.")
        ready.set_function(lambda: float(is_ready()))
        self._unseen = counter(
            "noteship_unseen_categories", "Rows with a category that the raw data did not hold, by field.", ["field"]
        )
        self._feedback = counter("noteship_feedback", "Labels that came for predictions.", VERSION)
        self._agreed = counter("noteship_feedback_agreed", "Labels that were the class predicted.", VERSION)
        self._errors = counter(
            "noteship_feedback_absolute_error",
            "Differences of labels from the numbers predicted, added up without their signs.",
            VERSION,
        )
        self._labels_refused = counter(
            "noteship_feedback_refused", "Labels that were not taken, by reason.", ["reason"]
        )
        for why in (*REFUSALS.values(), OTHER):
            self._labels_refused.labels(why)
        self._faults = counter("noteship_observer_faults", "Batches that an observer failed on.", ["observer"])
        self._dropped = counter(
            "noteship_batches_not_observed",
            "Batches and labels that observers were not told of: too many waited, or took too much memory.",
            ["reason"],
        )
        for reason in get_args(Dropped):
            self._dropped.labels(reason)
        self._refused_callers = counter(
            "noteship_refused_callers",
            "Requests whose caller may not call: without a token, with an unknown one, or one that lacks the scope.",
            ["reason"],
        )
        self._reload_faults = counter(
            "noteship_reload_faults", "Changed files of tokens or keys that could not be used."
        )
        self._info = gauge(
            "noteship_build_info", "What is served, and in which Python.", [*VERSION, "bundle", "python"]
        )
        self._by_class = counter("noteship_predictions", "Predictions by class.", [*VERSION, "class"])
        self._by_value: dict[str, Tally] = {}
        self._failures = counter(
            "noteship_version_failures",
            "Requests that a version did not answer with predictions, by status code.",
            [*VERSION, "code"],
        )
        self._shadow_rows = counter(
            "noteship_shadow_rows", "Rows that a shadow scored after they were answered.", VERSION
        )
        self._shadow_disagreements = counter(
            "noteship_shadow_disagreements",
            "Rows for which a shadow predicts another class than was answered.",
            VERSION,
        )
        self._shadow_missed = counter(
            "noteship_shadow_missed_rows",
            "Rows that a shadow did not score: too many or too large ones waited, it does not take them, or it failed.",
            [*VERSION, "reason"],
        )
        self._shadow_differences: dict[str, Tally] = {}

    def serve(self, served: Sequence[Model]) -> None:
        """Tell that these are served, and begin to count for them.

        Every class has a count from the start, and so have labels, so that rates can be taken. What was counted for a
        model stays when it is served no more.
        """
        self._info.clear()
        for model in served:
            self._info.labels(*_version(model), model.digest, platform.python_version()).set(1)
            output = model.signature.output
            counted = self._agreed if output.kind == "classification" else self._errors
            for labels in (self._feedback, counted):
                labels.labels(*_version(model))
            for each in output.classes if output.kind == "classification" else ():
                self._by_class.labels(*_version(model), _label(each))
            if output.kind != "classification" and model.digest not in self._by_value:
                self._by_value[model.digest] = self._tally(
                    "noteship_prediction", "Predictions by value.", VALUES, model
                )

    def _tally(self, name: str, documentation: str, buckets: Sequence[float], model: Model) -> Tally:
        tally = Tally(name, documentation, buckets, dict(zip(VERSION, _version(model), strict=True)))
        self._tallies.append(tally)
        return tally

    def failed(self, model: Model, code: int) -> None:
        """A version did not answer."""
        self._failures.labels(*_version(model), str(code)).inc()

    def shadowed(self, model: Model, compared: Compared) -> None:
        """A shadow has scored rows."""
        self._shadow_rows.labels(*_version(model)).inc(compared.rows)
        self._shadow_disagreements.labels(*_version(model)).inc(compared.disagreements)
        tally = self._shadow_differences.get(model.digest)
        if tally is None:
            text = "The difference of a shadow's numbers, or its probabilities, from those that were answered."
            tally = self._tally("noteship_shadow_difference", text, DIFFERENCES, model)
            self._shadow_differences[model.digest] = tally
        tally.observe_all(compared.differences)

    def shadow_missed(self, model: Model, reason: str, rows: int) -> None:
        """A shadow has not scored rows."""
        self._shadow_missed.labels(*_version(model), reason).inc(rows)

    def scored(self, rows: int, waited_s: Sequence[float], seconds: float) -> None:
        """Rows of as many requests as waited were scored together."""
        self._rows.inc(rows)
        self._batch_rows.observe(rows)
        self._scoring.observe(seconds)
        self._waiting.observe_all(waited_s)

    def responded(self, route: str, code: int, seconds: float) -> None:
        """A response was written."""
        counter = self._counters.get((route, code))
        if counter is None:
            # Looking a child up by its labels costs more than counting.
            counter = self._counters[route, code] = self._requests.labels(route, str(code))
        counter.inc()
        if code == 200 and route.endswith(PREDICTIONS):
            self._latency.observe(seconds)

    def labelled(self, feedback: Feedback) -> None:
        """It was told what was right."""
        version = (feedback.model, feedback.version)
        self._feedback.labels(*version).inc()
        if feedback.kind == "classification":
            self._agreed.labels(*version).inc(feedback.is_agreed)
        else:
            self._errors.labels(*version).inc(feedback.absolute_error)

    def refused_labels(self, outcomes: Sequence[Outcome]) -> None:
        """Labels came, of which some were refused."""
        for status, count in Counting(each.status for each in outcomes if each.message).items():
            self._labels_refused.labels(REFUSALS.get(status, OTHER)).inc(count)

    def include(self, families: Callable[[], Sequence[supervising.Family]]) -> None:
        """Tell what is counted elsewhere, too, as it is whenever somebody looks."""
        self.registry.register(_Given(families))

    def observer_failed(self, observer: str) -> None:
        """An observer raised something."""
        self._faults.labels(observer).inc()

    def batch_dropped(self, reason: Dropped) -> None:
        """A batch was not observed."""
        self._dropped.labels(reason).inc()

    def caller_refused(self, reason: str) -> None:
        """Somebody may not call."""
        self._refused_callers.labels(reason).inc()

    def reload_failed(self) -> None:
        """A file has changed, and cannot be used."""
        self._reload_faults.inc()

    def observe(self, batch: Batch) -> None:
        """Count the predictions of a batch, and the categories that are new."""
        values, output = batch.scores.predictions.tolist(), batch.model.signature.output
        if output.kind == "classification":
            known = set(map(_label, output.classes))
            for label, count in Counting(map(_label, values)).items():
                self._by_class.labels(*_version(batch.model), label if label in known else OTHER).inc(count)
        elif (tally := self._by_value.get(batch.model.digest)) is not None:
            tally.observe_all(map(float, values))
        for field, count in batch.rows.unseen().items():
            self._unseen.labels(field).inc(count)

    def families(self) -> Sequence[supervising.Family]:
        """All of it as plain values, for the sums of several workers."""
        return [
            supervising.Family(
                family.name,
                family.documentation,
                family.type,
                [supervising.Sample(each.name, tuple(each.labels.items()), each.value) for each in family.samples],
                is_own=family.name.startswith(OF_PROCESSES),
            )
            for family in self.registry.collect()
        ]

    def render(self, accept: str, families: Sequence[supervising.Family] | None = None) -> tuple[bytes, str]:
        """All of it, or what is given, in the form that the scraper asks for, and that form's content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry if families is None else _given(families)), content_type


class _Tallies:
    """Tells tallies in the form of Prometheus."""

    def __init__(self, tallies: Sequence[Tally]) -> None:
        self._tallies = tallies

    def collect(self) -> Iterator[prometheus.Metric]:
        """Each as a histogram, those of one name together."""
        by_name: dict[str, list[Tally]] = {}
        for tally in list(self._tallies):
            by_name.setdefault(tally.name, []).append(tally)
        for name, tallies in by_name.items():
            metric = prometheus.Metric(name, tallies[0].documentation, "histogram")
            for tally in tallies:
                _add(metric, tally)
            yield metric


def _add(metric: prometheus.Metric, tally: Tally) -> None:
    buckets, total = tally.buckets()
    for bound, count in buckets:
        metric.add_sample(f"{tally.name}_bucket", {**tally.labels, "le": bound}, count)
    metric.add_sample(f"{tally.name}_count", tally.labels, buckets[-1][1])
    # A sum of values below zero too can fall, which OpenMetrics forbids.
    if float(buckets[0][0]) >= 0:
        metric.add_sample(f"{tally.name}_sum", tally.labels, total)


class _Given:
    """Families that were counted elsewhere."""

    def __init__(self, families: Callable[[], Sequence[supervising.Family]]) -> None:
        self._families = families

    def collect(self) -> Iterator[prometheus.Metric]:
        for family in self._families():
            metric = prometheus.Metric(family.name, family.about, family.kind)
            for sample in family.samples:
                metric.add_sample(sample.name, dict(sample.labels), sample.value)
            yield metric


def _given(families: Sequence[supervising.Family]) -> prometheus.CollectorRegistry:
    registry = prometheus.CollectorRegistry(auto_describe=False)
    registry.register(_Given(lambda: families))
    return registry


def _version(model: Model) -> tuple[str, str]:
    """The labels by which a version is told from others."""
    return model.name, model.version


def _label(value: object) -> str:
    """A class as a label: as in the keys of the probabilities."""
    return value if isinstance(value, str) else json.dumps(value, default=str)
