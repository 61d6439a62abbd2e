"""What Prometheus is told: requests, rows, latencies, and the distribution of the predictions."""

from __future__ import annotations

import json
import platform
from collections import Counter as Counting
from collections.abc import Callable, Iterator, Sequence

import prometheus_client as prometheus
from prometheus_client.exposition import choose_encoder

from noteship import supervising
from noteship.serving.model import Model
from noteship.serving.observing import Batch
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
# How the routes end that ask for predictions.
PREDICTIONS = ("predict", "infer")
# A prediction that is none of the signature's classes.
OTHER = "other"
OF_PROCESSES = "noteship_process_"


class Metrics:
    """The metrics of one service, in a registry of their own; as an observer it counts predictions."""

    def __init__(self, under_way: Callable[[], int], is_ready: Callable[[], bool]) -> None:
        self.registry = registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(namespace="noteship", registry=registry)
        self._requests = prometheus.Counter(
            "noteship_requests", "Requests by route and status code.", ["route", "code"], registry=registry
        )
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
        self._rows = prometheus.Counter("noteship_rows", "Rows that were scored.", registry=registry)
        self._under_way = prometheus.Gauge("noteship_requests_under_way", "Predictions asked for.", registry=registry)
        self._under_way.set_function(under_way)
        ready = prometheus.Gauge("noteship_ready", "1 when requests should come here, else 0.", registry=registry)
        ready.set_function(lambda: float(is_ready()))
        self._unseen = prometheus.Counter(
            "noteship_unseen_categories",
            "Rows with a category that the raw data did not hold, by field.",
            ["field"],
            registry=registry,
        )
        self._faults = prometheus.Counter(
            "noteship_observer_faults", "Batches that an observer failed on.", ["observer"], registry=registry
        )
        self._dropped = prometheus.Counter(
            "noteship_batches_not_observed", "Batches dropped because observers were too slow.", registry=registry
        )
        self._by_class: prometheus.Counter | None = None
        self._by_value: Tally | None = None
        self._model: Model | None = None

    def serve(self, model: Model) -> None:
        """Begin to count for a model; every class has a count from the start, so that rates can be taken."""
        self._model = model
        output = model.signature.output
        told = {"model": model.name, "version": model.version, "bundle": model.digest}
        info = prometheus.Gauge(
            "noteship_build_info", "What is served, and in which Python.", [*told, "python"], registry=self.registry
        )
        info.labels(**told, python=platform.python_version()).set(1)
        if output.kind == "classification":
            self._by_class = prometheus.Counter(
                "noteship_predictions", "Predictions by class.", ["class"], registry=self.registry
            )
            for each in output.classes:
                self._by_class.labels(_label(each))
        else:
            self._by_value = Tally("noteship_prediction", "Predictions by value.", VALUES)
            self._tallies.append(self._by_value)

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

    def observer_failed(self, observer: str) -> None:
        """An observer raised something."""
        self._faults.labels(observer).inc()

    def batch_dropped(self) -> None:
        """A batch was not observed."""
        self._dropped.inc()

    def observe(self, batch: Batch) -> None:
        """Count the predictions of a batch, and the categories that are new."""
        values = batch.scores.predictions.tolist()
        if self._by_class is not None and self._model is not None:
            known = set(map(_label, self._model.signature.output.classes))
            for label, count in Counting(map(_label, values)).items():
                self._by_class.labels(label if label in known else OTHER).inc(count)
        elif self._by_value is not None:
            self._by_value.observe_all(map(float, values))
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
        """Each as a histogram."""
        for tally in self._tallies:
            buckets, total = tally.buckets()
            metric = prometheus.Metric(tally.name, tally.documentation, "histogram")
            for bound, count in buckets:
                metric.add_sample(f"{tally.name}_bucket", {"le": bound}, count)
            metric.add_sample(f"{tally.name}_count", {}, buckets[-1][1])
            # A sum of values below zero too can fall, which OpenMetrics forbids.
            if float(buckets[0][0]) >= 0:
                metric.add_sample(f"{tally.name}_sum", {}, total)
            yield metric


class _Given:
    """Families that were counted elsewhere."""

    def __init__(self, families: Sequence[supervising.Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[prometheus.Metric]:
        for family in self._families:
            metric = prometheus.Metric(family.name, family.about, family.kind)
            for sample in family.samples:
                metric.add_sample(sample.name, dict(sample.labels), sample.value)
            yield metric


def _given(families: Sequence[supervising.Family]) -> prometheus.CollectorRegistry:
    registry = prometheus.CollectorRegistry(auto_describe=False)
    registry.register(_Given(families))
    return registry


def _label(value: object) -> str:
    """A class as a label: as in the keys of the probabilities."""
    return value if isinstance(value, str) else json.dumps(value, default=str)
