import argparse
import pickle

import pandas as pd


def run(model_file, table, out):
    with open(model_file, "rb") as f:
        model = pickle.load(f)
    df = pd.read_csv(table)
    df["income"] = model.predict(df[["score", "age"]])
    df.to_csv(out, index=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("table")
    parser.add_argument("--model", default="model/ols.pkl")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    run(args.model, args.table, args.out)
