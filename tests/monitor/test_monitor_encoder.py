"""Encoding rows: each by itself, whatever is in it."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import numpy
import pandas
import pytest

from monitor.monitored import FIELDS, SEED, mixed, plain
from noteship.monitor import dates, errors, texts
from noteship.monitor.categories import Categories
from noteship.monitor.fields import Field, Observed, Predictions
from noteship.monitor.profile import Profile
from noteship.monitor.ranks import Ranks
from noteship.monitor.streams import halves, normals


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profile.build(mixed(3000), FIELDS, SEED)


def changed(observed: Observed, place: int, values: list[Any]) -> Observed:
    others = list(observed.others)
    others[place] = values
    return dataclasses.replace(observed, others=tuple(others))


def finite(profile: Profile, observed: Observed) -> bool:
    sketch = profile.sketch()
    encoded = profile.encoder.encode(observed)
    sketch.add(encoded, profile.fourier, [str(place) for place in range(len(observed))], [1] * len(observed))
    assert sketch.features.sum(axis=(0, 2)).tolist() == [len(observed)] * len(profile.encoder.layout.features)
    return bool(numpy.isfinite(encoded.z).all() and numpy.isfinite(sketch.fourier).all())


def test_rows_are_encoded_one_by_one_as_together(profile: Profile) -> None:
    """A row's encoding does not depend on the rows beside it."""
    observed = mixed(40, 1)
    together = profile.encoder.encode(observed)
    for row in range(len(observed)):
        alone = profile.encoder.encode(observed.part(row, row + 1))
        assert numpy.array_equal(alone.z[0], together.z[row])
        assert numpy.array_equal(alone.bins[0], together.bins[row])


def test_ranks_are_as_by_searching() -> None:
    """All columns at once give what a search and an interpolation of each one give."""
    random = numpy.random.default_rng(0)
    reference = random.lognormal(size=(5000, 3))
    reference[:, 1] = random.integers(0, 7, 5000)
    ranks = Ranks.learn(reference, 16)
    numbers = numpy.concatenate([random.lognormal(size=(500, 3)), reference[:100], [[-1.0] * 3], [[1e9] * 3]])
    z, bins, missing = ranks.encode(numbers)
    assert missing is None
    for column in range(3):
        knots = ranks.knots[column]
        clipped = numpy.clip(numbers[:, column], knots[0], knots[-1])
        expected = (numpy.interp(clipped, knots, ranks.middles[column]) - 0.5) * 12**0.5
        assert numpy.allclose(z[:, column], expected)
        places = numpy.searchsorted(knots, clipped, side="right") - 1
        assert numpy.array_equal(bins[:, column], ranks.bins[column][places])


def test_ranks_are_standardised() -> None:
    """The reference's own numbers have mean 0 and variance 1, unless they are constant."""
    fields, observed = plain(20_000, 3)
    z, _, _ = Ranks.learn(observed.numbers, 16).encode(observed.numbers)
    assert numpy.allclose(z.mean(axis=0), 0, atol=0.01)
    assert numpy.allclose(z.var(axis=0), 1, atol=0.01)
    assert len(fields) == 3


@pytest.mark.parametrize("count", [16, 12, 6])
def test_bins_have_about_equal_mass(count: int) -> None:
    """A continuous column's bins, the one for missing values aside, each have their share of the reference."""
    _, observed = plain(20_000, 1)
    _, bins, _ = Ranks.learn(observed.numbers, count).encode(observed.numbers)
    shares = numpy.bincount(bins[:, 0], minlength=count)[: count - 1] / 20_000
    # Bins end at knots, which are a 63rd apart.
    assert numpy.allclose(shares, 1 / (count - 1), atol=1 / 63 + 0.002)


def test_a_constant_column_shows_other_values(profile: Profile) -> None:
    """What is above or below the only value that there was is in bins of its own."""
    features = [feature.name for feature in profile.encoder.layout.features]
    place = features.index("constant")
    observed = mixed(3, 2)
    observed.numbers[:, 2] = [2.0, 3.0, 4.0]
    encoded = profile.encoder.encode(observed)
    assert len(set(encoded.bins[:, place].tolist())) == 3
    assert encoded.z[1, place] == 0
    assert encoded.z[0, place] == -encoded.z[2, place] != 0


def test_infinite_numbers_are_the_largest(profile: Profile) -> None:
    """An infinite number has the rank of the reference's extreme."""
    observed = mixed(4, 3)
    observed.numbers[:, 0] = [numpy.inf, 1e300, -numpy.inf, -1e308]
    z = profile.encoder.encode(observed).z[:, 0]
    assert z[0] == z[1] > 1.7
    assert z[2] == z[3] < -1.7
    assert finite(profile, observed)


