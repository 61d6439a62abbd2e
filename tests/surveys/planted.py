"""A clean table, and one problem each planted in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy
import pandas

from noteship import tabular
from noteship.tabular import problems, surveys

ROWS = 600
TOPICS = ("delivery", "garden", "kitchen", "battery", "window", "jacket", "printer", "bicycle", "lamp", "carpet")
OPINIONS = ("arrived late", "works well", "broke early", "looks fine", "smells odd", "fits nicely", "feels cheap")


def clean(seed: int = 1, rows: int = ROWS) -> pandas.DataFrame:
    """Orders: numbers, a count, a category, times, texts, and an answer that depends on some of them a little."""
    draw = numpy.random.default_rng(seed)
    age = draw.integers(18, 80, rows)
    spent = draw.lognormal(4, 0.8, rows).round(2)
    returned = draw.random(rows) < 1 / (1 + numpy.exp(-(age - 50) / 15 + (spent - 60) / 60))
    places = pandas.Timestamp("2023-01-01") + pandas.to_timedelta(draw.integers(0, 60_000_000, rows), unit="s")
    texts = [
        f"order {draw.integers(10**8)}: the {TOPICS[draw.integers(10)]} {OPINIONS[draw.integers(7)]}, and "
        f"the {TOPICS[draw.integers(10)]} {OPINIONS[draw.integers(7)]} after {draw.integers(1, 90)} days of use "
        "at home, "
        f"which is what the {TOPICS[draw.integers(10)]} was for"
        for _ in range(rows)
    ]
    frame = pandas.DataFrame(
        {
            "order_id": draw.permutation(rows) + 5_000,
            "age": age,
            "spent": spent,
            "weight": draw.normal(20, 4, rows),
            "items": draw.poisson(3, rows),
            "city": draw.choice(["Bern", "Graz", "Kiel", "Lyon", "Oslo"], rows),
            "placed": places,
            "review": texts,
            "returned": numpy.where(returned, "yes", "no"),
        }
    )
    for name in ("weight", "city"):
        frame.loc[draw.random(rows) < 0.05, name] = None
    return frame


def found(frame: Any, *, beside: Any = None, **asked: Any) -> tuple[problems.Problem, ...]:
    """What is named in a table whose target is `returned`."""
    asked = {"target": "returned", **asked}
    with tabular.opened(frame, name="orders", beside=beside) as table:
        looked = surveys.look(table, surveys.Asked(**asked, beside=None if beside is None else "test.csv"))
        return problems.find(looked)


def kinds(given: tuple[problems.Problem, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Kind and columns of problems, remarks aside, in the order of their names."""
    return sorted((each.kind, each.columns) for each in given if each.level == "problem")


def _duplicates(frame: pandas.DataFrame) -> pandas.DataFrame:
    return pandas.concat([frame, frame.iloc[:4]], ignore_index=True)


def _copies_but_for_the_id(frame: pandas.DataFrame) -> pandas.DataFrame:
    copies = frame.iloc[:4].assign(order_id=range(90_000, 90_004))
    return pandas.concat([frame, copies], ignore_index=True)


