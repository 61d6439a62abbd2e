from .io import load_table, save_table
from .paths import ARTIFACTS
