import sys

import pandas as pd

frame = pd.read_csv(sys.argv[1])
current = pd.read_csv("current.csv")
frame.merge(current, on="key").to_csv(sys.argv[2])
