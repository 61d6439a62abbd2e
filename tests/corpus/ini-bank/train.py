import configparser
import pickle

import pandas as pd
from sklearn.linear_model import LogisticRegression

config = configparser.ConfigParser()
config.read("bank.ini")


def main():
    tx = pd.read_csv(config["files"]["transactions"])
    customers = pd.read_csv(config.get("files", "customers"))
    data = customers.merge(tx.groupby("customer")["amount"].agg(["sum", "count"]), on="customer")
    model = LogisticRegression(max_iter=300).fit(data[["sum", "count"]], data["default"])
    with open(config["model"]["file"], "wb") as handle:
        pickle.dump(model, handle)
    print("trained on", len(data), "customers")


if __name__ == "__main__":
    main()
