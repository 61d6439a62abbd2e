import argparse
import json
import pickle

import pandas as pd
from sklearn.linear_model import LinearRegression

ap = argparse.ArgumentParser()
ap.add_argument("--features", default="data/features.csv")
ap.add_argument("--out_dir", default="model")
opt = vars(ap.parse_args())

df = pd.read_csv(opt["features"])
model = LinearRegression().fit(df[["score", "age"]], df["income"])
with open("{out_dir}/ols.pkl".format(**opt), "wb") as f:
    pickle.dump(model, f)
with open(opt["out_dir"] + "/coef.json", "w") as f:
    json.dump(dict(zip(["score", "age"], model.coef_)), f)
