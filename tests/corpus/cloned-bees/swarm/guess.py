"""Guesses how many bees there will be."""

import argparse

import joblib
import pandas as pd
from sklearn.linear_model import LinearRegression


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--counts", required=True)
    parser.add_argument("--model", required=True)
    args = parser.parse_args()
    frame = pd.read_csv(args.counts)
    joblib.dump(LinearRegression().fit(frame[["day"]], frame["bees"]), args.model)


if __name__ == "__main__":
    main()
