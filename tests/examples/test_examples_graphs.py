"""The graph that is found in each example."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_austen_has_two_choices(project: Callable[[str], Path], noteship: Callable[..., dict[str, Any]]) -> None:
    """In austen, two feature notebooks and two training notebooks are alternatives, and nothing is unknown."""
    graph = noteship("graph", "--project", project("austen"))
    documents, features, model = "data/documents.parquet", "data/features.parquet", "model.sav"
    assert {tuple(edge) for edge in graph["edges"]} == {
        ("01-generate", "02-explore", documents),
        ("01-generate", "03a-features-tfidf", documents),
        ("01-generate", "03b-features-summaries", documents),
        ("01-generate", "05-evaluate", documents),
        ("03a-features-tfidf", "04a-train-logistic", features),
        ("03a-features-tfidf", "04b-train-forest", features),
        ("03a-features-tfidf", "05-evaluate", features),
        ("03b-features-summaries", "04a-train-logistic", features),
        ("03b-features-summaries", "04b-train-forest", features),
        ("03b-features-summaries", "05-evaluate", features),
        ("04a-train-logistic", "05-evaluate", model),
        ("04b-train-forest", "05-evaluate", model),
    }
    assert not any(stage["unknown"] or stage["external"] for stage in graph["stages"])


def test_mail_is_six_notebooks(project: Callable[[str], Path], noteship: Callable[..., dict[str, Any]]) -> None:
    """In mail, the notebooks are the stages, and the script that makes mail up is none."""
    graph = noteship("graph", "--project", project("mail"))
    names = [stage["name"] for stage in graph["stages"]]
    assert names == ["01-collect", "02-clean", "03-features", "04-train", "05-evaluate", "06-watch"]
    assert {tuple(edge) for edge in graph["edges"]} == {
        ("01-collect", "02-clean", "data/messages.parquet"),
        ("02-clean", "03-features", "data/clean.parquet"),
        ("02-clean", "04-train", "data/clean.parquet"),
        ("02-clean", "05-evaluate", "data/clean.parquet"),
        ("03-features", "04-train", "data/features.parquet"),
        ("03-features", "05-evaluate", "data/features.parquet"),
        ("04-train", "05-evaluate", "model.sav"),
        ("02-clean", "06-watch", "data/clean.parquet"),
        ("03-features", "06-watch", "features.sav"),
        ("04-train", "06-watch", "model.sav"),
    }


def test_template_is_a_chain(project: Callable[[str], Path], noteship: Callable[..., dict[str, Any]]) -> None:
    """In the template, each notebook feeds the next."""
    graph = noteship("graph", "--project", project("template"))
    assert {tuple(edge) for edge in graph["edges"]} == {
        ("1-collect", "2-features", "data/machines.parquet"),
        ("2-features", "3-train", "data/features.parquet"),
        ("2-features", "4-evaluate", "data/features.parquet"),
        ("3-train", "4-evaluate", "model.joblib"),
    }
