"""What is inferred from a good file holds for it, for fresh samples of the same kind, and not for spoiled ones."""

from __future__ import annotations

import datetime
import functools
from pathlib import Path

import numpy
import pandas
import pytest
from scipy import stats
from sklearn import datasets, preprocessing

from data_contracts.planted import GOOD
from noteship import contracts
from noteship.contracts import Bounds, room


def people(rows: int, seed: int) -> pandas.DataFrame:
    """Columns of the kinds that there are; the same kinds for each seed."""
    draw = numpy.random.default_rng(seed)
    frame = pandas.DataFrame(
        {
            "id": draw.permutation(rows),
            "age": draw.integers(18, 90, rows),
            "height": draw.normal(170, 10, rows),
            "income": draw.lognormal(10, 0.5, rows),
            "visits": draw.poisson(3, rows),
            "kind": draw.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
            "note": ["x" * number for number in draw.geometric(0.05, rows)],
            "day": pandas.Timestamp("2024-01-01") + pandas.to_timedelta(draw.integers(0, 365, rows), "D"),
            "ok": draw.random(rows) < 0.3,
            "constant": 7,
        }
    )
    frame.loc[draw.random(rows) < 0.05, "height"] = None
    return frame


@functools.cache
def of_people() -> contracts.Inferred:
    return contracts.infer(people(500, 0), "data/people.csv")


def broken(frame: pandas.DataFrame | Path, contract: contracts.Contract) -> set[str]:
    return {finding.rule for finding in contracts.check(frame, contract).findings if finding.is_broken}


def test_a_file_keeps_its_own_contract() -> None:
    """The file that a contract was inferred from keeps it, however few rows it has."""
    for rows in (1, 300):
        frame = people(rows, 1)
        assert not broken(frame, contracts.infer(frame, "data/people.csv").contract)
    assert not broken(GOOD.head(0), contracts.infer(GOOD.head(0), "a.csv").contract)


@pytest.mark.parametrize(
    ("rows", "samples"),
    [(500, 2), pytest.param(500, 100, marks=pytest.mark.slow), pytest.param(20_000, 20, marks=pytest.mark.slow)],
)
def test_fresh_samples_keep_it(rows: int, samples: int) -> None:
    """Fresh samples of the same kind keep the contract, all ten columns of it."""
    contract = contracts.infer(people(rows, 0), "data/people.csv").contract
    missed = [seed for seed in range(1, samples + 1) if broken(people(rows, seed), contract)]
    assert len(missed) <= samples // 100


def test_what_is_inferred() -> None:
    """Types, a key, categories and bounds are found, and the bounds leave room but not for what cannot be."""
    inferred = of_people()
    contract = inferred.contract
    assert contract.key == ("id",)
    assert contract.rows == Bounds(250)
    column = {each.name: each for each in contract.columns}
    assert column["kind"].categories == ("a", "b", "c")
    assert (column["id"].range, column["constant"].range) == (None, None)
    assert column["age"].range and column["age"].range.least >= 0 and 89 <= column["age"].range.most < 150
    assert column["income"].range and column["income"].range.least == 0
    assert column["day"].range and column["day"].range.most is None
    assert column["note"].length and column["note"].length.least == 0
    assert column["height"].missing and 0.05 < column["height"].missing < 0.2
    assert (column["id"].missing, column["ok"].missing) == (0, 0.012)
    assert inferred.seen["rows"] == "500 seen"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits", "diabetes"])
def test_halves_of_real_data_keep_each_others_contracts(name: str) -> None:
    """The contract of one half of a clean table is kept by the other half, in nine of ten cases or more."""
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    missed = 0
    for seed in range(10):
        order = numpy.random.default_rng(seed).permutation(len(frame))
        one, other = frame.iloc[order[::2]], frame.iloc[order[1::2]]
        missed += bool(broken(other, contracts.infer(one, "a.csv").contract))
    assert missed <= 1


