import pandas as pd

PRICES = "market/prices.csv"

def prices(path=PRICES):
    return pd.read_csv(path, index_col="day", parse_dates=True)

def store(frame, name):
    frame.to_csv(f"market/{name}.csv")
