"""Reads are matched with the project's files and with what other stages write."""

from __future__ import annotations

import re
from typing import Any

import pytest

from noteship.notebooks import linking, placement
from noteship.notebooks.raw import Anchor, Hole, PathText, RawAnalysis, RawUse

Stages = dict[str, str]


def _use(text: str, order: int) -> RawUse:
    """`r` or `w`, marks, a blank, a path with {holes} and stars.

    The marks: `?` maybe, `/` folder, `!` doubtful, `1` a choice, `0` only where the file is missing.
    """
    marks, _, path = text.partition(" ")
    anchor: Anchor = "relative"
    if path.startswith("/") or re.match(r"[A-Z]:/", path):
        anchor = "absolute"
    elif path.startswith("~/"):
        anchor, path = "home", path[2:]
    parts: list[Any] = []
    for piece in re.split(r"(\{\w*\}|\*\*|\*)", path):
        if piece.startswith("{"):
            parts.append(Hole(piece))
        elif piece.startswith("*"):
            parts.append(Hole(piece, "deep" if piece == "**" else "segment"))
        elif piece:
            parts.append(piece)
    return RawUse(
        PathText(tuple(parts), anchor), "read" if marks[0] == "r" else "write", 1, order, "call", "literal",
        maybe="?" in marks, order=order, folder="/" in marks, choice=int("1" in marks), doubtful="!" in marks,
        guarded="0" in marks,
    )  # fmt: skip


def _link(stages: Stages, files: str = "", root: str = "proj", cwd: str = "") -> dict[str, linking.Linked]:
    uses = [
        placement.StageUses(name, cwd, RawAnalysis(tuple(_use(u.strip(), n) for n, u in enumerate(text.split(";")))))
        for name, text in stages.items()
    ]
    return linking.link(uses, frozenset(files.split()), root)


def _reads(linked: linking.Linked) -> str:
    return " ".join(sorted({use.path for use in linked.uses if use.action == "read" and not use.own}))


def _writes(linked: linking.Linked) -> str:
    return " ".join(sorted({use.path for use in linked.uses if use.action == "write"}))


