"""Folders of other machines, and the project's own that they are taken for."""

from __future__ import annotations

import pytest

from noteship.notebooks.elsewhere import Pair, elsewhere_of

CASES = {
    "one": ("/home/a/p/data/x.csv=data/x.csv", "/home/a/p="),
    "root": ("/home/a/p/x.csv=x.csv", "/home/a/p="),
    "other folder": ("/kaggle/input/t/train.csv=data/train.csv", "/kaggle/input/t=data"),
    "pattern": ("/kaggle/input/t/\ue011.csv=data/\ue011.csv", "/kaggle/input/t=data"),
    "unlike": ("/x/\ue011.csv=data/a\ue011.csv", ""),
    "any folders": ("/kaggle/input/\ue012/x.csv=data/x.csv", "/kaggle/input=data"),
    "any folders of the root": ("/kaggle/input/\ue012/x.csv=x.csv", "/kaggle/input="),
    "any folders on both sides": ("/kaggle/input/\ue012/x.csv=a/\ue012/x.csv", "/kaggle/input=a"),
    "two of a folder": ("/h/p/data/x.csv=data/x.csv /h/p/data/y.csv=data/y.csv", "/h/p="),
    "said already": ("/h/p/x.csv=x.csv /h/p/data/y.csv=data/y.csv /h/p/a/z.csv=b/z.csv", "/h/p= /h/p/a=b"),
    "torn apart": (
        "/dl/x.csv=data/x.csv /dl/y.csv=data/y.csv /dl/z.csv=raw/z.csv",
        "/dl=data /dl/z.csv=raw/z.csv",
    ),
    "near the root": ("/data/x.csv=data/x.csv", "/data=data"),
    "a drive": ("C:/data/x.csv=data/x.csv D:/a/b/x.csv=x.csv", "C:/data=data D:/a/b="),
    "home": ("~/p/x.csv=x.csv", "~/p="),
    "climbing": ("../input/x.csv=input/x.csv ../../m/x.csv=m/x.csv", "../../m=m ../input=input"),
    "climbing to a file": ("../x.csv=data/x.csv", "../x.csv=data/x.csv"),
    "the root's own": ("/x.csv=x.csv", "/x.csv=x.csv"),
}


@pytest.mark.parametrize("case", CASES)
def test_folders_correspond(case: str) -> None:
    """As few folders as tell where all paths are."""
    given, expected = CASES[case]
    pairs = [Pair(*pair.split("=")) for pair in given.split()]
    assert " ".join(f"{each.path}={each.place}" for each in elsewhere_of(pairs)) == expected


def test_a_shared_folder_is_not_taken() -> None:
    """A file in a folder that all programs share says nothing of its neighbours."""
    (found,) = elsewhere_of([Pair("/tmp/x.pkl", "x.pkl")])
    assert (found.path, found.place, found.files, found.folder) == ("/tmp/x.pkl", "x.pkl", ("/tmp/x.pkl",), False)
