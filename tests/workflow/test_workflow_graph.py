"""The graph: edges, order, versions of files, faults."""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noteship import digests, workflow
from noteship.patterns import overlap
from noteship.workflow import Graph, Stage, errors
from noteship.workflow.write_index import WriteIndex


def stage(name: str, reads: str = "", writes: str = "", in_place: str = "", **more: object) -> Stage:
    code = digests.of_bytes(name.encode())
    fields = {"reads": tuple(reads.split()), "writes": tuple(writes.split()), "in_place": tuple(in_place.split())}
    return Stage(name, f"{name}.ipynb", code, **fields, **more)  # type: ignore[arg-type]


def edges(graph: Graph) -> set[tuple[str, str, str]]:
    return {(edge.producer, edge.consumer, edge.file) for edge in graph.edges}


def test_chain() -> None:
    """A stage comes after the one that writes what it reads, and names break ties."""
    graph = Graph.of([stage("c", "y", "z"), stage("b", "x", "y"), stage("a", "", "x"), stage("aa")], [])
    assert edges(graph) == {("a", "b", "x"), ("b", "c", "y")}
    assert graph.order == ("a", "aa", "b", "c")
    graph.check()


@pytest.mark.parametrize(
    ("write", "read", "linked"),
    [
        ("data/x.csv", "data/x.csv", True),
        ("data", "data/x.csv", True),
        ("data/x.csv", "data", True),
        ("data/x.csv", "dat", False),
        ("plots/*.png", "plots/a.png", True),
        ("plots/*.png", "plots/a.csv", False),
        ("plots/*.png", "plots", True),
        ("plots/*.png", "plots/b/a.png", False),
        ("out_*", "out_a/x.csv", True),
        ("out/model_*.pkl", "out/*_final.pkl", True),
        ("out/model_*.pkl", "out/data_*.pkl", False),
        ("out/**/x.csv", "out/a/b/x.csv", True),
        ("out/**/x.csv", "out/y.csv", False),
        ("data/x.csv", "*/x.csv", True),
        ("x.csv", "*.csv", True),
        ("*.csv", "x.csv", True),
        ("x.csv", ".", False),
        ("data [1].csv", "data [1].csv", True),
    ],
)
def test_matching(write: str, read: str, linked: bool) -> None:
    """A read means the same file, a folder around or below it, or a pattern."""
    graph = Graph.of(
        [
            Stage("a", "a.py", digests.of_bytes(b""), writes=(write,)),
            Stage("b", "b.py", digests.of_bytes(b""), reads=(read,)),
        ],
        [],
    )
    assert bool(graph.edges) is linked


NAMES = st.text("ab*?", min_size=1, max_size=3)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@given(st.lists(PATHS, max_size=8), PATHS)
def test_index_agrees(writes: list[str], read: str) -> None:
    """The index finds exactly what comparing with every write finds."""
    expected = (read,) if read in writes and "*" not in read and "?" not in read else None
    every = tuple(sorted({write for write in writes if write == read or overlap(write, read)}))
    assert WriteIndex(writes).matches(read) == (expected or every)


@given(PATHS, PATHS)
def test_overlap_is_symmetric(one: str, other: str) -> None:
    """Which of two paths is the write does not matter."""
    assert overlap(one, other) == overlap(other, one)
    assert overlap(one, one)


def test_exact_write_wins() -> None:
    """Where one stage writes just that file, another's pattern does not count."""
    graph = Graph.of([stage("a", "", "out/*.csv"), stage("b", "", "out/x.csv"), stage("c", "out/x.csv")], [])
    assert edges(graph) == {("b", "c", "out/x.csv")}


