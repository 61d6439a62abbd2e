import pandas as pd

from .paths import ARTIFACTS, TABLES

DEFAULT = "listings.csv"


def load_table(name=DEFAULT, **options):
    """Read one of our tables; by default the listings."""
    return pd.read_csv(TABLES / name, **options)


def save_table(frame, name):
    frame.to_csv(TABLES / name, index=False)


def save_artifact(thing, name="encoder.joblib"):
    import joblib

    joblib.dump(thing, ARTIFACTS / name)


def load_artifact(name="encoder.joblib"):
    import joblib

    return joblib.load(ARTIFACTS / name)
