"""Texts that were decoded wrongly, hold what nobody can see, or nothing; numbers and dates kept as texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy
import pandas

from noteship.tabular.problems.problem import Examples, Problem, is_id, rows, said, share
from noteship.tabular.surveys import Counted, Looked
from noteship.tabular.surveys.columns import is_empty
from noteship.tabular.surveys.repeats import rows_of

__all__ = ["found"]

# One odd text in a large table is its author's.
FEWEST_ROWS, FEWEST_SHARE = 3, 0.01
# What UTF-8 looks like where it was taken for Latin-1 or Windows-1252, once or twice, and the sign that replaces what
# could not be decoded at all.
CP1252 = (
    "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122"
)
MOJIBAKE = re.compile(
    f"[\u00c3\u00d0\u00d1][{CP1252}]|\u00c2[\u0080-\u00bf]|\u00e2\u20ac[{CP1252}]|\u00e2\u0080[\u0080-\u00bf]|\u00ef\u00bb\u00bf|\u00ef\u00bf\u00bd|\ufffd"
)
CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x9f]")
NUMBER = re.compile(
    r"\s*[-+]?[$€£¥]?\s*(?:\d{1,3}(?:[,.' \u00a0]\d{3})+|\d+)?(?:[.,]\d+)?(?:[eE][-+]?\d+)?\s*[%$€£¥]?\s*"
)
# What comes after a number and is the same in all: "EUR", "kg", "m²", "°C".
UNIT = re.compile(r"(.{0,30}\d)\s*((?:°|[^\W\d_])[^\W\d_]{0,4}[²³]?)\s*")
CODE = re.compile(r"0\d+|\+\d{7,}")
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
CLOCK = r"(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[ap]m)?\s?(?:Z|[+-]\d{2}:?\d{2}|UTC|GMT)?)?"
DATE = re.compile(
    rf"\s*(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})|"
    rf"\d{{1,2}}[- ]{MONTH}[- ,]+\d{{2,4}}|{MONTH} \d{{1,2}},? \d{{4}}){CLOCK}\s*",
    re.IGNORECASE,
)
MOSTLY = 0.9
# Digits of one length are codes, such as postal ones; quantities have many lengths.
CODE_LENGTH = 4
# Fewer values are classes that happen to be digits.
FEWEST_VALUES = 5
MOST_EXAMPLES, AROUND = 4, 40


def found(looked: Looked) -> Iterator[Problem]:
    """By column."""
    for each in looked.survey.counted:
        if each.role not in ("text", "category") or not each.present:
            continue
        if each.empty >= max(1, min(FEWEST_ROWS, FEWEST_SHARE * each.rows)):
            yield _empty(looked, each)
        values = looked.sample.frame[each.name].dropna()
        codes, different = pandas.factorize(values)
        counts = numpy.bincount(codes, minlength=len(different))
        texts = [str(value) for value in different]
        yield from _odd(looked, each, values, (codes, texts))
        if not is_id(each) and len(texts) >= FEWEST_VALUES:
            yield from _typed(looked, each, texts, counts)


def _empty(looked: Looked, counted: Counted) -> Problem:
    name = looked.table.quoted(counted.name)
    return Problem(
        "texts-empty",
        (counted.name,),
        f"{rows(counted.empty)} {'has' if counted.empty == 1 else 'have'} a text in “{counted.name}” without a "
        "letter in it, "
        "which does not count as missing.",
        "Nothing can be said of nothing. Leave the rows out, or make them missing.",
        f"{FEWEST_ROWS} rows, or {share(FEWEST_SHARE)} of a small table",
        numbers=rows_of(looked.table, is_empty(name)),
    )


def _odd(
    looked: Looked, counted: Counted, values: pandas.Series[Any], coded: tuple[Any, list[str]]
) -> Iterator[Problem]:
    codes, texts = coded
    numbers = looked.sample.numbers[looked.sample.frame[counted.name].notna().to_numpy(bool)]
    for kind, sign, what, advice in (
        (
            "texts-encoding",
            MOJIBAKE,
            (
                "letters that were decoded wrongly, such as “Ã©” for “é”, or the sign “\ufffd” in place of what "
                "could not be"
            ),
            "Texts of several encodings were read as one. Read each in its own.",
        ),
        (
            "texts-control",
            CONTROL,
            "control characters, which nobody can see",
            "They cut words in two for a tokenizer, and may break files. Remove them where the text is read.",
        ),
    ):
        is_odd = numpy.fromiter((sign.search(text) is not None for text in texts), bool, len(texts))
        where = is_odd[codes]
        count = int(where.sum())
        if count and count >= min(FEWEST_ROWS, FEWEST_SHARE * len(values)):
            yield Problem(
                kind,
                (counted.name,),
                f"{rows(count)}{said(looked)} {'has' if count == 1 else 'have'} {what}, in “{counted.name}”.",
                advice,
                f"{FEWEST_ROWS} rows, or {share(FEWEST_SHARE)} of a small table",
                examples=_around(looked, counted, sign, (numbers[where], [texts[code] for code in codes[where]])),
            )


def _around(looked: Looked, counted: Counted, sign: re.Pattern[str], given: tuple[Any, list[str]]) -> Examples | None:
    """The letters around the odd one, since it may be far from a text's beginning."""
    if counted.name in looked.survey.asked.leave_out:
        return None
    lines = []
    for number, text in list(zip(*given, strict=True))[:MOST_EXAMPLES]:
        place = sign.search(text)
        start = max(0, (place.start() if place else 0) - AROUND)
        cut = text[start : start + 2 * AROUND]
        lines.append((int(number), (f"{'…' if start else ''}{cut}{'…' if start + 2 * AROUND < len(text) else ''}",)))
    return Examples((counted.name,), tuple(lines))