def test_numbers_of_any_size_have_ranks() -> None:
    """Numbers whose differences overflow or vanish are ranked without a fault."""
    numbers = numpy.array([[-1.7e308], [1.7e308], [numpy.inf], [5e-324], [0.0], [-0.0], [numpy.nan]])
    z, _, _ = Ranks.learn(numbers, 16).encode(numbers)
    assert numpy.isfinite(z).all()
    assert z[4, 0] == z[5, 0]


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_few_rows_have_a_profile(rows: int) -> None:
    """A frame of one row, of a few, with columns of nothing, gives a profile that encodes others."""
    profile = Profile.build(mixed(rows), FIELDS, SEED)
    assert finite(profile, mixed(20, 1))


@pytest.mark.parametrize(
    "place, values",
    [
        (0, [None, 10**30, -(10**30), 5]),
        (1, ["", None, "\0\ud800 x", "word " * 5000]),
        (
            2,
            [
                None,
                datetime.datetime(2026, 1, 1),
                datetime.datetime.max,
                datetime.datetime(1, 1, 1, tzinfo=datetime.UTC),
            ],
        ),
        (3, ["unheard of", None, "", "red"]),
    ],
)
def test_odd_values_never_reach_a_sum(profile: Profile, place: int, values: list[Any]) -> None:
    """Missing, empty, unseen and extreme values are encoded as finite numbers, and counted once in each feature."""
    assert finite(profile, changed(mixed(4, 5), place, values))


def test_unseen_and_missing_categories_are_told_apart(profile: Profile) -> None:
    """An unseen category, a missing one and a known one are in three bins."""
    place = [feature.name for feature in profile.encoder.layout.features].index("colour")
    encoded = profile.encoder.encode(changed(mixed(3, 6), 3, ["mauve", None, "red"]))
    assert len(set(encoded.bins[:, place].tolist())) == 3


def test_many_categories_share_dimensions() -> None:
    """Beyond 64 levels, categories are hashed with signs: two levels of a column differ, and z stays small."""
    columns = [[f"{column}-{level % 12}" for level in range(120)] for column in range(20)]
    categories = Categories.learn(columns, 12, SEED)
    z, codes = categories.encode(columns)
    assert z.shape == (120, 64)
    assert codes.max() == 11
    assert len({row.tobytes() for row in z}) == 12


def test_rare_categories_are_one() -> None:
    """Beyond the most frequent, categories are "another", and of equally frequent ones the order is by their text."""
    values = ["b", "a", "c", "c", None]
    categories = Categories.learn([values], 2, SEED)
    assert categories.levels == (("c", "a"),)
    assert categories.encode([values])[1][:, 0].tolist() == [2, 1, 0, 0, 3]


def test_the_hour_is_on_a_circle() -> None:
    """A minute before and a minute after midnight are near; a moment with an offset is taken in UTC."""
    east = datetime.timezone(datetime.timedelta(hours=2))
    moments = [
        datetime.datetime(2026, 1, 5, 23, 59),
        datetime.datetime(2026, 1, 5, 0, 1),
        datetime.datetime(2026, 1, 5, 2, 1, tzinfo=east),
        None,
    ]
    measured = dates.measures(moments)
    assert measured[1].tolist() == measured[2].tolist()
    points = dates.circles(measured)
    assert numpy.abs(points[0] - points[1]).max() < 0.01
    assert points[3].tolist() == [0, 0, 0, 0]


def slow_measures(text: str) -> list[float]:
    length = max(len(text), 1)
    spaced = "".join(
        f" {each} " if each >= "\u3000" else each if each.isalnum() or ord(each) > 127 else " " for each in text
    )
    kinds = (str.isdigit, str.isupper, lambda each: each.isprintable() and not each.isalnum() and each != " ")
    shares = [sum(each.isascii() and bool(kind(each)) for each in text) / length for kind in kinds]
    return [len(text), len(spaced.split()), *shares, sum(not each.isascii() for each in text) / length]


@pytest.mark.parametrize(
    "text", ["", "a", "Free MONEY, 100% now!!", "naïve café", "日本語 text", "a-b_c", " x ", "\n\t"]
)
def test_texts_are_measured(text: str) -> None:
    """Length, words and shares are what one counts by hand, whatever texts stand beside."""
    measured, words = texts.encode(["other Words", text, None, text])
    assert measured[1].tolist() == pytest.approx(slow_measures(text))
    assert measured[3].tolist() == measured[1].tolist()
    assert numpy.isnan(measured[2]).all()
    assert words[2].tolist() == [0] * texts.DIMENSIONS
    assert numpy.array_equal(words[1], texts.encode([text])[1][0])


def test_words_add_up_whatever_their_order_and_case() -> None:
    """A text's words are the sum of each word's, small and capital letters the same, and differ between columns."""
    _, together = texts.encode(["Free money, money!"])
    _, apart = texts.encode(["FREE", "money", "moneys"])
    assert numpy.array_equal(together[0], apart[0] + 2 * apart[1])
    assert not numpy.array_equal(apart[1], apart[2])
    assert not numpy.array_equal(apart[1], texts.encode(["money"], 1)[1][0])


