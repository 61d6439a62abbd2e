"""Tables that may be there."""

from pathlib import Path

import pandas as pd


def table(path):
    """The table, None where there is none."""
    if not Path(path).exists():
        return None
    return pd.read_csv(path)
