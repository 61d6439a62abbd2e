import os

import pandas as pd


class Step:
    folder = "work"

    def __init__(self, source, folder=None):
        self.source = source
        self.dir = folder or self.folder

    def path(self, name):
        return os.path.join(self.dir, name)

    def load(self, **kw):
        return pd.read_csv(self.source, **kw)

    def save(self, frame, name):
        os.makedirs(self.dir, exist_ok=True)
        frame.to_csv(self.path(name), index=False)
        return self.path(name)

    def dump_debug(self, frame):
        frame.to_csv(self.path("debug.csv"))


class ParquetStep(Step):
    def save(self, frame, name):
        frame.to_parquet(self.path(name + ".parquet"))
        return self.path(name + ".parquet")