READS = [
    # literal
    ({"a": "r data/x.csv"}, "", "data/x.csv"),
    ({"a": "r ./data//x.csv"}, "", "data/x.csv"),
    ({"a": "r nb/../data/x.csv"}, "", "data/x.csv"),
    ({"a": "w x.csv; r x.csv"}, "", ""),
    ({"a": "r x.csv; w x.csv"}, "x.csv", "x.csv"),
    ({"a": "r? x.pkl; w? x.pkl"}, "", ""),
    ({"a": "r? x.pkl; w? x.pkl"}, "x.pkl", "x.pkl"),
    ({"a": "w m/{i}.csv; r m/one.csv"}, "", ""),
    ({"a": "w m/{i}.csv; r m/one.csv", "b": "w m/one.csv"}, "", "m/one.csv"),
    ({"a": "w/ out; r out/x.csv"}, "", ""),
    # wildcards that the author wrote
    ({"a": "r data/*.csv"}, "data/1.csv data/2.csv data/3.txt data/sub/4.csv", "data/1.csv data/2.csv"),
    ({"a": "r data/**/*.csv"}, "data/1.csv data/sub/4.csv other/5.csv", "data/1.csv data/sub/4.csv"),
    ({"a": "r data/*.csv", "b": "w data/new.csv"}, "data/1.csv", "data/1.csv data/new.csv"),
    ({"a": "r parts/*.csv", "b": "w parts/{i}.csv"}, "", "parts/*.csv"),
    ({"a": "r data/*.csv; w data/all.csv"}, "data/1.csv data/all.csv", "data/1.csv"),
    ({"a": "r **/*.csv", "b": "w parts/{i}.csv", "c": "w parts/{i}.txt"}, "", "parts/*.csv"),
    ({"a": "r **/parts/*.csv", "b": "w parts/{i}.csv", "c": "w all/parts/{i}.csv"}, "", "all/parts/*.csv parts/*.csv"),
    ({"a": "r */*.csv", "b": "w parts/{i}.csv", "c": "w {i}.csv", "d": "w a/b/{i}.csv"}, "", "parts/*.csv"),
    ({"a": "r {x}/*.csv", "b": "w parts/{i}.csv"}, "", ""),
    ({"a": "r data/*.csv; w mid.csv", "b": "r mid.csv; w data/end.csv"}, "data/1.csv", "data/1.csv"),
    ({"a": "r parts/*.pq", "b": "w/ parts"}, "", "parts"),
    ({"a": "w out/{i}.csv; r out/*.csv"}, "", ""),
    # holes
    ({"a": "r data/fold_{i}.csv"}, "data/fold_1.csv data/fold_2.csv data/x.csv", "data/fold_1.csv data/fold_2.csv"),
    ({"a": "r data/{name}.csv"}, "data/1.csv", ""),
    ({"a": "r {name}"}, "data/1.csv", ""),
    ({"a": "r m/{n}_model.pkl", "b": "w m/{k}_model.pkl"}, "", "m/*_model.pkl"),
    ({"a": "r m/{n}.pkl", "b": "w m/{k}.pkl"}, "", "m/*.pkl"),
    ({"a": "r runs/{id}/model.pkl", "b": "w runs/{id}/model.pkl"}, "", "runs/*/model.pkl"),
    ({"a": "r {dir}/train.csv"}, "data/train.csv", "data/train.csv"),
    ({"a": "r {dir}/train.csv"}, "one/train.csv two/train.csv", ""),
    ({"a": "r {dir}/clean.csv", "b": "w {dir}/clean.csv"}, "", "*/clean.csv"),
    # other machines
    ({"a": "r /home/me/work/data/x.csv"}, "data/x.csv", "data/x.csv"),
    ({"a": "r C:/Users/me/p/x.csv"}, "data/x.csv", "data/x.csv"),
    ({"a": "r /home/me/p/one/x.csv"}, "one/x.csv two/x.csv", "one/x.csv"),
    ({"a": "r /home/me/p/x.csv"}, "one/x.csv two/x.csv", ""),
    ({"a": "r /home/me/p/data/new.csv", "b": "w data/new.csv"}, "", "data/new.csv"),
    ({"a": "r /home/me/elsewhere.csv"}, "data/x.csv", ""),
    ({"a": "r ~/proj/data/x.csv"}, "data/x.csv", "data/x.csv"),
    ({"a": "r /kaggle/input/comp/train.csv"}, "input/comp/train.csv", "input/comp/train.csv"),
    ({"a": "r /kaggle/working/x.csv"}, "", "x.csv"),
    ({"a": "r /content/clone/data/x.csv"}, "data/x.csv", "data/x.csv"),
    ({"a": "r /content/data/x.csv; r /content/data/new.csv"}, "data/x.csv", "data/new.csv data/x.csv"),
    ({"a": "r ../input/outputs-of-b/x.csv", "b": "w x.csv"}, "", "x.csv"),
    ({"a": "r ../input/train.csv"}, "input/train.csv", "input/train.csv"),
    ({"a": "r ../x/train.csv"}, "input/train.csv", ""),
    ({"a": "r /h/me/p/data/*.csv; r /h/me/p/data/a/x.csv"}, "data/1.csv data/a/x.csv", "data/1.csv data/a/x.csv"),
    ({"a": "r /content/drive/MyDrive/p/c.csv", "b": "w /content/drive/MyDrive/p/c.csv"}, "", "c.csv"),
    # above the project's root
    ({"a": "r ../d/x.csv", "b": "w ../d/x.csv"}, "", "d/x.csv"),
    ({"a": "r ../d/*.csv; r ../d/raw.txt", "b": "w ../d/x.csv"}, "", "d/x.csv"),
    ({"a": "r/ ../d", "b": "w ../d/x.csv"}, "", "d"),
    ({"a": "r ../d/x.csv", "b": "w ../d/y.csv"}, "", ""),
    ({"a": "r ../d/x.csv", "b": "w ../../d/x.csv"}, "", ""),
    ({"a": "w ../d/x.csv; r ../d/x.csv"}, "", ""),
    # wildcards elsewhere
    ({"a": "r /kaggle/input/**/x1.csv"}, "data/x1.csv data/y.csv", "data/x1.csv"),
    ({"a": "r /kaggle/input/**/*.csv"}, "data/x1.csv", ""),
    ({"a": "r /kaggle/input/nets/net*.pt", "b": "w out/net0.pt; w out/net1.pt"}, "", "out/net0.pt out/net1.pt"),
    ({"a": "r /kaggle/input/nets/net*.pt", "b": "w out/net{k}.pt"}, "", "out/net*.pt"),
    ({"a": "r /kaggle/input/nets/net*.pt", "b": "w one/net0.pt", "c": "w two/net1.pt"}, "", ""),
    ({"a": "r /kaggle/input/two/net*.pt", "b": "w one/net0.pt", "c": "w two/net1.pt"}, "", "two/net1.pt"),
    ({"a": "r /kaggle/input/**/net.pt", "b": "w one/net.pt", "c": "w two/a/net.pt"}, "", "one/net.pt two/a/net.pt"),
    ({"a": "r /kaggle/input/*/net.pt", "b": "w runs/one/net.pt", "c": "w net.pt"}, "", "net.pt runs/one/net.pt"),
    (
        {"a": "r /kaggle/input/*/net.pt", "b": "w runs/one/net.pt", "c": "w runs/two/net.pt"},
        "",
        "runs/one/net.pt runs/two/net.pt",
    ),
    ({"a": "r /kaggle/input/{x}/net.pt", "b": "w runs/one/net.pt"}, "", ""),
    ({"a": "r /kaggle/working/o/*.csv; w y1.csv", "b": "w /kaggle/working/o/x1.csv"}, "", "o/x1.csv"),
    # what is made only where it is missing
    ({"a": "w0? x.pkl; r x.pkl", "b": "w x.pkl"}, "", "x.pkl"),
    ({"a": "w0? x.pkl; r x.pkl", "b": "w0? x.pkl; r x.pkl"}, "", ""),
    ({"a": "w0? x.pkl; r x.pkl; w y.csv", "b": "r y.csv; w x.pkl"}, "", ""),
    # a folder that holds but the stage's own
    ({"a": "w out/x.csv; r/ out"}, "", ""),
    ({"a": "w out/x.csv; r/ out"}, "out/y.csv", "out"),
    ({"a": "w out/x.csv; r/ out", "b": "w out/y.csv"}, "", "out"),
    ({"a": "w out/x1.csv; r out/*.csv"}, "", ""),
    # alternatives of one call, and what may be no file
    ({"a": "r1 one.csv; r1 two.csv"}, "one.csv", "one.csv"),
    ({"a": "r1 one.csv; r1 two.csv"}, "", "one.csv two.csv"),
    ({"a": "r! org/name"}, "", ""),
    ({"a": "r! model.bin", "b": "w model.bin"}, "", "model.bin"),
    ({"a": "r %store/x"}, "", "%store/x"),
]


