import argparse
import json

import joblib
from split import orders

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=["ridge", "forest"])
    parser.add_argument("--rest")
    parser.add_argument("--report")
    given = parser.parse_args()
    model = joblib.load(f"models/{given.model}.joblib")
    rest = orders(given.rest)
    with open(given.report, "w") as report:
        json.dump({"r2": model.score(rest.drop(columns="total"), rest.total)}, report)
