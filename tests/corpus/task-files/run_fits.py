"""Fits every model, one after the other."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

for model in ("ridge", "forest"):
    # subprocess.run([sys.executable, str(HERE / "work" / "fit.py"), "lasso", "work/parts/train.csv"])
    done = subprocess.run(
        [sys.executable, str(HERE / "work" / "fit.py"), model, "work/parts/train.csv", "--keep", f"models/{model}.joblib"],
        check=False,
    )
    if done.returncode:
        sys.exit(f"{model} failed")