def _typed(looked: Looked, counted: Counted, texts: list[str], counts: Any) -> Iterator[Problem]:
    """What is a number, or a date, but for a few."""
    unit, bare = _unit(texts, counts)
    numbers = f"numbers with “{unit}”" if unit else "numbers"
    for kind, form, what, looked_at in (("text-dates", DATE, "dates", texts), ("text-numbers", NUMBER, numbers, bare)):
        fits = numpy.fromiter(
            (form.fullmatch(text) is not None and any(map(str.isdigit, text)) for text in looked_at), bool, len(texts)
        )
        fitting = float(counts[fits].sum() / counts.sum())
        if fitting < MOSTLY:
            continue
        if kind == "text-numbers" and _are_codes([text for text, fit in zip(bare, fits, strict=True) if fit]):
            return
        others = [text for text, fit in zip(texts, fits, strict=True) if not fit]
        rest = ""
        if others:
            rest = f"; the other {share(1 - fitting)} are no {what}"
            if counted.name not in looked.survey.asked.leave_out:
                rest += ", such as " + ", ".join(f"“{text[:20]}”" for text in others[:3])
        condition = f"left({looked.table.quoted(counted.name)}, 4000) = ?"
        yield Problem(
            kind,
            (counted.name,),
            f"“{counted.name}” is a text, and {'all' if fitting == 1 else share(fitting)} of its "
            f"values{said(looked)} are {what}{rest}.",
            f"Convert it to {kind.removeprefix('text-')} where it is read"
            + (", and what is none to missing." if others else "."),
            f"{share(MOSTLY)} of the values, {FEWEST_VALUES} different ones; digits of one length are codes",
            numbers=rows_of(looked.table, condition, (others or texts)[0], most=3),
            shown=(counted.name,),
        )
        return


def _unit(texts: list[str], counts: Any) -> tuple[str, list[str]]:
    """What follows the number in most values, and the texts without it; nothing where most have no such."""
    parts = [UNIT.fullmatch(text) for text in texts]
    found = Counter[str]()
    for part, count in zip(parts, counts, strict=True):
        if part:
            found[part[2]] += int(count)
    unit, count = found.most_common(1)[0] if found else ("", 0)
    if count < MOSTLY * counts.sum():
        return "", texts
    return unit, [part[1] if part and part[2] == unit else text for part, text in zip(parts, texts, strict=True)]


def _are_codes(texts: list[str]) -> bool:
    """Postal codes, numbers of telephones and the like: leading zeros or plus signs, or digits of one length."""
    if any(CODE.fullmatch(text) for text in texts):
        return True
    lengths = {len(text) for text in texts}
    return len(lengths) == 1 and min(lengths) >= CODE_LENGTH and all(text.isdigit() for text in texts)
