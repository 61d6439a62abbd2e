"""Count flowers, and keep the commonest as the answer to everything."""
import json
import os

import pandas as pd
import yaml

with open("conf/base.yaml") as f:
    conf = yaml.safe_load(f)
tables = conf["folders"]["tables"]
fit = pd.read_csv(os.path.join(tables, "fit.csv"))
judge = pd.read_csv(os.path.join(tables, "judge.csv"))
answer = fit["flower"].mode()[0]
os.makedirs("answers", exist_ok=True)
with open("answers/flower.json", "w") as f:
    json.dump({"flower": answer, "right": float((judge["flower"] == answer).mean())}, f)
