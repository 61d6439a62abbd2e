"""`noteship retrain`: learn the model anew, judge it, and let it take over as far as its gates and `[retrain]` say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from noteship.digests import short
from noteship.errors import NoteshipError
from noteship.operations import occasions, promotions, retrainings
from noteship.operations.errors import NothingToRetrain
from noteship.operations.opened import OpenedProject
from noteship.operations.promote import promote
from noteship.operations.retrainings import Occasion, Retraining, State
from noteship.operations.run import RunReport
from noteship.operations.validate import Validated
from noteship.operations.who import who
from noteship.project.retrain_settings import RetrainSettings

__all__ = ["RetrainRequest", "Retrained", "Tools", "retrain"]

Ship = Callable[[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class RetrainRequest:
    """`reason`: why, for the record; `if_due`: only where there is an occasion, and not more often than allowed.

    - asked: names this asking, so that one that was answered is not begun again; "" is another one each time
    """

    reason: str | None = None
    if_due: bool = False
    asked: str = ""


@dataclass(frozen=True)
class Tools:
    """What the steps are done by.

    - run: brings the pipeline up to date, for a retraining; judge: validates a bundle by its digest
    - canary, deploy: make a bundle a release, given its digest and the reason, and give what is to be on record
    - settle: promotes or withdraws the canary, and says so by "state" and "why"; None where it is too early
    """

    run: Callable[[Retraining], RunReport]
    judge: Callable[[str], Validated]
    canary: Ship
    deploy: Ship
    settle: Callable[[], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Retrained:
    """What came of it; `retraining` is None where there was nothing to do, and `why` says so."""

    retraining: Retraining | None
    state: State | str
    why: str
    is_continued: bool = False

    @property
    def is_good(self) -> bool:
        """Whether nothing failed and no gate refused."""
        return self.state not in ("failed", "refused")

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship retrain --json` prints."""
        value = self.retraining.to_json() if self.retraining else {"id": None, "occasions": []}
        return {**value, "state": self.state, "why": self.why, "continued": self.is_continued}


def retrain(opened: OpenedProject, request: RetrainRequest, tools: Tools) -> Retrained:
    """Go on with the retraining that was not finished, else begin one where it is due and no canary is waited for.

    What can be tried again later, such as a store that does not answer, leaves it unfinished; what cannot, ends it.
    Raises: NothingToRetrain, what looking for occasions raises, and what the steps raise.
    """
    if opened.settings.service is None:
        raise NothingToRetrain()
    settings = opened.settings.retrain or RetrainSettings()
    under_way = retrainings.unfinished(opened.store)
    if under_way is not None:
        return _Steps(opened, settings, tools, under_way).carried_out(is_continued=True)
    if waiting := _waiting(opened, tools):
        return Retrained(None, "waiting", waiting)
    reasons = _reasons(opened, request, settings)
    if not reasons:
        return Retrained(None, "not due", f"nothing happened of {', '.join(settings.on) or 'what [retrain] names'}")
    if request.if_due and (wait := _too_soon(opened, settings)):
        return Retrained(None, "not due", wait)
    begun = retrainings.begin(opened.store, reasons, who(), settings.to_json())
    return _Steps(opened, settings, tools, begun).carried_out(is_continued=False)


def _waiting(opened: OpenedProject, tools: Tools) -> str:
    """Settle the canary of the last one; why it has still to be waited for, empty where there is none any more."""
    last = next(retrainings.history(opened.store), None)
    if last is None or last.state != "canary" or "settled" in last.steps:
        return ""
    settled = tools.settle()
    if settled is None:
        return f"the canary of retraining {last.id} is still compared with the stable release: noteship canary"
    if settled["state"] == "promoted":
        promote(opened, str(last.steps["run"]["bundle"]), reason=f"retraining {last.id}: {settled['why']}")
    retrainings.note(opened.store, last, "settled", settled)
    return ""


def _reasons(opened: OpenedProject, request: RetrainRequest, settings: RetrainSettings) -> tuple[Occasion, ...]:
    if request.if_due:
        return occasions.found(opened, settings.on)
    what = f"asked {request.asked or datetime.now(UTC).isoformat()}"
    if request.asked and occasions.is_known(opened, what):
        return ()
    return (Occasion("asked", what, request.reason or "asked for"),)


def _too_soon(opened: OpenedProject, settings: RetrainSettings) -> str:
    """Why it is too early for another one; empty where it is not."""
    last = next(retrainings.history(opened.store), None)
    again = None if last is None else last.began + timedelta(seconds=settings.at_most_s)
    if last is None or again is None or datetime.now(UTC) >= again:
        return ""
    return f"the last one began at {last.at}, and [retrain] at_most lets the next one begin at {again.isoformat()}"


@dataclass(frozen=True)
class _Steps:
    opened: OpenedProject
    settings: RetrainSettings
    tools: Tools
    retraining: Retraining

    def carried_out(self, *, is_continued: bool) -> Retrained:
        try:
            state, why = self._all()
        except NoteshipError as error:
            if not error.retryable:
                retrainings.end(self.opened.store, self.retraining, "failed", error.parts().fact)
            raise
        retrainings.end(self.opened.store, self.retraining, state, why)
        ended = retrainings.read(self.opened.store, self.retraining.id)
        return Retrained(ended or self.retraining, state, why, is_continued)

    def _all(self) -> tuple[State, str]:
        report = self.tools.run(self.retraining)
        if not report.good or report.made is None:
            return "failed", _failed(report)
        digest = report.made.digest
        self._note("run", {"run": report.result.run, "bundle": digest})
        champion = promotions.champion(self.opened.store)
        if champion is not None and champion.digest == digest:
            return "unchanged", f"the data give the bundle that is the champion already, {short(digest)}"
        validated = self.tools.judge(digest)
        judgement = validated.judgement
        self._note("judged", {"judgement": validated.kept.id, "passed": judgement.passed})
        if not judgement.passed:
            gates = (f"gate {each.expression}: {each.told}" for each in judgement.gates if not each.passed)
            return "refused", "; ".join((*judgement.failures, *gates))
        return self._taken_over(digest)

    def _taken_over(self, digest: str) -> tuple[State, str]:
        """As far as `[retrain]` says that a bundle goes whose gates are passed."""
        reason = f"retraining {self.retraining.id}: {'; '.join(each.told for each in self.retraining.occasions)}"
        match self.settings.then:
            case "validate":
                return "validated", f"{short(digest)} passed its gates; [retrain] leaves the rest to people"
            case "canary":
                self._note("shipped", self.tools.canary(digest, reason))
                return "canary", f"{short(digest)} is a canary now"
        promoted = promote(self.opened, digest, reason=reason)
        self._note("promoted", {"promotion": promoted.promotion.id if promoted.promotion else None})
        if self.settings.then == "promote":
            return "promoted", f"{short(digest)} is the champion now"
        self._note("shipped", self.tools.deploy(digest, reason))
        return "deployed", f"{short(digest)} is the champion now, and deployed"

    def _note(self, step: str, found: Mapping[str, Any]) -> None:
        retrainings.note(self.opened.store, self.retraining, step, found)


def _failed(report: RunReport) -> str:
    """The first thing that a run failed of."""
    for record in report.result.stages.values():
        if record.failure:
            return f"stage {record.stage} failed: {record.failure.message}"
    faults = (*(source.fault for source in report.faults if source.fault), *report.breaches)
    first = next((fault.parts().fact for fault in faults), f"run {report.result.run} was {report.state}")
    return str(first)
