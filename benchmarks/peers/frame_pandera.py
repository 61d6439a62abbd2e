"""The rules of benchmarks/contracts.py by pandera, on a pandas frame; run in an environment of its own."""

import json
import pathlib
import re
import resource
import sys
import time

began = time.monotonic()
import pandas  # noqa: E402
import pandera.pandas as pandera  # noqa: E402

KINDS = [f"kind {number}" for number in range(12)]
within = pandera.Check.in_range
columns = {
    "id": pandera.Column("int64", unique=True),
    "time": pandera.Column("datetime64[us]", within(pandas.Timestamp("2020-01-01"), pandas.Timestamp("2030-01-01"))),
    "text": pandera.Column(str, pandera.Check.str_length(1, 100)),
}
few_missing = pandera.Check(lambda column: column.isna().mean() <= 0.05, ignore_na=False)
columns |= {f"number_{n}": pandera.Column(float, [within(-8, 8), few_missing], nullable=True) for n in range(12)}
columns |= {f"whole_{n}": pandera.Column("int64", within(0, 1000)) for n in range(7)}
columns |= {f"kind_{n}": pandera.Column(str, pandera.Check.isin(KINDS)) for n in range(6)}
columns |= {f"truth_{n}": pandera.Column(bool) for n in range(2)}
no_duplicates = pandera.Check(lambda frame: not frame.duplicated().any())
schema = pandera.DataFrameSchema(columns, checks=[no_duplicates], strict=True)
frame = pandas.read_parquet(sys.argv[1])
schema.validate(frame, lazy=True)
used = resource.getrusage(resource.RUSAGE_SELF)
print(
    json.dumps(
        {
            "seconds": time.monotonic() - began,
            "cpu_s": used.ru_utime + used.ru_stime,
            "memory_mb": int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text())[1]) / 1024,
        }
    )
)
