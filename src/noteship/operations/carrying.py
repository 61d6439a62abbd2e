"""Carries a release out: on record, sent, up, and what it no longer has taken away; else back to the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from noteship import cluster, store
from noteship.cluster import releases as on_cluster
from noteship.errors import NoteshipError
from noteship.operations import preflight, releases, rolling
from noteship.operations.errors import ReleaseFailed, ReleaseMoved
from noteship.operations.releasing import Named

if TYPE_CHECKING:
    from noteship.cluster.why import Cause

__all__ = ["Carried", "Carrier"]

Fields = Mapping[str, Any]
# Old pods serve on, so that going back has nothing to wait for but the cluster's own words.
BACK_S = 60.0


@dataclass(frozen=True)
class Carried:
    """A release that was carried out; `is_up` is False where waiting for it was ended before, for what it waits."""

    record: releases.Record
    is_up: bool
    is_new: bool
    pruned: tuple[str, ...]
    warnings: tuple[str, ...]
    ready: int = 0
    waits_for: tuple[Cause, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "record": self.record.to_json(),
            "state": "done" if self.is_up else "under way",
            "changed": self.is_new,
            "ready": self.ready,
            "pruned": list(self.pruned),
            "warnings": list(self.warnings),
            "waits_for": [each.to_json() for each in self.waits_for],
        }


@dataclass(frozen=True)
class Carrier:
    """A cluster, the store that has the record, and who is told.

    - beside: the release that a canary stands beside: one that does not come up is taken away
    """

    at: cluster.Cluster
    objects: store.Store
    named: Named
    tell: rolling.Tell
    until: cluster.Until
    beside: str = ""

    @property
    def place(self) -> releases.Place:
        """Where the release is."""
        return releases.Place.of(self.at.url, self.named.namespace, self.named.name)

    def carry(self, record: releases.Record, sent: Sequence[Fields], before: releases.Present | None) -> Carried:
        """Make it run. What is sent again as it was is no new release.

        Raises ReleaseFailed, when the release before has been put back; ReleaseMoved; the cluster's errors.
        """
        same = self._same(record, before)
        if same is not None and before is not None:
            record, present = same, before
        else:
            present = self._begun(record, sent, before)
        try:
            warnings = rolling.send(self.at, sent, self.tell)
            outcome = rolling.await_pods(self.at, sent, self.tell, self.until)
        except NoteshipError as error:
            raise self._failed(record, present, rolling.Outcome("failed"), sent, preflight.told(error)) from error
        if outcome.state == "failed":
            raise self._failed(record, present, outcome, sent, outcome.why)
        is_job = on_cluster.workload_of(sent)["kind"] == "Job"
        ready = outcome.progress.ready if outcome.progress and not is_job else 0
        if outcome.state != "done":
            return Carried(record, False, same is None, (), warnings, ready, outcome.causes)
        releases.end(self.objects, self.place, record, "done")
        self.tell(rolling.Moment("pruning"))
        pruned = rolling.prune(self.at, self.named.name, self.named.namespace, sent)
        return Carried(record, True, same is None, pruned, warnings, ready)

    def _same(self, record: releases.Record, before: releases.Present | None) -> releases.Record | None:
        """The present release, where it came up and is the very same."""
        there = releases.read(self.objects, self.place, before.id) if before else None
        is_same = there is not None and there.manifests == record.manifests
        return there if there and is_same and releases.coming_up(self.objects, self.place, there) else None

    def _begun(
        self, record: releases.Record, sent: Sequence[Fields], before: releases.Present | None
    ) -> releases.Present:
        try:
            return releases.begin(self.objects, self.place, record, sent, before)
        except store.errors.RefMoved as error:
            raise self._moved() from error

    def _failed(
        self,
        record: releases.Record,
        present: releases.Present,
        outcome: rolling.Outcome,
        sent: Sequence[Fields],
        why: str,
    ) -> NoteshipError:
        """What to raise, when as much as can be is as it was before."""
        releases.end(self.objects, self.place, record, "failed", why)
        failed = partial(_release_failed, str(self.named), why, outcome)
        if on_cluster.workload_of(sent)["kind"] == "Job":
            # To go back would be to run the one before again.
            return failed("what it has scored by then is kept")
        try:
            back = self._back(record, present)
        except store.errors.RefMoved:
            back = f"{self._moved().parts().fact}"
        except NoteshipError as error:
            back = f"the release before could not be put back: {preflight.told(error)}"
        return failed(back)

    def _back(self, record: releases.Record, present: releases.Present) -> str:
        """Put the last release back that came up; what serves now, in words."""
        to = releases.good_before(self.objects, self.place, record)
        sent = releases.manifests_of(self.objects, to) if to else None
        if (to is None or sent is None) and self.beside:
            rolling.prune(self.at, self.named.name, self.named.namespace, ())
            releases.forget(self.objects, self.place)
            return f"it is taken away; {self.beside} answers as it did all the time"
        if to is None or sent is None:
            return "there is no release before it to go back to: noteship undeploy takes it away"
        releases.back(self.objects, self.place, to, present)
        self.tell(rolling.Moment(f"going back to {to.id}"))
        rolling.send(self.at, sent, self.tell)
        outcome = rolling.await_pods(self.at, sent, self.tell, cluster.Until(timeout_s=BACK_S))
        rolling.prune(self.at, self.named.name, self.named.namespace, sent)
        serves = "serves as it did all the time" if outcome.state == "done" else f"is back, and {outcome.why}"
        return f"the release before, {to.id} of {to.at}, {serves}"

    def _moved(self) -> ReleaseMoved:
        now = releases.present(self.objects, self.place)
        record = releases.read(self.objects, self.place, now.id) if now else None
        return ReleaseMoved(str(self.named), record.by if record else "somebody")


def _release_failed(release: str, why: str, outcome: rolling.Outcome, back: str) -> ReleaseFailed:
    """With the remedy of what is nearest to the root, and with who can apply it where that is nobody of the team."""
    from noteship.cluster.why import WHO

    pod = outcome.progress.pod if outcome.progress else ""
    for cause in outcome.causes:
        who = WHO[cause.who] if cause.who == "administrators" else ""
        return ReleaseFailed(release, why, pod, outcome.said, back, cause.remedy, who)
    return ReleaseFailed(release, why, pod, outcome.said, back)
