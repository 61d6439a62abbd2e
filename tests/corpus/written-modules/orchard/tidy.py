import pandas as pd


def seasons(folder):
    return pd.read_excel(f"{folder}/old_plots.xlsx")
