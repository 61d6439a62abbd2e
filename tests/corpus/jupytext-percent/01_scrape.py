# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # Recipes
# We read `pages.zip` in the next step; nothing is read from `old_pages.zip` any more.

# %%
# %matplotlib inline
import csv
import time

import requests

BASE = "https://example.org/recipes?page="

# %% fetch
rows = []
for page in range(1, 4):
    answer = requests.get(BASE + str(page), timeout=10)
    rows += [(page, line) for line in answer.text.splitlines()]
    time.sleep(1)

# %%
with open("recipes/raw.csv", "w", newline="") as handle:
    writer = csv.writer(handle)
    writer.writerow(["page", "line"])
    writer.writerows(rows)
