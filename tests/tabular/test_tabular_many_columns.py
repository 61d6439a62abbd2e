"""Tables of many columns, headers that are none, and questions that are interrupted."""

from __future__ import annotations

import gzip
import signal
import time
from pathlib import Path

import pandas
import pytest

from noteship import tabular
from noteship.tabular import quoting, surveys
from noteship.tabular.surveys import Asked, columns, sample
from noteship.toml_lines import Source


def test_names_in_questions() -> None:
    """Whatever may be a name of a question is found; what stands in a text is not."""
    assert quoting.names('sum(A), "b""c" = \'the "d" of it\'\'s\'') == {"sum", "a", 'b"c'}


def test_a_question_has_the_columns_that_it_names() -> None:
    """A question works whatever columns it names: quoted, bare, in other letters, in a condition alone, or none."""
    frame = pandas.DataFrame({"a": [1, 2, 3], "B c": ["x", "y", "z"], "d": [True, False, True]})
    with tabular.opened(frame, beside=frame) as table:
        assert table.ask("count(*)") == [(3,)]
        assert table.ask('max("B c")', rest="WHERE D") == [("z",)]
        assert table.where('"B c" = ?', ["a"], "y") == [(1, 2)]
        assert table.arrow("SELECT sum(rows.a + others.a) AS s FROM rows JOIN others USING (a)").to_pylist() == [
            {"s": 12}
        ]


def test_interrupted_in_a_question() -> None:
    """A signal that ends what is under way ends a question, too, as itself; and others can be asked after it."""

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, ended)
    try:
        with tabular.opened(pandas.DataFrame({"a": range(100_000)})) as table:
            for arrow in (False, True):
                signal.setitimer(signal.ITIMER_REAL, 0.03)
                began = time.monotonic()
                with pytest.raises(KeyboardInterrupt):
                    if arrow:
                        table.arrow("SELECT sum(x.a * y.a) FROM rows x, rows y")
                    else:
                        table.ask("sum(x.a * y.a)", rest="x, rows y")
                assert time.monotonic() - began < 10
            assert table.ask("max(a)") == [(99_999,)]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_survey_of_columns_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the same, however many columns are asked of at once."""
    frame = pandas.DataFrame({f"c{number}": range(number, number + 50) for number in range(7)}).assign(t="a b")
    with tabular.opened(frame) as table:
        whole = surveys.survey(table, Asked())
        for module, name in ((columns, "COLUMNS_AT_ONCE"), (columns, "EXACT_AT_ONCE"), (sample, "COLUMNS_AT_ONCE")):
            monkeypatch.setattr(module, name, 3)
        parted = surveys.survey(table, Asked())
    assert parted.counted == whole.counted and parted.drawn == whole.drawn


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b"\xef\xbb\xbf"),
        ("b.csv", b"a" * 200_000 + b"\n1\n"),
        ("c.csv.gz", gzip.compress(b"a,b\n1,2\n" * 100)[:20] + b"\0" * 20),
    ],
    ids=["a mark alone", "a long name", "damaged"],
)
def test_headers_that_are_none(tmp_path: Path, name: str, data: bytes) -> None:
    """Files without a header that can be read are unreadable tables, and no faults of noteship's own."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(tabular.TableUnreadable), tabular.opened(tmp_path / name):
        pass


def test_lines_of_keys() -> None:
    """The first line of a table or key; of a key in a table on one line, that table's."""
    text = 'file = "a"\n[columns."x y"]\ntype = "text"\n[columns]\nb.type = "whole"\nc = { type = "text" }\n'
    lines = Source("a.toml", text)
    asked = ("file", 'columns."x y"', 'columns."x y".type', "columns.c.type", "none")
    assert [lines.line(each) for each in asked] == [1, 2, 3, 6, 0]
