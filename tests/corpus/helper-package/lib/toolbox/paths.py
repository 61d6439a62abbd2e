import pathlib

ROOT = pathlib.Path(__file__).parent.parent.parent
TABLES = ROOT / "tables"
ARTIFACTS = ROOT / "artifacts"
