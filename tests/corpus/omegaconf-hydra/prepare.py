import sys

import pandas as pd
import yaml

params = yaml.safe_load(open("params.yaml"))["prepare"]

gauges = pd.read_csv(params["source"], parse_dates=["time"])
gauges = gauges.dropna().sort_values("time")
gauges.to_parquet(params["target"])
print("kept", len(gauges), file=sys.stderr)