def test_alternatives() -> None:
    """Two writers of a file that another stage reads are alternatives, and each has its edge."""
    stages = [
        stage("1", "", "raw"),
        stage("2a", "raw", "f s"),
        stage("2b", "raw", "f s"),
        stage("3a", "f", "m"),
        stage("3b", "f", "m"),
        stage("4", "m s"),
    ]
    graph = Graph.of(stages, [])
    assert [(each.files, each.stages) for each in graph.alternatives] == [
        (("f", "s"), ("2a", "2b")),
        (("m",), ("3a", "3b")),
    ]
    assert {("2a", "3b", "f"), ("2b", "3a", "f"), ("3a", "4", "m"), ("3b", "4", "m")} <= edges(graph)
    with pytest.raises(errors.UnchosenAlternatives, match="--with 2a --with 3a"):
        graph.check()


def test_choose() -> None:
    """After a choice the others are gone, with what only they need, and what reads the file stays."""
    stages = [
        stage("0", "", "words"),
        stage("2a", "", "f"),
        stage("2b", "words", "f extra"),
        stage("3", "f", "m"),
        stage("3b", "extra"),
    ]
    graph = workflow.choose(Graph.of(stages, ["extra"]), ["2a"])
    graph.check()
    assert graph.order == ("2a", "3")
    other = workflow.choose(Graph.of(stages, []), ["2b"])
    assert other.order == ("0", "2b", "3", "3b")


def test_choose_refuses() -> None:
    """A choice that is unknown, no choice at all, or two of one, is refused with what is near."""
    graph = Graph.of([stage("2a", "", "f"), stage("2b", "", "f"), stage("3", "f", "m")], [])
    with pytest.raises(errors.UnknownStage, match="nearest: 2b"):
        workflow.choose(graph, ["2bb"])
    with pytest.raises(errors.NotAnAlternative, match="2a"):
        workflow.choose(graph, ["3"])
    with pytest.raises(errors.TwoOfOneChoice):
        workflow.choose(graph, ["2a", "2b"])


def test_target_is_a_choice() -> None:
    """Naming one of the alternatives as the target needs no other choice."""
    graph = Graph.of([stage("2a", "", "f"), stage("2b", "", "f"), stage("3", "f", "m")], []).upto(["2b"])
    graph.check()
    assert graph.order == ("2b",)


def test_overwritten() -> None:
    """A file that two write and nobody reads is named, and is no fault."""
    graph = Graph.of([stage("a", "", "p.png"), stage("b", "", "p.png")], [])
    graph.check()
    assert [(each.files, each.stages) for each in graph.overwritten] == [(("p.png",), ("a", "b"))]


def test_what_comes_after_all_stages_reads_too() -> None:
    """Two models for one service are alternatives, though no stage reads them; a change in place leaves one maker."""
    stages = [stage("a", "", "m p.png"), stage("b", "", "m p.png"), stage("c", "d", "d")]
    graph = Graph.of(stages, ["d"], wanted=["m", "d"])
    assert [(each.files, each.stages) for each in graph.alternatives] == [(("m",), ("a", "b"))]
    with pytest.raises(errors.UnchosenAlternatives):
        graph.check()
    chosen = workflow.choose(graph, ["b"])
    chosen.check()
    assert chosen.order == ("b", "c") and not chosen.alternatives
    assert not graph.only(["a", "c"]).alternatives and graph.upto(["a", "b"]).alternatives


def test_one_of_those_that_overwrite_each_other_can_be_chosen() -> None:
    """It is no fault to run both, nor to choose one; those that the choice of others decides are not left out."""
    stages = [
        stage("1a", "", "f log"), stage("1b", "", "f"), stage("2", "f", "g"), stage("3", "g", "log"),
        stage("x", "", "p.png"), stage("y", "", "p.png"),
    ]  # fmt: skip
    chosen = workflow.choose(Graph.of(stages, []), ["1a", "y"])
    assert chosen.order == ("1a", "2", "3", "y")