@pytest.mark.parametrize(("stages", "files", "expected"), READS)
def test_reads_are_matched(stages: Stages, files: str, expected: str) -> None:
    """What stage `a` reads from others or from the project, by its path in the project."""
    assert _reads(_link(stages, files)["a"]) == expected


WRITES = [
    ({"a": "w out/x.csv"}, "", "out/x.csv"),
    ({"a": "w plots/{n}.png"}, "", "plots/*.png"),
    ({"a": "w data/{n}.csv", "b": "r data/raw.csv"}, "data/raw.csv", ""),
    ({"a": "w models/{n}.pkl", "b": "r models/rf.pkl"}, "", "models/*.pkl"),
    ({"a": "w m/{n}.pkl", "b": "r m/rf.pkl; r m/xgb.pkl", "c": "w m/xgb.pkl"}, "", "m/rf.pkl"),
    ({"a": "w {dir}/model.pkl", "b": "r models/model.pkl"}, "", "models/model.pkl"),
    ({"a": "w {dir}/model.pkl"}, "", ""),
    ({"a": "r /h/me/p/data/x.csv; w /h/me/p/out/y.csv"}, "data/x.csv", "out/y.csv"),
    ({"a": "w /h/me/proj/out/y.csv"}, "", "out/y.csv"),
    ({"a": "w /h/me/p/data/y.csv"}, "data/x.csv", "data/y.csv"),
    ({"a": "w /tmp/y.csv"}, "data/x.csv", ""),
    ({"a": "w /kaggle/working/big/s.json", "b": "w measured/s.json"}, "", "big/s.json"),
    ({"a": "w /kaggle/working/big/s.json"}, "old/big/s.json", "old/big/s.json"),
    ({"a": "w ../d/x.csv", "b": "r ../d/x.csv"}, "", "d/x.csv"),
    ({"a": "w ../d/x.csv"}, "", ""),
    ({"a": "w0? x.pkl; r x.pkl", "b": "w x.pkl"}, "", ""),
    ({"a": "w0? x.pkl; r x.pkl"}, "", "x.pkl"),
    ({"a": "r i; w x; r x", "b": "w x", "c": "r x; w i"}, "", ""),
    ({"a": "w x; r x", "b": "w x", "c": "r x; w i"}, "", "x"),
    ({"a": "w! checkpoint"}, "", ""),
    ({"a": "w! model.h5"}, "", "model.h5"),
    ({"a": "w! checkpoint", "b": "r checkpoint"}, "", "checkpoint"),
]


