import os
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
folder = Path(os.getenv("FISH_OUT", HERE / "fish_out"))

used = pd.read_csv(folder / "used.csv", index_col=0)
text = "\n".join(used.index[used.iloc[:, 0] > 0.9])
(HERE / "alerts.txt").write_text(text)
