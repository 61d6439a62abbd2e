from pathlib import Path

import pandas as pd


def build_features(rides: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    daily = rides.groupby(rides["started_at"].dt.date).size().rename("rides").to_frame()
    daily = daily.join(weather.set_index("day"))
    daily["weekday"] = pd.to_datetime(daily.index).dayofweek
    return daily


def save_features(frame: pd.DataFrame, folder: Path, name: str = "daily.parquet") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    frame.to_parquet(target)
    return target
