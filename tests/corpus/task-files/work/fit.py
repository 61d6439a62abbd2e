from pathlib import Path

import joblib
import pandas as pd
import typer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge

MODELS = {"ridge": Ridge, "forest": RandomForestRegressor}


def fit(model: str, train: Path, keep: Path = typer.Option(..., "--keep")):
    table = pd.read_csv(train)
    fitted = MODELS[model]().fit(table.drop(columns="total"), table.total)
    keep.parent.mkdir(exist_ok=True)
    joblib.dump(fitted, keep)


if __name__ == "__main__":
    typer.run(fit)
