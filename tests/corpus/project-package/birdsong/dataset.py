from pathlib import Path

import pandas as pd
import typer
from loguru import logger

from birdsong.config import INTERIM_DATA_DIR, RAW_DATA_DIR

app = typer.Typer()


@app.command()
def main(
    input_path: Path = RAW_DATA_DIR / "recordings.csv",
    output_path: Path = INTERIM_DATA_DIR / "recordings.parquet",
    min_seconds: float = 3.0,
):
    logger.info("Cleaning recordings...")
    df = pd.read_csv(input_path)
    df = df[df["seconds"] >= min_seconds]
    df.to_parquet(output_path)
    logger.success("Done.")


if __name__ == "__main__":
    app()
