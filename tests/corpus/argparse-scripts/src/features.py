import argparse
from pathlib import Path

import pandas as pd

DATA = Path("data")


def build(source: Path, target: Path) -> None:
    frame = pd.read_csv(source)
    scores = frame.filter(like="q_").sum(axis=1)
    frame.assign(score=scores).to_csv(target, index=False)


def main(argv=None):
    p = argparse.ArgumentParser()
    p.add_argument("--source", type=Path, default=DATA / "clean.csv")
    p.add_argument("--target", type=Path, default=DATA / "features.csv")
    a = p.parse_args(argv)
    build(a.source, a.target)


if __name__ == "__main__":
    main()
