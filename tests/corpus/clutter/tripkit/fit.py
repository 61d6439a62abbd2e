import pandas as pd


def fit(frame: pd.DataFrame) -> pd.Series:
    return frame.mean(numeric_only=True)


def load_default():
    return pd.read_csv("data/default.csv")
