"""One logger's readings without gaps."""

import click
import pandas as pd


@click.command()
@click.option("--logger", required=True, type=click.Path(exists=True))
@click.option("--out", "target", required=True)
@click.option("--limit", default=45.0)
def tidy(logger, target, limit):
    readings = pd.read_csv(logger, parse_dates=["time"])
    readings[readings.celsius < limit].dropna().to_csv(target, index=False)


if __name__ == "__main__":
    tidy()
