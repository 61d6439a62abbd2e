"""`noteship promote`: a bundle becomes the champion if its gates passed, and the decision is on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from noteship import store
from noteship.digests import Digest, short
from noteship.operations import judgements, promotions
from noteship.operations.errors import ChampionMoved, NoReason, NotPromoted
from noteship.operations.naming import Named, named
from noteship.operations.opened import OpenedProject
from noteship.operations.who import who
from noteship.validation.judgement import Judgement

__all__ = ["Promoted", "declared_of", "promote"]


@dataclass(frozen=True)
class Promoted:
    """Which bundle is the champion now; no promotion where it was before.

    `gates` tells of those that were passed, `notes` are sentences on the judgement.
    """

    bundle: Named
    promotion: promotions.Promotion | None
    gates: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship promote --json` prints."""
        return {
            "champion": self.bundle.digest,
            "name": self.bundle.name,
            "changed": self.promotion is not None,
            "promotion": self.promotion.to_json() if self.promotion else None,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class _Case:
    """What is known of a bundle that is to be promoted."""

    bundle: str
    judgement: Judgement | None
    kept: judgements.Kept | None
    champion: promotions.Champion | None
    declared: Mapping[str, Any]

    def against(self) -> tuple[str, ...]:
        """What speaks against it, the most telling first."""
        if self.judgement is None:
            return ("it was not validated",)
        return (*self._failed(self.judgement), *self._outdated(self.judgement))

    def _failed(self, judgement: Judgement) -> Iterator[str]:
        if not judgement.passed:
            yield "its judgement failed"
            yield from judgement.failures
            yield from (f"gate {gate.expression}: {gate.told}" for gate in judgement.gates if not gate.passed)

    def _outdated(self, judgement: Judgement) -> Iterator[str]:
        """What is not as it was when it was judged."""
        compared = judgement.champion.digest if judgement.champion else None
        now = self.champion.digest if self.champion else None
        if compared != now:
            was, there = (f"{short(each)}" if each else "none" for each in (compared, now))
            yield f"it was compared with another champion: {was} then, {there} now"
        then = judgement.settings
        changed = sorted(key for key in {*then, *self.declared} if then.get(key) != self.declared.get(key))
        if changed:
            yield f"[validate] is not what it was judged by: {', '.join(changed)}"

    @property
    def remedy(self) -> str:
        """What to do about what speaks against it."""
        validate = f"noteship validate {short(self.bundle)}"
        if self.judgement is None:
            return f"validate it: {validate}"
        if any(self._outdated(self.judgement)):
            return f"validate it again: {validate}"
        return (
            f"make a better model, and validate that one ({validate} --report FAILED.html tells where this one fails)"
        )


# Why, where nobody says more.
PASSED = "its judgement passed"


def promote(opened: OpenedProject, bundle: str, *, reason: str | None = None, override: str | None = None) -> Promoted:
    """Make a bundle the champion; nothing happens where it is already.

    Raises: NoBundle, UnknownBundle, NoReason, NotPromoted, ChampionMoved, and the store's errors.
    """
    if override is not None and not override.strip():
        raise NoReason()
    found = named(opened, bundle)
    before = promotions.champion(opened.store)
    if before is not None and before.digest == found.digest:
        return Promoted(found, None)
    case = _case(opened, found.digest, before)
    against = case.against()
    if against and override is None:
        where = f"judgement {case.kept.id}" if case.kept else ""
        raise NotPromoted(short(found.digest), against, case.remedy, where)
    _check_whole(opened.store, found)
    if case.kept:
        for each in case.kept.digests:
            opened.store.refresh(each)
    promotion = promotions.Promotion(
        found.digest,
        found.name,
        who(),
        before=before.digest if before else None,
        before_promotion=before.promotion if before else None,
        judgement=case.kept.judgement if case.kept else None,
        # Where nothing speaks against it, there is nothing to override: why it is done is a reason like others.
        reason=reason or (None if against else override or PASSED),
        override=override if against else None,
        overridden=against,
    )
    try:
        promotions.move(opened.store, promotion, before)
    except store.errors.RefMoved as error:
        raise _moved(opened, found) from error
    passed = (gate for gate in (case.judgement.gates if case.judgement else ()) if gate.passed)
    return Promoted(
        found, promotion, tuple(f"{gate.expression} ({gate.told})" for gate in passed), tuple(_notes(case, override))
    )


def _case(opened: OpenedProject, bundle: str, before: promotions.Champion | None) -> _Case:
    """With the last judgement by what is declared now; with the last one where there is none by that."""
    declared = declared_of(opened)
    found = []
    for kept in judgements.of_bundle(opened.store, bundle):
        judgement = judgements.read(opened.store, kept)
        if judgement.bundle == bundle:
            found.append((judgement, kept))
            if judgement.settings == declared:
                return _Case(bundle, judgement, kept, before, declared)
    if not found:
        return _Case(bundle, None, None, before, declared)
    judgement, kept = found[0]
    return _Case(bundle, judgement, kept, before, declared)


def _check_whole(objects: store.Store, found: Named) -> None:
    """Look whether the bundle could be served. Raises BadTree, NotPromoted."""
    # A `gc` under way knows nothing of its promotion, and leaves what is as good as new.
    if not objects.refresh(Digest(found.digest)):
        missing = ("the store does not have all of its files any more",)
        raise NotPromoted(short(found.digest), missing, "make it again: noteship run", can_be_overridden=False)


def _notes(case: _Case, override: str | None) -> Iterator[str]:
    if case.judgement is not None and not case.judgement.gates:
        yield "no gates are declared: [validate] gates in noteship.toml"
    if override is not None and not case.against():
        yield "nothing spoke against it, so that it is not marked as an override"


def _moved(opened: OpenedProject, found: Named) -> ChampionMoved:
    past = next((each.promotion for each in promotions.history(opened.store) if each.state == "champion"), None)
    now = promotions.champion(opened.store)
    return ChampionMoved(short(found.digest), short(now.digest) if now else "", past.by if past else "somebody")


def declared_of(opened: OpenedProject) -> Mapping[str, Any]:
    """`[validate]` as it is now, as a judgement has it."""
    return opened.settings.validate.to_json()
