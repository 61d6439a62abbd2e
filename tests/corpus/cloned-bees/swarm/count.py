"""Counts the bees of each hive."""

import argparse

import pandas as pd


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hives", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    frame = pd.read_csv(args.hives)
    frame.groupby("hive").sum().to_csv(args.out)


if __name__ == "__main__":
    main()
