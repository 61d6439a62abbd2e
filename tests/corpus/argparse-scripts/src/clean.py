"""Clean the survey.  Usage: python src/clean.py [--input FILE] [--output FILE]"""
import argparse
import logging

import pandas as pd

log = logging.getLogger(__name__)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", default="data/survey.csv")
    parser.add_argument("-o", "--output", type=str, default="data/clean.csv", help="where to write, e.g. other/clean.csv")
    parser.add_argument("--min-age", type=int, default=16)
    return parser.parse_args()


def clean(frame: pd.DataFrame, min_age: int) -> pd.DataFrame:
    frame = frame.rename(columns=str.lower).drop_duplicates("respondent")
    return frame[frame["age"] >= min_age]


def main():
    args = parse_args()
    frame = pd.read_csv(args.input)
    log.info("read %d rows from %s", len(frame), args.input)
    clean(frame, args.min_age).to_csv(args.output, index=False)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
