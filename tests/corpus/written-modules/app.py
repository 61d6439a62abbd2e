import pandas as pd

pd.read_csv("tables/old_yield.csv").to_html("pages/old.html")
