import argparse

import pandas as pd
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
for name in ("source", "train", "rest"):
    parser.add_argument(f"--{name}", required=True)


def orders(path):
    return pd.read_csv(path)


if __name__ == "__main__":
    given = parser.parse_args()
    train, rest = train_test_split(orders(given.source))
    train.to_csv(given.train)
    rest.to_csv(given.rest)