def _repeated_texts(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[100:104, ["review", "returned"]] = frame.loc[200:204, ["review", "returned"]].to_numpy()
    return frame


def _contradiction(frame: pandas.DataFrame) -> pandas.DataFrame:
    copies = frame.iloc[:4].assign(order_id=range(90_000, 90_004))
    copies["returned"] = numpy.where(copies.returned == "yes", "no", "yes")
    return pandas.concat([frame, copies], ignore_index=True)


def _constant(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame["currency"] = "EUR"
    frame.loc[7, "currency"] = "USD"
    return frame


def _many_missing(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[numpy.random.default_rng(2).random(len(frame)) < 0.4, "weight"] = None
    return frame


def _missing_together(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame["street"] = numpy.random.default_rng(3).choice(["Elm", "Oak", "Fir"], len(frame))
    frame.loc[frame.city.isna(), "street"] = None
    return frame


def _missing_by_target(frame: pandas.DataFrame) -> pandas.DataFrame:
    lacks = (frame.returned == "yes") & (numpy.random.default_rng(4).random(len(frame)) < 0.4)
    frame.loc[lacks, "spent"] = None
    return frame


def _gives_away(frame: pandas.DataFrame) -> pandas.DataFrame:
    noise = numpy.random.default_rng(5).normal(0, 0.3, len(frame))
    frame["refund"] = numpy.where(frame.returned == "yes", 3.0, 0.0) + noise
    return frame


def _determines(frame: pandas.DataFrame) -> pandas.DataFrame:
    draw = numpy.random.default_rng(6)
    frame["route"] = numpy.where(
        frame.returned == "yes", draw.choice(["back", "lost"], len(frame)), draw.choice(["out", "shop"], len(frame))
    )
    return frame


def _telling_id(frame: pandas.DataFrame) -> pandas.DataFrame:
    # Numbered by the answer, then shuffled.
    frame["order_id"] = frame.returned.rank(method="first").astype(int) + 5_000
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


def _missing_labels(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[[5, 50], "returned"] = None
    return frame


def _spellings(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[frame.index[frame.returned == "yes"][:6], "returned"] = "Yes "
    return frame


def _city_spellings(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[frame.index[frame.city == "Bern"][:6], "city"] = "BERN"
    return frame


def _rare(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[[5, 50, 70], "returned"] = "perhaps"
    return frame


def _mojibake(frame: pandas.DataFrame) -> pandas.DataFrame:
    for place in (3, 33, 333):
        frame.loc[place, "review"] += " très déçu, l’emballage était cassé".encode().decode("cp1252", "replace")
    return frame


def _controls(frame: pandas.DataFrame) -> pandas.DataFrame:
    for place in (3, 33, 333):
        frame.loc[place, "review"] += "\x00\x08"
    return frame


def _empty(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[[3, 33], "review"] = "  \n"
    frame.loc[333, "review"] = ""
    return frame


def _number_texts(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame["spent"] = [f"{value:,.2f}" for value in frame.spent]
    frame.loc[[3, 33], "spent"] = "on account"
    return frame


def _unit_texts(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame["spent"] = [f"{value:,.2f} EUR" for value in frame.spent]
    return frame


def _date_texts(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame["placed"] = frame.placed.dt.strftime("%d.%m.%Y %H:%M")
    return frame


def _epoch(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[[3, 33], "placed"] = pandas.Timestamp(0)
    return frame


def _far_future(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame["placed"] = frame.placed.astype("datetime64[s]")
    frame.loc[[3, 33], "placed"] = pandas.Timestamp("9999-12-31")
    return frame


def _minus_999(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[numpy.random.default_rng(7).random(len(frame)) < 0.03, "weight"] = -999
    return frame


def _minus_one(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[numpy.random.default_rng(8).random(len(frame)) < 0.03, "age"] = -1
    return frame


def _slip(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[9, "weight"] = 2.1e6
    return frame


def _infinite(frame: pandas.DataFrame) -> pandas.DataFrame:
    frame.loc[[3, 33], "weight"] = [numpy.inf, -numpy.inf]
    return frame


Plant = Callable[[pandas.DataFrame], pandas.DataFrame]
# By name: what is done to the clean table, and the kind and columns that are named then, and nothing else.
PLANTS: Mapping[str, tuple[Plant, str, tuple[str, ...]]] = {
    "copies of rows": (_duplicates, "duplicates", ()),
    "copies but for the id": (_copies_but_for_the_id, "duplicates", ("order_id",)),
    "copies of texts": (_repeated_texts, "repeated-texts", ("review",)),
    "contradictions": (_contradiction, "label-conflict", ("returned",)),
    "one value": (_constant, "constant", ("currency",)),
    "many missing": (_many_missing, "missing-many", ("weight",)),
    "missing together": (_missing_together, "missing-together", ("city", "street")),
    "missing by the target": (_missing_by_target, "missing-target", ("spent", "returned")),
    "gives the target away": (_gives_away, "leak-target", ("refund", "returned")),
    "determines the target": (_determines, "leak-target", ("route", "returned")),
    "an id in the order of the target": (_telling_id, "id-target", ("order_id", "returned")),
    "missing labels": (_missing_labels, "label-missing", ("returned",)),
    "spellings of labels": (_spellings, "label-spellings", ("returned",)),
    "spellings of a category": (_city_spellings, "spellings", ("city",)),
    "a rare class": (_rare, "label-rare", ("returned",)),
    "mojibake": (_mojibake, "texts-encoding", ("review",)),
    "control characters": (_controls, "texts-control", ("review",)),
    "empty texts": (_empty, "texts-empty", ("review",)),
    "numbers as texts": (_number_texts, "text-numbers", ("spent",)),
    "numbers with a unit": (_unit_texts, "text-numbers", ("spent",)),
    "dates as texts": (_date_texts, "text-dates", ("placed",)),
    "a clock never set": (_epoch, "times", ("placed",)),
    "no end": (_far_future, "times", ("placed",)),
    "-999": (_minus_999, "sentinel", ("weight",)),
    "-1": (_minus_one, "sentinel", ("age",)),
    "a slip of the point": (_slip, "outlier", ("weight",)),
    "infinite": (_infinite, "infinite", ("weight",)),
}
