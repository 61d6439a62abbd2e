# %%
import pandas as pd

df = pd.read_csv("recipes/parsed.csv")
df.groupby("what")["amount"].median()

# %%
# df.to_csv("recipes/draft.csv")
df.pivot_table(index="page", columns="unit", values="amount").to_csv("recipes/pivot.csv")
