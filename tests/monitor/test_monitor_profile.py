"""The profile: the same from the same rows, small, and read back as it was written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from monitor.monitored import FIELDS, SEED, arrays_of, mixed, plain
from noteship.monitor import errors, statistics
from noteship.monitor.fields import Predictions
from noteship.monitor.profile import Profile

BUILD = """
from monitor.monitored import FIELDS, SEED, mixed
from noteship.monitor.profile import Profile
print(Profile.build(mixed(1500), FIELDS, SEED).digest)
"""


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profile.build(mixed(1500), FIELDS, SEED)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_other_processes_make_the_same_bytes(profile: Profile, seed: str) -> None:
    """Neither Python's hash nor the number of threads changes a profile."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": seed}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    words = [sys.executable, "-c", BUILD]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == profile.digest


def test_another_seed_makes_another_profile(profile: Profile) -> None:
    """The seed is in the profile's digest, and decides the Fourier features."""
    other = Profile.build(mixed(1500), FIELDS, "other")
    z = profile.encoder.encode(mixed(1)).z
    assert other.digest != profile.digest
    assert not numpy.allclose(other.fourier.embed(z), profile.fourier.embed(z))


def test_a_profile_is_read_as_it_was_written(profile: Profile) -> None:
    """What was read has the same bytes, and encodes and counts as what was made."""
    again = Profile.from_bytes(profile.to_bytes())
    assert again.to_bytes() == profile.to_bytes()
    sketches = []
    for each in (profile, again):
        sketch = each.sketch()
        sketch.add(each.encoder.encode(mixed(200, 1)), each.fourier, [str(i) for i in range(200)], [1] * 200)
        sketches.append(arrays_of(sketch))
    assert all(numpy.array_equal(sketches[0][name], sketches[1][name]) for name in sketches[0])
    assert numpy.array_equal(again.feature_masses, profile.feature_masses)
    for name in profile.encoder.bins:
        assert [again.encoder.rule(name, 0)] == [profile.encoder.rule(name, 0)]


def test_profiles_are_small() -> None:
    """A profile of 100 columns takes less than 200 KB."""
    fields, observed = plain(20_000, 100)
    assert len(Profile.build(observed, fields, SEED).to_bytes()) < 200_000


def test_halves_of_the_reference_are_all_of_it(profile: Profile) -> None:
    """Each row is counted in one half, in one bin of each detector; those whose work was not counted not in work's."""
    rows = profile.rows
    assert rows.tolist() == [750, 750]
    for name in ("inputs", "predictions", "joint"):
        assert profile.counts(name).sum(axis=1).tolist() == rows.tolist()
    assert profile.counts("work").sum() == (~numpy.isnan(mixed(1500).work)).sum()
    assert (profile.features.sum(axis=2) == rows[:, None]).all()
    assert numpy.allclose(profile.feature_masses.sum(axis=1), 1)
    assert numpy.isclose(profile.masses("work").sum(), 1)
    assert (profile.masses("inputs") > 0).all()


def test_moments_are_those_of_the_features(profile: Profile) -> None:
    """The means lie within their error of those of other rows, and the vectors are the covariance's."""
    fresh = profile.fourier.embed(profile.encoder.encode(mixed(4000, 9)).z).astype(float)
    moments = profile.moments
    covariance = numpy.cov(fresh, rowvar=False)
    assert moments.values.sum() == pytest.approx(numpy.trace(covariance), rel=0.05)
    assert profile.pairs.rest < profile.pairs.values.sum()
    distance = ((moments.means - fresh.mean(axis=0)) ** 2).sum(axis=1)
    # The expected squared distance of two means, with six standard deviations' room.
    assert (distance < 3 * moments.values.sum() * (1 / 750 + 1 / 4000)).all()
    products = statistics.products(profile.encoder.encode(mixed(4000, 9)).z)
    first = profile.pairs.vectors[0]
    assert numpy.var(products @ first) == pytest.approx(profile.pairs.values[0], rel=0.3)
    assert profile.pairs.factor[0] @ profile.pairs.factor[0] == pytest.approx(profile.pairs.values[0], rel=0.01)


def test_no_rows_have_no_profile() -> None:
    """A profile of nothing is refused."""
    fields, observed = plain(1, 1)
    with pytest.raises(errors.NoReference):
        Profile.build(observed.part(0, 0), fields, SEED)


@pytest.mark.parametrize("cut", [0, 10, 5000])
def test_damaged_profiles_are_refused(profile: Profile, cut: int) -> None:
    """Bytes that end too early are no profile."""
    with pytest.raises(errors.DamagedProfile):
        Profile.from_bytes(profile.to_bytes()[:cut])


@pytest.mark.parametrize("part", ["encoder", "moments", "fields", "median_distance", "counts"])
def test_profiles_without_a_part_are_refused(profile: Profile, part: str) -> None:
    """A profile that lacks a part, or has something else there, is damaged."""
    value = json.loads(profile.to_bytes())
    for damaged in ({name: each for name, each in value.items() if name != part}, {**value, part: "?"}):
        with pytest.raises(errors.DamagedProfile):
            Profile.from_bytes(json.dumps(damaged).encode())


def test_newer_profiles_are_refused(profile: Profile) -> None:
    """A profile of another version names the versions."""
    value = {**json.loads(profile.to_bytes()), "profile": 2}
    with pytest.raises(errors.ProfileTooNew, match="version 2"):
        Profile.from_bytes(json.dumps(value).encode())


def test_classes_are_watched_one_by_one() -> None:
    """Of many classes the twelve most probable have a feature each."""
    fields, observed = plain(500, 1)
    random = numpy.random.default_rng(0)
    probabilities = random.dirichlet(numpy.arange(1, 16), 500)
    predictions = Predictions(probabilities.argmax(axis=1), probabilities, tuple("abcdefghijklmno"))
    built = Profile.build(type(observed)(observed.numbers, (), predictions), fields, SEED)
    names = [feature.name for feature in built.encoder.layout.features if feature.group == "prediction"]
    assert names == [f"probability of {letter!r}" for letter in "defghijklmno"]
