"""The model card: sound Markdown whatever is foreign in it, and pictures that stand alone."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import markdown_it
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noteship.reporting import markdown, validation
from noteship.reporting.style import DAY
from noteship.reporting.words import shown
from reporting import judged
from reporting.test_reporting_validation import hostile

PARSER = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
# What Markdown or HTML could take for something else.
MARKS = st.text(st.sampled_from("ab1 .-+=#>*_`~|[]()<>!&;:\\/$\"'\n"), max_size=30)


def rendered(text: str) -> ElementTree.Element:
    """As HTML; whatever was taken for a tag would be one here."""
    return ElementTree.fromstring(f"<x>{PARSER.render(text)}</x>")


@pytest.fixture(scope="module")
def card() -> validation.Card:
    return validation.card(judged.binary(), "the card_files", "For *our* mailbox.\n\nNot for yours.\n")


def test_sections_are_those_of_model_cards(card: validation.Card) -> None:
    """In their order; what the analyses consist of is below them."""
    tree = rendered(card.text)
    assert [each.text for each in tree.iter("h2")] == [
        "Model details",
        "Intended use",
        "Factors",
        "Metrics",
        "Evaluation data",
        "Training data",
        "Quantitative analyses",
        "Caveats and recommendations",
    ]
    assert [each.text for each in tree.iter("h3")] == [
        "Gates",
        "Next to the champion",
        "Right and wrong answers",
        "Scores",
        "Slices, by F1",
        "Robustness",
        "Cost",
        "Bundle and clone",
    ]
    assert [each.text for each in tree.iter("h1")] == ["mail: model card"]


def test_every_picture_is_linked_and_there(card: validation.Card) -> None:
    """By a path that has no spaces, since Markdown ends a link there."""
    links = [each.get("src") for each in rendered(card.text).iter("img")]
    assert links == [f"the%20card_files/{name}" for name in (
        "metrics.svg", "champion.svg", "calibration.svg", "thresholds.svg", "roc.svg", "precision.svg", "slices.svg",
        "robustness.svg",
    )]  # fmt: skip
    assert {f"the%20card_files/{name}" for name in card.pictures} == set(links)


def test_pictures_stand_alone(card: validation.Card) -> None:
    """Each is an SVG file with a size, in real colours, on white, that fetches nothing."""
    for text in card.pictures.values():
        root = ElementTree.fromstring(text.encode())
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert int(root.get("width", "")) > 250 and int(root.get("height", "")) > 100
        assert root[0].get("fill") == DAY["paper"]
        assert "var(" not in text and not re.search(r"#0[1-7]0[2-8]0[3-9]", text)
        assert not re.findall(r"(?:href|src)=\"(?!#)", text)


def test_what_people_wrote_is_taken_as_it_is(card: validation.Card) -> None:
    """Without it, the card says that nobody has."""
    assert "## Intended use\n\nFor *our* mailbox.\n\nNot for yours.\n\n## Factors" in card.text
    assert "Nobody has written down yet" in validation.card(judged.many(2, 50), "files").text


def test_numbers_are_in_columns(card: validation.Card) -> None:
    """On the right; words, and what names a row, on the left."""
    assert re.search(
        r"\| metric \| value \| interval \| champion \|  \|\n\| :--- \| ---: \| ---: \| ---: \| :--- \|", card.text
    )
    assert re.search(r"\| ham \| \d+ \| \d+ \|", card.text)


def test_equal_arguments_give_equal_bytes(card: validation.Card) -> None:
    """The text and every picture."""
    assert validation.card(judged.binary(), "the card_files", "For *our* mailbox.\n\nNot for yours.\n") == card


def test_of_many_classes_the_mistakes_are_told_in_the_card() -> None:
    """A matrix of twenty columns would not be read."""
    text = validation.card(judged.many(20, 600), "files").text
    assert "### Most frequent mistakes" in text
    assert len(max(text.splitlines(), key=lambda line: line.count("|")).split("|")) < 12


def test_a_regression_has_its_own_pictures() -> None:
    """Predicted against true, and errors; no scores."""
    made = validation.card(judged.regression(), "files")
    assert list(made.pictures) == ["metrics.svg", "slices.svg", "robustness.svg", "predicted.svg", "errors.svg"]
    assert "### Scores" not in made.text and "| predicted | mean absolute error |" in made.text


def test_a_judgement_of_nothing_has_a_card() -> None:
    """Of the fewest fields that there can be."""
    made = validation.card(
        judged.regression(metrics={}, bundle_metrics={}, slices=(), regression=None, robustness=(), lineage={}), "files"
    )
    assert made.pictures == {} and "![" not in made.text


def test_foreign_text_makes_no_tags_and_no_links() -> None:
    """Whatever names, classes, columns, notes and settings hold."""
    made = validation.card(hostile(), "files")
    tree = rendered(made.text)
    assert {each.tag for each in tree.iter()} <= {
        "x", "h1", "h2", "h3", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "img", "a"
    }  # fmt: skip
    assert [each.get("href") for each in tree.iter("a")] == ["#quantitative-analyses"]
    told = "".join(tree.itertext())
    for name in ("<script>alert(1)</script>", "$x^2$ & \"'", "#010203 var(--ink)", '--> ]]> id="a"', "two·lines·"):
        assert told.count(name) >= 3
    for text in made.pictures.values():
        ElementTree.fromstring(text.encode())


@settings(max_examples=60, deadline=None)
@given(MARKS)
def test_any_text_is_a_paragraph_of_itself(text: str) -> None:
    """With no element in it, as it reads but for spaces at its ends."""
    tree = rendered(markdown.plain(text))
    assert [each.tag for each in tree.iter()] == (["x", "p"] if shown(text).strip() else ["x"])
    assert "".join(tree.itertext()).strip() == shown(text).strip()


@settings(max_examples=40, deadline=None)
@given(MARKS, MARKS)
def test_any_text_is_a_cell_of_itself(one: str, two: str) -> None:
    """A table keeps its columns."""
    tree = rendered(markdown.table(("a", "b"), [(one, two)]))
    assert ["".join(each.itertext()).strip() for each in tree.iter("td")] == [shown(one).strip(), shown(two).strip()]
