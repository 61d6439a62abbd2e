import pandas as pd

SAMPLE = pd.DataFrame({"a": [1, 2]})
SAMPLE.to_csv("tests/sample.csv")
