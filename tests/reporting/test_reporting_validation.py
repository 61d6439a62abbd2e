"""The page of a judgement: a verdict first, every section that there is something for, and foreign text as text."""

from __future__ import annotations

import dataclasses
import math
import re
from xml.etree import ElementTree

import pytest

from noteship.reporting import validation
from noteship.reporting.validation.guide import terms
from noteship.reporting.validation.outcomes import verdict, what_it_means
from noteship.validation.judgement import Compared, Estimate, Gate, Judgement, Slice
from reporting import judged

XHTML = "{http://www.w3.org/1999/xhtml}"
# What would break out of HTML, of SVG, of mathematics, or would be taken for what charts are rewritten by.
HOSTILE = ("<script>alert(1)</script>", "$x^2$ & \"'", "#010203 var(--ink)", '--> ]]> id="a"', "two\nlines\x00")


def text_of(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def heads(page: str) -> list[str]:
    return [text_of(each) for each in ElementTree.fromstring(page).iter(f"{XHTML}h2")]


def lanes_of(page: str, head: str) -> list[str]:
    """The rows of the tables below a head, as text."""
    told = page.partition(f"<h2>{head}</h2>")[2].partition("<h2>")[0]
    return [re.sub(r"<[^>]*>", " ", row) for row in re.findall(r"<tr>.*?</tr>", told)]


@pytest.fixture(scope="module")
def page() -> str:
    return validation.page(judged.binary())


@pytest.fixture(scope="module")
def of_numbers() -> str:
    return validation.page(judged.regression())


def test_sections_are_in_order(page: str, of_numbers: str) -> None:
    """From the gates to how to read it; those that a judgement has nothing for are left out."""
    assert heads(page) == [
        "Gates",
        "Metrics",
        "Next to the champion",
        "Right and wrong answers",
        "Scores",
        "Slices",
        "Robustness",
        "Cost",
        "Bundle and clone",
        "How it was judged",
        "Where it comes from",
        "Notes",
        "How to read this",
    ]
    assert [each for each in heads(of_numbers) if each not in heads(page)] == ["Errors"]
    assert not {"Right and wrong answers", "Scores"} & set(heads(of_numbers))


def test_it_needs_nothing_else(page: str) -> None:
    """No script, no link, no address but those that name XML's languages; and names within it are there once."""
    assert not re.findall(r"<(?:script|link|img|iframe|object)\b", page)
    assert set(re.findall(r"https?://[^\"' )]*", page)) == {
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/2000/svg",
    }
    defined = re.findall(r' id="([^"]*)"', page)
    assert len(set(defined)) == len(defined)
    assert set(re.findall(r'(?:href="#|url\(#)([^")]*)', page)) <= set(defined)
    assert len(page) < 150_000


def test_equal_judgements_give_equal_bytes(page: str) -> None:
    """Also when one of them was written down and read again."""
    assert validation.page(Judgement.from_json(judged.binary().to_json())) == page


def test_what_passed_says_how_good_it_is_and_next_to_what() -> None:
    """The gates, the main metric with its interval, the rows, and the champion."""
    told = verdict(judged.binary())
    assert re.fullmatch(
        r"Passed all 4 gates\. F1 is 0\.9\d\d \(0\.\d{3} to 0\.\d{3}\) on 1,200 held-out rows, "
        r"0\.012 above the champion's\.",
        told,
    )
    assert what_it_means(judged.binary()).endswith("this bundle may be promoted.")


def test_what_failed_names_the_gate_and_what_failed_beside_it() -> None:
    """A fault beside the gates comes first; what remains is an override."""
    given = judged.many()
    assert verdict(given).startswith(
        "Failed: the bundle answers worse than its clone: right alone in 40 rows, wrong alone in 96; "
        "and 1 of 2 gates, f1 >= 0.9: f1 0.8"
    )
    assert "only by an override" in what_it_means(given)
    assert verdict(judged.tiny()).startswith("Failed: its only gate, precision >= 0.9: precision has no value")


def test_without_gates_it_is_no_praise(of_numbers: str) -> None:
    """It says so in the verdict, by another look, and in the section."""
    given = judged.regression()
    assert verdict(given).startswith("Judged, without gates. Root mean squared error is 4")
    assert "#009E73" not in of_numbers.partition("</div></div>")[0]
    assert "asks for nothing" in of_numbers


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        (Estimate(0.02, -0.01, 0.05), ", and not to be told from the champion's."),
        (Estimate(-0.02, -0.03, -0.01), ", 0.02 below the champion's."),
        (Estimate(0.02), ", and not to be told from the champion's."),
    ],
)
def test_a_difference_that_may_be_chance_is_called_so(difference: Estimate, told: str) -> None:
    """Above or below is only said where the whole interval is, and the test says so, too."""
    champion = Compared("ab" * 32, "refitted", differences={"f1": difference}, p=0.001)
    assert verdict(judged.binary(champion=champion)).endswith(told)
    chance = dataclasses.replace(champion, p=0.2)
    assert verdict(judged.binary(champion=chance)).endswith(", and not to be told from the champion's.")


