"""Bundles of one file, and judgements of them as a validation leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from noteship.operations import judgements, promotions
from noteship.operations.opened import OpenedProject
from noteship.validation.judgement import Compared, Estimate, Gate, Judgement, Split

__all__ = ["bundle_of", "judge", "judgement_of"]


def bundle_of(opened: OpenedProject, content: str) -> str:
    """A bundle in the store that `content` tells from others, and that is the latest one."""
    folder = opened.root / ".noteship/scratch" / content
    folder.mkdir(parents=True)
    (folder / "bundle.json").write_text(content, encoding="utf-8")
    digest = opened.store.put_folder(folder)
    value = {"digest": digest, "name": "mail"}
    opened.store.write_ref(f"bundles/{digest}", value, expected=opened.store.read_ref(f"bundles/{digest}"))
    opened.store.write_ref("names/latest", value, expected=opened.store.read_ref("names/latest"))
    return digest


def judgement_of(opened: OpenedProject, bundle: str, *, passed: bool = True) -> Judgement:
    """A judgement of it beside the champion that there is now."""
    champion = promotions.champion(opened.store)
    f1 = Estimate(0.962 if passed else 0.912, 0.9, 0.97)
    return Judgement(
        bundle, "mail", "classification", "label", "f1", Split("share", 800, 200), "clone", "",
        {"f1": f1}, {"f1": f1}, passed=passed, settings=opened.settings.validate.to_json(),
        champion=Compared(champion.digest, "refitted") if champion else None,
        gates=(Gate("f1 >= 0.95", passed, "f1 0.962 >= 0.95" if passed else "f1 0.912 < 0.95"),),
    )  # fmt: skip


def judge(opened: OpenedProject, bundle: str, *, passed: bool = True, **other: Any) -> judgements.Kept:
    """Keep a judgement of a bundle, with other fields."""
    judgement = replace(judgement_of(opened, bundle, passed=passed), **other)
    pages: Mapping[str, bytes] = {"report": f"report of {bundle} {passed} {other}".encode()}
    return judgements.keep(opened.store, judgement, "key", pages)
