import pandas as pd

COEFFICIENTS = "data/coefficients.json"

if __name__ == "__main__":
    pd.read_json(COEFFICIENTS, typ="series").to_csv("data/coefficients.csv")