def test_gates_show_what_was_asked_for_and_what_was_found(page: str) -> None:
    """Each with its words; a mark and a line where it is one comparison, and neither where it is more."""
    rows = [row for row in lanes_of(page, "Gates") if "passed" in row]
    assert len(rows) == 4
    assert "f1 &gt;= 0.9" in rows[0] and re.search(r"f1 0\.9\d\d &gt;= 0\.9 ", rows[0])
    drawn = re.findall(r"<tr>.*?</tr>", page.partition("<h2>Gates</h2>")[2].partition("<h2>")[0])[1:]
    assert ["stroke-dasharray" in each for each in drawn] == [True, True, True, False]


def test_the_line_of_a_gate_is_what_is_asked_for_on_either_side() -> None:
    """`0.9 <= f1` is drawn as `f1 >= 0.9` is."""
    one = Gate("f1 >= 0.9", True, "", 0.95, ">=", 0.9, Estimate(0.95, 0.93, 0.97))
    other = Gate("f1 >= 0.9", True, "", 0.9, "<=", 0.95, Estimate(0.95, 0.93, 0.97))
    assert validation.page(judged.many(2, 50, gates=(one,))) == validation.page(judged.many(2, 50, gates=(other,)))


def test_metrics_have_intervals_and_the_champions_beside_them(page: str) -> None:
    """The main one is marked; what does not exist is no number."""
    rows = lanes_of(page, "Metrics")
    [f1] = [row for row in rows if "F1" in row]
    assert re.search(r"the main metric +0\.9\d\d +0\.\d{3} to 0\.\d{3} +0\.9\d\d", f1)
    nothing = lanes_of(validation.page(judged.tiny()), "Metrics")
    assert [re.sub(" +", " ", row).strip() for row in nothing if "precision" in row] == ["precision – –"]


def test_differences_are_good_bad_or_neither(page: str) -> None:
    """Only of the main metric, since of ten one is by chance; of a loss, less is better."""
    told = {row.split()[0]: row for row in lanes_of(page, "Next to the champion")}
    assert " the main metric: better " in told["F1"]
    assert not any(word in told[name] for name in ("log", "precision", "Brier") for word in ("better", "apart"))
    compared = Compared("ab" * 32, "refitted", differences={"log_loss": Estimate(0.1, 0.05, 0.2)}, p=0.002)
    worse = judged.many(2, 50, champion=compared, metric="log_loss")
    assert " worse " in lanes_of(validation.page(worse), "Next to the champion")[-1]


def test_a_champion_that_was_not_compared_is_said_to_be() -> None:
    """With the reason, and no numbers."""
    given = judged.many(2, 50, champion=Compared("ab" * 32, "not compared", "it has other inputs"))
    told = validation.page(given).partition("<h2>Next to the champion</h2>")[2].partition("<h2>")[0]
    assert "could not be compared. it has other inputs" in told
    assert "<table" not in told


@pytest.mark.parametrize("classes", [2, 5, 20])
def test_the_matrix_has_every_count_and_share(classes: int) -> None:
    """A row for each class, whose counts are those of the judgement, and the precision of each prediction."""
    given = judged.many(classes, 600)
    assert given.confusion is not None
    tree = ElementTree.fromstring(validation.page(given))
    [table] = [each for each in tree.iter(f"{XHTML}table") if "matrix" in each.get("class", "")]
    rows = [[text_of(cell) for cell in row] for row in table]
    assert rows[0] == ["", *given.confusion.classes, "rows"]
    assert [row[0] for row in rows[1:-1]] == list(given.confusion.classes)
    counts = [[cell.text for cell in list(row)[1:-1]] for row in list(table)[1:-1]]
    assert counts == [[f"{count:,}" for count in row] for row in given.confusion.counts]
    assert rows[-1][0] == "precision" and rows[-1][-1] == "600"


