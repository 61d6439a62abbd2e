"""Path patterns: what fits, what overlaps, what is inside of what."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noteship import patterns
from noteship.patterns import PathSet, folders, is_inside, is_pattern, literal, names_overlap, overlap

NAMES = st.text("ab.", min_size=1, max_size=3)
WILD = st.one_of(st.text("ab.*?", min_size=1, max_size=3), st.just("**"))
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PATTERNS = st.lists(WILD, min_size=1, max_size=4).map("/".join)


def fits(pattern: str, path: str, hidden: bool = True) -> bool:
    return patterns.expression(pattern, hidden=hidden).fullmatch(path) is not None


def stands_for(pattern: list[str], path: list[str]) -> bool:
    """The meaning of a pattern, name by name."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        least = 1 if len(pattern) == 1 else 0
        return any(stands_for(pattern[1:], path[taken:]) for taken in range(least, len(path) + 1))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and stands_for(pattern[1:], path[1:])


@given(PATTERNS, PATHS)
def test_a_pattern_is_read_name_by_name(pattern: str, path: str) -> None:
    """A path fits if its names fit one by one, and `**` takes any number of folders."""
    assert fits(pattern, path) == stands_for(pattern.split("/"), path.split("/"))


@pytest.mark.parametrize(
    ("pattern", "path", "fitting"),
    [
        ("data [1].csv", "data [1].csv", True),
        ("data[0-9].csv", "data1.csv", False),
        ("a+b.csv", "aab.csv", False),
        ("*.csv", "two\nlines.csv", True),
        ("data/**", "data", False),
        ("data/**", "data/a/b.csv", True),
        ("data/**/x.csv", "data/x.csv", True),
        ("data/**/x.csv", "data/abx.csv", False),
        ("data/a**.csv", "data/a/b.csv", False),
        ("data/?.csv", "data/a.csv", True),
        ("data/?.csv", "data/.csv", False),
    ],
)
def test_characters(pattern: str, path: str, fitting: bool) -> None:
    """Only stars and question marks are special, and only `**` as a whole name crosses folders."""
    assert fits(pattern, path) is fitting


@given(PATTERNS, PATHS)
def test_hidden_names_want_their_dot_said(pattern: str, path: str) -> None:
    """Leaving hidden names out takes just those paths away in which a wildcard stands for a name's first dot."""
    if "**" not in pattern.split("/"):
        pairs = zip(pattern.split("/"), path.split("/"), strict=False)
        said = all(name[0] == "." or not each.startswith(".") for name, each in pairs)
        assert fits(pattern, path, hidden=False) == (fits(pattern, path) and said)


@given(PATHS)
def test_a_path_means_itself(path: str) -> None:
    """A path without wildcards fits itself and nothing else, and is all literal."""
    assert not is_pattern(path)
    assert fits(path, path)
    assert literal(path) == path
    assert not fits(path, path + "a")


@given(PATTERNS, PATTERNS)
def test_overlap_has_no_direction(one: str, other: str) -> None:
    """Whether two patterns overlap does not depend on which is named first."""
    assert overlap(one, other) == overlap(other, one)


@given(PATTERNS, PATTERNS, PATHS)
def test_what_both_name_is_overlap(one: str, other: str, path: str) -> None:
    """Patterns that a path fits overlap: with each other, the path, what is below it, and the folders around it.

    After `**`, a folder with a dot in its name is taken for a file.
    """
    for pattern in (one, other):
        if fits(pattern, path):
            assert overlap(pattern, path)
            assert overlap(pattern, path + "/below")
            assert all(overlap(pattern, each) for each in folders(path) if each and "." not in each)
    if fits(one, path) and fits(other, path):
        assert overlap(one, other)


@given(PATHS, PATHS)
def test_overlap_without_wildcards(one: str, other: str) -> None:
    """Plain paths overlap if they are the same, or one is a folder around the other."""
    assert overlap(one, other) == (one == other or is_inside(one, other) or is_inside(other, one))


@given(st.text("ab*?", min_size=1, max_size=3), st.text("ab*?", min_size=1, max_size=3))
def test_names_overlap_if_some_name_fits_both(one: str, other: str) -> None:
    """Two names overlap exactly if a name is found that fits both."""
    # Three characters each: a common name of at most six is there if any is.
    every = ("".join(letters) for length in range(7) for letters in product("abc", repeat=length))
    left, right = patterns.expression(one), patterns.expression(other)
    assert names_overlap(one, other) == any(left.fullmatch(each) and right.fullmatch(each) for each in every)


@given(PATTERNS)
def test_the_literal_part_is_around_all(pattern: str) -> None:
    """The literal part has no wildcards, and everything that the pattern means is inside of it, or it itself."""
    known = literal(pattern)
    assert not is_pattern(known)
    if known and known != pattern:
        assert is_inside(pattern, known)
        assert re.match(re.escape(known) + "/", pattern)


@given(PATHS)
def test_folders_are_around(path: str) -> None:
    """The folders of a path are all that it is inside of, nearest first, then the root."""
    first, *around, root = folders(path)
    assert (first, root) == (path, "")
    assert around == sorted({folder for folder in around if is_inside(path, folder)}, key=len, reverse=True)
    assert len(around) == path.count("/")


@given(st.lists(PATTERNS, max_size=3), PATHS)
def test_a_set_holds_what_its_names_fit(names: list[str], path: str) -> None:
    """A path is in a set if it or a folder around it fits one of the set's names."""
    around = [folder for folder in folders(path) if folder]
    assert (path in PathSet(names)) == any(fits(name, folder) for name in names for folder in around)
    assert PathSet(names).names(path) == any(name in around for name in names if not is_pattern(name))


@given(st.lists(PATTERNS, max_size=3), PATHS)
def test_a_set_reaches_the_folders_of_what_it_holds(names: list[str], path: str) -> None:
    """Every folder around a path of the set is reached, so that a walk that follows what is reached finds the path."""
    if path in PathSet(names):
        assert all(PathSet(names).reach(folder) for folder in folders(path) if folder)