SPOILED = {
    "columns.age.range": lambda frame: frame.assign(age=frame.age.where(frame.id > 3, -1)),
    "columns.income.range": lambda frame: frame.assign(income=frame.income.where(frame.id != 3, 1e9)),
    "columns.kind.categories": lambda frame: frame.assign(kind=frame.kind.replace("c", "C")),
    "columns.height.missing": lambda frame: frame.assign(height=frame.height.where(frame.id > 200)),
    "columns.ok.missing": lambda frame: frame.assign(ok=frame.ok.astype(object).where(frame.id > 9)),
    "columns.visits.type": lambda frame: frame.assign(visits=frame.visits.astype(str)),
    "columns.day": lambda frame: frame.drop(columns="day"),
    "key": lambda frame: pandas.concat([frame, frame.head(3)]),
    "rows": lambda frame: frame.head(200),
}


QUICK = ("columns.kind.categories", "key", "rows")


@pytest.mark.parametrize(
    "rule", [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in SPOILED]
)
def test_spoiled_data_break_it(rule: str) -> None:
    """What spoils data breaks the rule that it is about."""
    assert rule in broken(SPOILED[rule](people(500, 1)), of_people().contract)


def test_no_categories_of_rare_values() -> None:
    """Where some values were seen only a few times, others are likely, and no list of them is closed."""
    frame = pandas.DataFrame({"a": ["x"] * 90 + [f"y{number}" for number in range(10)], "b": ["x", "y"] * 50})
    a, b = contracts.infer(frame, "a.csv").contract.columns
    assert (a.categories, b.categories) == (None, ("x", "y"))


def test_no_key_by_chance() -> None:
    """Numbers that happen to differ are no key, unless they number rows, or are called so and differ beyond chance."""
    draw = numpy.random.default_rng(0)
    few, many = draw.permutation(10_000)[:50], draw.permutation(10_000)[:400]
    for column, found in (("height_cm", ()), ("user_id", ("user_id",)), ("ID", ("ID",)), ("valid", ())):
        assert contracts.infer(pandas.DataFrame({column: many}), "a.csv").contract.key == found
    # Of 10,000 customers, 50 orders are of as many customers with a probability of 0.88.
    for column, found in (("customer_id", ()), ("id", ("id",))):
        assert contracts.infer(pandas.DataFrame({column: few}), "a.csv").contract.key == found
    names = pandas.Series(few).astype(str)
    assert contracts.infer(pandas.DataFrame({"customer_id": names}), "a.csv").contract.key == ()
    assert contracts.infer(pandas.DataFrame({"n": range(50)}), "a.csv").contract.key == ("n",)


def test_duplicates() -> None:
    """Few duplicates are allowed as many again, none only beside a key; where they are natural, none are counted."""
    some = pandas.DataFrame({"x": [*numpy.random.default_rng(0).normal(size=998), 1.0, 1.0]})
    assert 0 < (contracts.infer(some, "a.csv").contract.duplicates or 0) < 0.05
    none = pandas.DataFrame({"x": numpy.random.default_rng(0).normal(size=1000)})
    assert 0 < (contracts.infer(none, "a.csv").contract.duplicates or 0) < 0.05
    assert contracts.infer(none.assign(id=range(1000)), "a.csv").contract.duplicates == 0
    many = pandas.DataFrame({"x": ["a", "b"] * 50})
    assert contracts.infer(many, "a.csv").contract.duplicates is None


def test_odd_columns() -> None:
    """Infinite values, huge numbers, lists, bytes, all missing, and names of any kind have a contract they keep."""
    frame = pandas.DataFrame(
        {
            "inf": [1.0, float("inf")] * 10,
            "huge": [2**62, -(2**62)] * 10,
            "list": [[1], [2]] * 10,
            "bytes": [b"1", b"2"] * 10,
            "none": [None] * 20,
            'the "sepal" length.cm\n': range(20),
            "1": [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)] * 10,
            "empty": ["", "x"] * 10,
        }
    )
    inferred = contracts.infer(frame, "a.csv", ["bytes", "other"])
    assert inferred.contract.leave_out == ("bytes",)
    text = contracts.written(inferred.contract, inferred.seen)
    again = contracts.read("contracts/a.toml", text)
    assert again == inferred.contract
    assert not broken(frame, again)


