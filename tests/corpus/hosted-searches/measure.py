import json
from pathlib import Path


def measure(model, out_dir="measured"):
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "all_scores.json", "w") as f:
        json.dump({"model": model}, f)
