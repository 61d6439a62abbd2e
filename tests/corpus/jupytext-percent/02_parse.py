# %% [markdown]
"""
Reads recipes/raw.csv and writes recipes/parsed.csv, never recipes/final.csv.
"""

# %%
import csv
import re

quantity = re.compile(r"(\d+(?:\.\d+)?)\s*(g|ml|cups?)\s+(.*)")

# %% tags=["parse"]
parsed = []
with open("recipes/raw.csv") as handle:
    for row in csv.DictReader(handle):
        found = quantity.match(row["line"])
        if found:
            parsed.append({"page": row["page"], "amount": found[1], "unit": found[2], "what": found[3]})

# %%
with open("recipes/parsed.csv", "w", newline="") as out:
    writer = csv.DictWriter(out, fieldnames=["page", "amount", "unit", "what"])
    writer.writeheader()
    writer.writerows(parsed)