def test_in_place() -> None:
    """Changes in place come after the writer, in the order of their names, and the readers after them."""
    stages = [
        stage("z-make", "", "t"),
        stage("b-fix", "t", "t", "t"),
        stage("a-fix", "t", "t", "t"),
        stage("reader", "t"),
    ]
    graph = Graph.of(stages, [])
    assert edges(graph) == {("z-make", "a-fix", "t"), ("a-fix", "b-fix", "t"), ("b-fix", "reader", "t")}
    graph.check()


def test_in_place_reader_between() -> None:
    """A reader that a change in place needs gets the version before that change."""
    stages = [stage("1", "", "t"), stage("2", "t", "stats"), stage("3", "t stats", "t", "t"), stage("4", "t")]
    graph = Graph.of(stages, [])
    graph.check()
    assert edges(graph) == {("1", "2", "t"), ("1", "3", "t"), ("2", "3", "stats"), ("3", "4", "t")}


def test_in_place_names_give_way() -> None:
    """Where the names would close a cycle, the other edges give the order of changes in place."""
    stages = [stage("1", "", "t"), stage("a", "t stats", "t", "t"), stage("b", "t", "t stats", "t")]
    graph = Graph.of(stages, [])
    graph.check()
    assert graph.order == ("1", "b", "a")


def test_in_place_raw() -> None:
    """A raw file changed in place is the project's own, and its readers come after the change."""
    graph = Graph.of([stage("fix", "raw", "raw", "raw"), stage("use", "raw")], ["raw"])
    graph.check()
    assert edges(graph) == {("fix", "use", "raw")}


def test_later_writer_replaces() -> None:
    """A writer that needs the other writer is no alternative: it comes later, and its version counts."""
    graph = Graph.of([stage("1", "", "t s"), stage("2", "s", "t"), stage("3", "t")], [])
    graph.check()
    assert edges(graph) == {("1", "2", "s"), ("2", "3", "t")}


def test_missing_input() -> None:
    """A read that nobody writes and that is not there is an error with the nearest path and its writer."""
    stages = [stage("03-features", "", "data/feature.parquet"), stage("04-train", "data/features.parquet")]
    with pytest.raises(errors.MissingInput) as caught:
        Graph.of(stages, []).check()
    assert "nearest: data/feature.parquet, written by 03-features" in str(caught.value)


def test_missing_inputs_are_told_at_once() -> None:
    """Several files that are not there make one error, which names each once, and what is near it."""
    stages = [stage("03-features", "", "data/feature.parquet"), stage("04-train", "data/features.parquet raw.csv")]
    with pytest.raises(errors.MissingInputs) as caught:
        Graph.of([*stages, stage("05-judge", "raw.csv")], []).check()
    parts = caught.value.parts()
    assert parts.fact == "2 files that stages read are not in the project, and no stage writes them"
    assert [line.partition(":")[0] for line in parts.where.splitlines()] == ["data/features.parquet", "raw.csv"]
    assert "nearest: data/feature.parquet, written by 03-features" in parts.where
    assert "and 1 more" in parts.where


def test_missing_prefers_same_name() -> None:
    """A file of the same name in another folder is the nearest."""
    graph = Graph.of([stage("a", "data/raw.csv")], ["input/2020/raw.csv", "data/rav.csv"])
    assert graph.missing[0].near == "input/2020/raw.csv"


def test_nothing_missing() -> None:
    """Folders of the project, patterns and a stage's own cache are not missing."""
    graph = Graph.of([stage("a", "data old/*.csv cache.pkl", "cache.pkl", "cache.pkl")], ["data/x.csv"])
    graph.check()


def test_cycle() -> None:
    """A cycle is told file by file."""
    with pytest.raises(errors.CyclicStages) as caught:
        Graph.of([stage("a", "y", "x"), stage("b", "x", "y"), stage("c", "y")], []).check()
    assert "a writes x, which b reads\n    b writes y, which a reads" in str(caught.value)


