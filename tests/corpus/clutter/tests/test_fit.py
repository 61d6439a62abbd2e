import pandas as pd

from tripkit.fit import fit


def test_fit(tmp_path):
    frame = pd.read_csv("tests/sample.csv")
    fit(frame).to_csv(tmp_path / "out.csv")