def test_what_is_written_is_read() -> None:
    """A contract comes back from its file as it was, and its file tells whether somebody changed it by hand."""
    inferred = of_people()
    text = contracts.written(inferred.contract, inferred.seen)
    assert contracts.read("contracts/people.toml", text) == inferred.contract
    assert contracts.is_as_inferred(text)
    assert not contracts.is_as_inferred(text.replace("missing = 0\n", "missing = 0.1\n", 1))
    assert not contracts.is_as_inferred('file = "a.csv"\n')


def test_decisions_are_kept() -> None:
    """Inferring again keeps what no data tells: severities, patterns, what is left out, and freshness."""
    by_hand = contracts.read(
        "contracts/people.toml",
        """\
file = "data/people.csv"
severity = "warn"
closed = true
freshness = { column = "day", most = "7d" }
leave_out = ["note"]
duplicates = { most = 0.1, severity = "stop" }
[columns.note]
pattern = 'x+'
[columns.day]
range = { min = 2024-01-01, severity = "stop" }
[columns.kind]
severity = "stop"
""",
    )
    new = contracts.keeping_decisions(of_people(), by_hand)
    again = contracts.read("contracts/people.toml", contracts.written(new.contract, new.seen))
    assert again == new.contract
    assert (again.severity, again.closed, again.leave_out) == ("warn", True, ("note",))
    assert again.freshness == by_hand.freshness
    assert again.severity_of("duplicates") == again.severity_of("columns.day.range", "day") == "stop"
    assert again.severity_of("columns.kind.categories", "kind") == "stop"
    note = again.column("note")
    assert note and note.pattern == "x+" and note.length


DRAWN = {
    "normal": (lambda draw, rows: draw.normal(size=rows), 0.01),
    "uniform": (lambda draw, rows: draw.random(rows), 0.01),
    "exponential": (lambda draw, rows: draw.exponential(size=rows), 0.01),
    "lognormal": (lambda draw, rows: draw.lognormal(size=rows), 0.01),
    "binary": (lambda draw, rows: draw.integers(0, 2, rows).astype(float), 0.01),
    "hours": (lambda draw, rows: draw.integers(0, 24, rows).astype(float), 0.01),
    "t with 3 degrees": (lambda draw, rows: draw.standard_t(3, rows), 0.08),
    "t with 5 degrees": (lambda draw, rows: draw.standard_t(5, rows), 0.03),
    "Poisson of 0.02": (lambda draw, rows: draw.poisson(0.02, rows), 0.01),
    "Poisson of 0.1": (lambda draw, rows: draw.poisson(0.1, rows), 0.01),
    "Poisson of 3": (lambda draw, rows: draw.poisson(3, rows), 0.01),
    "geometric": (lambda draw, rows: draw.geometric(0.9, rows), 0.01),
    "normal, whole": (lambda draw, rows: draw.normal(size=rows).round(), 0.01),
    "half as wide, whole": (lambda draw, rows: draw.normal(0, 0.5, rows).round(), 0.01),
    "ratings, one rare": (lambda draw, rows: draw.choice(5, rows, p=[0.003, 0.05, 0.2, 0.4, 0.347]), 0.01),
    "Pareto of index 2": (lambda draw, rows: draw.pareto(2, rows), 0.03),
    "Cauchy": (lambda draw, rows: draw.standard_cauchy(rows), 0.25),
    "a flag, scaled": (lambda draw, rows: scaled(draw.random(rows) < 0.13), 0.01),
    "a rare flag, scaled": (lambda draw, rows: scaled(draw.random(rows) < 0.02), 0.01),
    "Poisson of 1.3, scaled": (lambda draw, rows: scaled(draw.poisson(1.3, rows)), 0.01),
    "half zero, scaled": (lambda draw, rows: scaled(draw.exponential(size=rows) * (draw.random(rows) < 0.5)), 0.01),
    "cut below, scaled": (lambda draw, rows: scaled(draw.normal(size=rows).clip(0)), 0.01),
}


def scaled(values: numpy.ndarray) -> numpy.ndarray:
    """By the mean and the spread of these very values."""
    return numpy.asarray((values - values.mean()) / values.std())


def outermost(values: numpy.ndarray) -> room.Ends:
    """The first three values of a column in an order, with their rows."""
    different, counts = numpy.unique(values, return_counts=True)
    order = slice(None) if values[0] <= values[-1] else slice(None, None, -1)
    return tuple(zip(map(float, different[order][:3]), map(int, counts[order][:3]), strict=True))