def test_learned() -> None:
    """What a run has shown becomes an edge, and what would close a cycle is left out and named."""
    stages = [stage("a", "", "x"), stage("b", "x", "y"), stage("c", "", "z")]
    graph = Graph.of(stages, ["raw"], {"c": ["y", "raw"], "a": ["y"], "gone": ["x"]})
    graph.check()
    assert ("b", "c", "y") in edges(graph)
    assert graph.left_out == (("a", "y"),)
    assert graph.reads("c") == ("raw", "y")
    assert [edge.file for edge in graph.edges if edge.learned] == ["y"]


@st.composite
def layered(draw: st.DrawFn) -> list[Stage]:
    size = draw(st.integers(1, 12))
    stages = []
    for i in range(size):
        reads = draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else set()
        stages.append(stage(f"{draw(st.integers(0, 9))}-{i}", " ".join(f"f{j}" for j in sorted(reads)), f"f{i}"))
    return stages


@given(layered(), st.randoms())
def test_order_respects_edges(stages: list[Stage], random: object) -> None:
    """Every producer comes before its consumers, whatever order the stages are given in."""
    graph = Graph.of(stages, [])
    random.shuffle(stages)  # type: ignore[attr-defined]
    assert Graph.of(stages, []) == graph
    rank = {name: i for i, name in enumerate(graph.order)}
    assert len(rank) == len(stages)
    assert all(rank[edge.producer] < rank[edge.consumer] for edge in graph.edges)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sets(st.sampled_from("uvwxyz")), st.sets(st.sampled_from("uvwxyz"))), max_size=6))
def test_any_graph(pairs: list[tuple[set[str], set[str]]]) -> None:
    """Any reads and writes give a graph with each stage once, and either an order or a cycle."""
    stages = [stage(str(i), " ".join(sorted(r)), " ".join(sorted(w))) for i, (r, w) in enumerate(pairs)]
    graph = Graph.of(stages, [])
    assert sorted(graph.order) == sorted(graph.stages)
    rank = {name: i for i, name in enumerate(graph.order)}
    assert graph.cycle or all(rank[edge.producer] < rank[edge.consumer] for edge in graph.edges)


def test_large_graph_is_quick() -> None:
    """A thousand stages with three thousand edges are linked in a few hundred calls each, not in thousands."""
    stages = [
        stage(
            f"s{i:04}",
            " ".join(f"data/{j:04}.csv" for j in (i - 1, i - 7, i - 50) if j >= 0),
            f"data/{i:04}.csv plots/{i:04}_*.png",
        )
        for i in range(1000)
    ]
    calls = Counter[str]()
    before = sys.getprofile()
    sys.setprofile(lambda _frame, event, _argument: calls.update([event]))
    try:
        graph = Graph.of(stages, [f"raw/{i}" for i in range(4000)])
    finally:
        sys.setprofile(before)
    assert len(graph.edges) > 2900
    assert calls["call"] + calls["c_call"] < 1_000_000  # it was 200,000; each stage with each other is millions


def test_combinations(project) -> None:
    """Every choice of one of each of the alternatives comes once, and what a choice leaves out is not chosen from."""
    project.put("raw", "r")
    project.add("fa", "raw", "features")
    project.add("fb", "raw", "features")
    project.add("ma", "features", "model")
    project.add("mb", "features", "model")
    project.add("end", "model", "score")
    graph = workflow.graph_of(project.stages.values(), project.files(), project.ledger)
    assert list(workflow.combinations(graph)) == [("fa", "ma"), ("fa", "mb"), ("fb", "ma"), ("fb", "mb")]
    assert list(workflow.combinations(graph, ("mb",))) == [("mb", "fa"), ("mb", "fb")]


def test_combinations_of_no_alternatives(project) -> None:
    """Where there is nothing to choose, there is one way."""
    project.put("raw", "r")
    project.add("1", "raw", "a")
    graph = workflow.graph_of(project.stages.values(), project.files(), project.ledger)
    assert list(workflow.combinations(graph)) == [()]
