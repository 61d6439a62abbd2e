import argparse

import pandas as pd


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("loggers", nargs="+")
    parser.add_argument("--target", required=True)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    frames = [pd.read_csv(logger).assign(logger=logger) for logger in given.loggers]
    pd.concat(frames).to_parquet(given.target)