def slow_hash(word: str) -> int:
    digits = enumerate(word.lower().encode())
    value = sum(byte * texts.BASE**place for place, byte in digits) % 2**32
    for shift, factor in texts.MIXING:
        value = (value ^ value >> int(shift)) * int(factor) % 2**32
    return value


def test_words_are_spread_over_all_dimensions() -> None:
    """A word is its hash's dimension and sign; those of ten thousand numbers are as even as chance makes them."""
    words = [str(number) for number in range(10_000)]
    _, apart = texts.encode(words)
    for word, row in list(zip(words, apart, strict=True))[::500]:
        value = slow_hash(word)
        assert row[value >> 26] == (-1 if value >> 25 & 1 else 1)
        assert numpy.abs(row).sum() == 1
    expected = len(words) / (2 * texts.DIMENSIONS)
    found = numpy.concatenate([(apart == sign).sum(axis=0) for sign in (-1, 1)])
    # The statistic has 127 degrees of freedom: a mean of 127 and a standard deviation of 16.
    assert 70 < ((found - expected) ** 2 / expected).sum() < 200


def test_long_texts_are_looked_at_in_pieces() -> None:
    """Many long texts, more than are looked at together, are encoded as each by itself."""
    many = [f"{'long words ' * 600}{number}" for number in range(80)]
    measured, words = texts.encode(many)
    alone = [texts.encode([text]) for text in many[::20]]
    assert numpy.array_equal(measured[::20], numpy.concatenate([each[0] for each in alone]))
    assert numpy.array_equal(words[::20], numpy.concatenate([each[1] for each in alone]))
    assert measured[0, 0] == len(many[0])


def test_leaves_have_equal_mass_and_are_rules(profile: Profile) -> None:
    """Of continuous inputs each leaf has its share of the reference, and its rule is true of its rows."""
    fields, observed = plain(16_000, 4)
    built = Profile.build(observed, fields, SEED)
    assert numpy.allclose(built.masses("inputs"), 1 / built.encoder.bins["inputs"], atol=0.01)
    assert numpy.allclose(built.masses("joint"), 1 / built.encoder.bins["joint"], atol=0.02)
    # The prediction follows the first column.
    assert all(any(word.startswith("c0 ") for word in built.encoder.rule("inputs", leaf)) for leaf in range(8))
    assert any("prediction" in word for word in built.encoder.rule("joint", 0))
    assert all(profile.encoder.rule(name, leaf) for name, bins in profile.encoder.bins.items() for leaf in range(bins))


def test_labels_alone_are_watched() -> None:
    """A classifier without probabilities has its labels counted, and split by."""
    fields, observed = plain(2000, 2)
    labels = numpy.where(observed.numbers[:, 0] > 0, "yes", "no").astype(object)
    built = Profile.build(
        dataclasses.replace(observed, predictions=Predictions(labels, None, ("no", "yes"))), fields, SEED
    )
    assert built.encoder.bins["predictions"] == 2
    assert [feature.group for feature in built.encoder.layout.features] == ["input", "input", "prediction"]
    assert {built.encoder.rule("predictions", leaf) for leaf in range(2)} in (
        {("prediction is 'no'",), ("prediction is not 'no'",)},
        {("prediction is 'yes'",), ("prediction is not 'yes'",)},
    )


def test_a_frame_is_observed_by_field() -> None:
    """A frame's plain columns are one buffer, and the others lists with None for what is missing."""
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None], "c": pandas.array([1, None], dtype="Int64")})
    fields = (Field("b", "text"), Field("a", "integer", is_plain=True), Field("c", "integer", has_nulls=True))
    observed = Observed.of_frame(frame, fields, Predictions(numpy.zeros(2)))
    assert observed.numbers.tolist() == [[1.0], [2.0]]
    assert observed.others == (["x", None], [1, None])
    with pytest.raises(errors.UnfitRows, match="'d' is missing"):
        Observed.of_frame(frame, (Field("d", "number"),), Predictions(numpy.zeros(2)))
    with pytest.raises(errors.UnfitRows, match="not as many"):
        Observed.of_frame(frame, fields, Predictions(numpy.zeros(3)))


def test_random_numbers_stay_as_they_are() -> None:
    """The streams that encodings are drawn from are those of every other machine and version."""
    assert normals("seed", "name", 3).round(9).tolist() == EXPECTED_NORMALS
    assert abs(normals("seed", "name", 20_000).std() - 1) < 0.02
    assert halves(["a", "b", "c", "d", "e", "f"]).tolist() == EXPECTED_HALVES
    assert abs(halves([f"request {number}" for number in range(10_000)]).mean() - 0.5) < 0.02


EXPECTED_NORMALS = [-0.277123522, -0.3840081, 0.365108483]
EXPECTED_HALVES = [1, 0, 0, 0, 1, 1]
