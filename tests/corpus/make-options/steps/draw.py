import sys
from pathlib import Path

import pandas as pd

if len(sys.argv) < 3:
    sys.exit("draw.py STATION CHART [--by daily|monthly]")

station = pd.read_parquet(sys.argv[1])
chart = Path(sys.argv[2])
chart.parent.mkdir(exist_ok=True)
station.groupby(station.time.dt.date).celsius.mean().plot().figure.savefig(chart)