@pytest.mark.parametrize("name", DRAWN)
def test_bounds_hold_for_fresh_samples(name: str) -> None:
    """Bounds inferred from 300 rows hold for 300 fresh ones as often as promised, by the weight of the tails."""
    sample, most = DRAWN[name]
    draw = numpy.random.default_rng(5)
    missed = 0
    for _ in range(300):
        seen, fresh = numpy.sort(sample(draw, 300)), sample(draw, 300)
        rank = room.tail_rank(300)
        if seen[0] == seen[-1]:  # which has no bounds
            continue
        four = map(float, (seen[0], seen[rank - 1], seen[-rank], seen[-1]))
        tails = room.Tails(*four, first=outermost(seen), last=outermost(seen[::-1]))
        least, greatest = room.widened(tails, whole=False)
        assert least <= seen[0] and seen[-1] <= greatest
        missed += bool(fresh.min() < least or fresh.max() > greatest)
    assert missed <= most * 300


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.9])
def test_shares_hold_for_fresh_samples(share: float) -> None:
    """A bound on a share, inferred from some rows, holds for half as many fresh ones: none in 1,000 goes beyond."""
    draw = numpy.random.default_rng(6)
    for rows in (50, 1_000):
        for seen in draw.binomial(rows, share, 1_000):
            most = room.share_most(int(seen), rows)
            if seen and most is not None:
                assert draw.binomial(rows // 2, share) <= most * (rows // 2)
    assert room.share_most(99, 100) is None


def test_none_missing_leaves_room_for_what_was_not_seen() -> None:
    """Whatever share is missing, that none is seen and the next file has more than allowed happens once in 80 times."""
    for rows in (20, 300, 5_000):
        most = room.share_most(0, rows)
        assert most is not None
        shares = numpy.linspace(0, 20 / rows, 400)
        for fresh in (rows // 2, rows, 3 * rows):
            beyond = stats.binom.sf(int(most * fresh), fresh, shares)
            assert ((1 - shares) ** rows * beyond).max() < 1 / 80
    assert room.share_most(0, 5) is None


def test_walls_and_counts_are_told_apart() -> None:
    """Where values pile up at an end it is a bound; where they become fewer it is none; the file itself says which."""
    draw = numpy.random.default_rng(8)
    frame = pandas.DataFrame(
        {"hour": draw.integers(0, 24, 3_000), "flag": draw.integers(0, 2, 3_000), "calls": draw.permutation(3_000) < 60}
    ).astype(int)
    hour, flag, calls = (each.range for each in contracts.infer(frame, "a.csv").contract.columns)
    assert (hour, flag) == (Bounds(0, 23), Bounds(0, 1))
    assert calls and (calls.least, calls.most) == (0, 3)


@pytest.mark.parametrize("width", ["float64", "float32"])
def test_scaled_columns_have_room_where_values_pile_up(width: str) -> None:
    """What is scaled by its own mean and spread ends elsewhere in each sample; what a person wrote does not."""

    def features(seed: int) -> pandas.DataFrame:
        draw = numpy.random.default_rng(seed)
        raw = pandas.DataFrame(
            {
                "tenure": draw.geometric(1 / 24, 3_000) - 1,
                "age": draw.normal(45, 14, 3_000).round().clip(18, 95),
                "calls": draw.poisson(1.3, 3_000),
                "discount": draw.random(3_000) < 0.2,
            }
        )
        made = pandas.DataFrame(preprocessing.StandardScaler().fit_transform(raw), columns=raw.columns)
        made["share"] = draw.normal(0.5, 0.3, 3_000).clip(0.05, 0.9)
        return made.astype(width)

    contract = contracts.infer(features(0), "features.parquet").contract
    assert not any(broken(features(seed), contract) for seed in range(1, 6))
    share = contract.column("share")
    assert share and share.range and numpy.allclose((share.range.least, share.range.most), (0.05, 0.9), rtol=1e-6)
    spoiled = features(6)
    spoiled["discount"] = spoiled["discount"] * 2
    assert broken(spoiled, contract) == {"columns.discount.range"}