@pytest.mark.parametrize(("stages", "files", "expected"), WRITES)
def test_writes_are_placed(stages: Stages, files: str, expected: str) -> None:
    """What stage `a` writes, by its path in the project; patterns only where they claim nothing of others."""
    assert _writes(_link(stages, files)["a"]) == expected


@pytest.mark.parametrize(
    ("text", "files", "external", "unknown"),
    [
        ("r /data/elsewhere.csv", "", 1, 0),
        ("r ../other/x.csv", "", 1, 0),
        ("r ~/x.csv", "", 1, 0),
        ("w /tmp/x.csv", "", 1, 0),
        ("r {x}", "", 0, 1),
        ("r data/{x}.csv", "data/1.csv", 0, 1),
        ("r /h/x.csv", "one/x.csv two/x.csv", 0, 1),
        ("r data/*.csv", "", 0, 1),
        ("w {x}/y.csv", "", 0, 1),
    ],
)
def test_nothing_is_dropped(text: str, files: str, external: int, unknown: int) -> None:
    """What has no place in the project is external, what cannot be known is unknown."""
    linked = _link({"a": text}, files)["a"]
    assert (len(linked.external), len(linked.unknown)) == (external, unknown)


def test_large_wildcards_are_their_folder() -> None:
    """A wildcard over very many files is listed as the folder."""
    files = " ".join(f"images/{number}.png" for number in range(1000))
    assert _reads(_link({"a": "r images/*.png"}, files)["a"]) == "images"


def test_wildcards_make_no_circle() -> None:
    """Of two stages that could feed each other through wildcards, the earlier name feeds the later."""
    linked = _link({"a": "r d/*.csv; w d/a.csv", "b": "r d/*.csv; w d/b.csv"}, "d/0.csv")
    assert _reads(linked["a"]) == "d/0.csv"
    assert _reads(linked["b"]) == "d/0.csv d/a.csv"


def test_guesses_are_maybe() -> None:
    """A use that rests on a tail with an unknown folder says so."""
    (use,) = _link({"a": "r {dir}/train.csv"}, "data/train.csv")["a"].uses
    assert use.maybe
    assert "train.csv" in use.how


def test_loops_do_not_repeat() -> None:
    """The same line's use of the same file is listed once."""
    use = _use("r x.csv", 1)
    linked = linking.link([placement.StageUses("a", "", RawAnalysis((use, use)))], frozenset(), "proj")["a"]
    assert len(linked.uses) == 1


def test_what_a_stage_runs_keeps_its_writes() -> None:
    """A stage that is run within another stays the one writer of its files; the other's later reads are its own."""
    clean = RawAnalysis((_use("r raw.csv", 1), _use("w clean.csv", 2)))
    outer = RawAnalysis((_use("r raw.csv", 1), _use("w clean.csv", 2), _use("r clean.csv", 3), _use("w end.csv", 4)))
    stages = [placement.StageUses("all", "", outer, ("clean",)), placement.StageUses("clean", "", clean)]
    linked = linking.link(stages, frozenset(), "proj")
    assert (_reads(linked["all"]), _writes(linked["all"])) == ("raw.csv", "end.csv")
    assert _writes(linked["clean"]) == "clean.csv"
