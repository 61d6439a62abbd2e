"""List the photos of every flower and divide them."""
import argparse
from pathlib import Path

import pandas as pd
import yaml


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--conf", default="conf/base.yaml")
    args = parser.parse_args()
    with open(args.conf) as f:
        conf = yaml.safe_load(f)
    photos, tables = Path(conf["folders"]["photos"]), Path(conf["folders"]["tables"])
    rows = [(str(p), p.parent.name) for p in sorted(photos.glob("*/*.jpg"))]
    frame = pd.DataFrame(rows, columns=["path", "flower"])
    tables.mkdir(exist_ok=True)
    rest = frame.sample(frac=conf["split"], random_state=1)
    for part, rows in {"fit": frame.drop(rest.index), "judge": rest}.items():
        rows.to_csv(tables / f"{part}.csv", index=False)


if __name__ == "__main__":
    main()
