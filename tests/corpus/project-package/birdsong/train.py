import pickle
from pathlib import Path

import click
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from .config import MODELS_DIR, PROCESSED_DATA_DIR


@click.command()
@click.option("--features", type=click.Path(), default=str(PROCESSED_DATA_DIR / "features.csv"))
@click.option("--model-path", "model_path", default=str(MODELS_DIR / "rf.pkl"), show_default=True)
@click.option("--trees", default=200)
def main(features, model_path, trees):
    """Fit the forest on FEATURES."""
    df = pd.read_csv(features)
    rf = RandomForestClassifier(trees).fit(df.drop(columns="species"), df["species"])
    with open(model_path, "wb") as f:
        pickle.dump(rf, f)


if __name__ == "__main__":
    main()
