# %%
import os
import pickle

import pandas as pd
from sklearn.linear_model import LinearRegression

try:
    here = os.path.dirname(os.path.abspath(__file__))
except NameError:
    here = os.getcwd()

# %%
moths = pd.read_csv(os.path.join(here, "moths_ok.csv"))
model = LinearRegression().fit(moths[["wing_mm"]], moths["mg"])

# %%
with open(os.path.join(here, "moths.pkl"), "wb") as f:
    pickle.dump(model, f)