def test_of_many_classes_the_mistakes_are_told() -> None:
    """The most frequent first; a matrix that nobody could read is left out."""
    page = validation.page(judged.many(30, 2_000))
    assert "matrix" not in page.partition("</style>")[2]
    counts = [int(each) for each in re.findall(r'<td class="number">(\d+)</td>', page)]
    assert len(counts) == 12 and counts == sorted(counts, reverse=True)


def test_slices_are_worst_first_and_small_ones_last(page: str, of_numbers: str) -> None:
    """One that is worse is said to be, with what was compared, and how likely that is by chance."""
    rows = [row for row in lanes_of(page, "Slices") if ": " in row]
    worse = "wrong more often than other rows of the same class: 31 % against 11 % (p &lt; 0.001)"
    assert "post.example.com" in rows[0] and worse in rows[0]
    assert sum(worse in row for row in rows) == 1
    assert "Orange is not the same as low" in page and "Orange is not" not in of_numbers
    assert "newsletters.example" in rows[-1] and "few rows" in rows[-1]
    values = [float(re.findall(r" (0\.\d{3}) ", row)[0]) for row in rows[:-1]]
    assert values == sorted(values)
    rooms = [row for row in lanes_of(of_numbers, "Slices") if "rooms" in row]
    assert [re.findall(r"rooms: (\w+)", row)[0] for row in rooms] == ["5", "4", "missing", "3", "2"]


def test_means_over_classes_say_so() -> None:
    """Wherever they are read, where no class is named; measures of all rows, and those of a named class, do not."""
    given = judged.binary()
    means = dataclasses.replace(given, positive=None, settings={"metric": None, "positive": None})
    page, card = validation.page(means), validation.card(means, "pictures")
    for text in (page, card.text):
        assert "F1 (mean of both classes) is 0." in text
        assert "precision (mean of both classes)" in text and "accuracy (mean" not in text
        assert "area under ROC (mean" not in text and "Mean of classes" in text
        assert "metric f1, positive none" in text
    assert "F1 (mean of both classes)" in "".join(lanes_of(page, "Next to the champion"))
    assert "By F1 (mean of both classes), the worst first" in page
    assert "how far F1 (mean of both classes) goes with it" in page
    assert "precision (mean of both classes)" in card.pictures["metrics.svg"]
    assert "(mean of" not in validation.page(given) and "Mean of classes" not in validation.page(given)
    assert "F1 (mean of all classes)" in validation.page(judged.many(3, 50))


def test_many_slices_are_folded() -> None:
    """Twenty are open, all are there, on one axis."""
    many = tuple(Slice("place", str(each), 40, {"f1": Estimate(each / 100)}) for each in range(45))
    page = validation.page(judged.many(2, 50, slices=many))
    assert page.partition("<details>")[0].count("place: ") == 20
    assert "<summary>25 more</summary>" in page and page.count("place: ") == 45
    # Of those that say little, none is open beside others; alone some are.
    small = tuple(dataclasses.replace(each, is_small=place > 2) for place, each in enumerate(many))
    assert "<summary>42 more</summary>" in validation.page(judged.many(2, 50, slices=small))
    assert "<summary>22 more</summary>" in validation.page(judged.many(2, 50, slices=small[3:]))


def test_shifts_are_told_as_what_they_are(page: str) -> None:
    """The greatest harm first; what was refused or could not be measured says so."""
    rows = lanes_of(page, "Robustness")[1:]
    assert "sender was never seen" in rows[0] and "−0.050" in rows[0]
    assert any("120 rows refused" in row for row in rows)
    assert "not measured: all rows are refused" in rows[-1]


def test_how_it_was_judged_is_told_of_every_split(page: str, of_numbers: str) -> None:
    """By share, time, group and file; duplicates and rows without answers are counted."""
    assert "20 % of the rows, drawn by chance, of each class alike" in page
    assert "3 held-out rows have the inputs of a row of the training part" in page
    by_time = validation.page(judged.many(2, 50))
    assert "the last 20 % of the rows by date, all since 2026-06-01" in by_time
    assert "17 without an answer are in neither" in by_time
    assert "no value of which is on both sides, 61 of 305 groups" in of_numbers
    assert "the rows of data/test.csv" in validation.page(judged.tiny())


def test_where_the_bundle_was_judged_nothing_is_said_of_clones() -> None:
    """But why there was none is."""
    given = judged.many(2, 50, judged="bundle", why="the step Lambda cannot be fitted anew", agreement=None)
    page = validation.page(given)
    assert "the bundle itself: the step Lambda cannot be fitted anew" in page
    assert not {"Clone", "Bundle and clone"} & {term for term, _ in terms(given)}
    assert "Judged was the bundle itself" in page


def test_the_stages_and_their_digests_are_named(page: str) -> None:
    """Files with the beginnings of their digests, parameters, and the whole digest of the bundle."""
    told = page.partition("<h2>Where it comes from</h2>")[2]
    assert "02-features" in told and "buckets 1024" in told
    assert f"features.parquet {'cd' * 6}…" in told
    assert judged.DIGEST in told


def hostile() -> Judgement:
    """With foreign text wherever there can be any."""
    given = judged.binary()
    assert given.thresholds and given.calibration and given.cost and given.confusion and given.champion
    return dataclasses.replace(
        given,
        name=HOSTILE[0],
        target=HOSTILE[1],
        positive=HOSTILE[2],
        why=HOSTILE[3],
        bundle=HOSTILE[4],
        classes=HOSTILE[:2],
        metrics={**given.metrics, HOSTILE[0]: Estimate(0.5, 0.4, 0.6), HOSTILE[1]: Estimate(math.nan)},
        slices=tuple(Slice(each, each, 50, {"f1": Estimate(0.5, 0.4, 0.6)}) for each in HOSTILE),
        robustness=tuple(
            dataclasses.replace(each, kind=name, column=name, strength=name, why=name)
            for each, name in zip(given.robustness, HOSTILE, strict=False)
        ),
        confusion=dataclasses.replace(given.confusion, classes=HOSTILE[:2]),
        thresholds=dataclasses.replace(given.thresholds, positive=HOSTILE[0]),
        calibration=dataclasses.replace(given.calibration, of=HOSTILE[0]),
        cost=dataclasses.replace(given.cost, machine=HOSTILE[0], uncounted=HOSTILE[1]),
        champion=dataclasses.replace(given.champion, digest=HOSTILE[0], why=HOSTILE[1]),
        split=dataclasses.replace(given.split, how="group", column=HOSTILE[0], classes={HOSTILE[0]: (1, 2)}),
        gates=tuple(Gate(each, False, each) for each in HOSTILE),
        passed=False,
        failures=HOSTILE,
        notes=HOSTILE,
        settings={HOSTILE[0]: HOSTILE[1]},
        environment={HOSTILE[1]: {HOSTILE[0]: HOSTILE[2]}},
        lineage={"stages": [{"stage": HOSTILE[0], "params": {HOSTILE[1]: 1}, "inputs": {HOSTILE[0]: HOSTILE[3]}}]},
        at=HOSTILE[0],
    )


def test_foreign_text_is_text() -> None:
    """Whatever names, classes, columns, notes and settings hold, the page is XML, and they come out as they are."""
    page = validation.page(hostile())
    shown = text_of(ElementTree.fromstring(page))
    for name in (*HOSTILE[:4], "two·lines·"):
        assert shown.count(name) >= 3
    assert "<script>" not in page


def test_a_judgement_of_nothing_is_drawn() -> None:
    """Of the fewest fields that there can be, without any value."""
    given = judged.regression(
        metrics={}, bundle_metrics={}, slices=(), regression=None, cost=None, robustness=(), agreement=None, lineage={}
    )
    assert "Its main metric rmse has no value on 900 held-out rows." in verdict(given)
    assert "How to read this" in heads(validation.page(given))


def test_a_thousand_classes_slices_and_files_are_a_page_that_can_be_read() -> None:
    """What is too much to be looked at is folded, or told as so many more."""
    outputs = {f"plots/{place}.png": "ab" * 32 for place in range(1_000)}
    given = judged.many(1_000, 5_000)
    shifts = judged.binary().robustness * 30
    page = validation.page(
        dataclasses.replace(
            given,
            lineage={"stages": [{"stage": "plot", "inputs": {}, "outputs": outputs}]},
            split=dataclasses.replace(given.split, classes=dict.fromkeys(given.classes, (4, 1))),
            robustness=shifts,
        )
    )
    assert "and 988 more" in page and f"<summary>{len(shifts) - 20} more</summary>" in page
    assert len(page) < 600_000
    assert (
        "And 960 more classes."
        in validation.card(
            dataclasses.replace(
                given, split=dataclasses.replace(given.split, classes=dict.fromkeys(given.classes, (4, 1)))
            ),
            "files",
        ).text
    )
