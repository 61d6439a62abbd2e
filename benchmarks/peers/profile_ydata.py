"""A page of a table by ydata-profiling, in its minimal mode; run in an environment of its own."""

import json
import pathlib
import re
import resource
import sys
import time

began = time.monotonic()
import pandas  # noqa: E402
from ydata_profiling import ProfileReport  # noqa: E402

frame = pandas.read_parquet(sys.argv[1])
ProfileReport(frame, minimal=True, progress_bar=False).to_file(sys.argv[2], silent=True)
used = resource.getrusage(resource.RUSAGE_SELF)
print(
    json.dumps(
        {
            "seconds": time.monotonic() - began,
            "cpu_s": used.ru_utime + used.ru_stime,
            "memory_mb": int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text())[1]) / 1024,
            "page_kb": pathlib.Path(sys.argv[2]).stat().st_size / 1e3,
        }
    )
)
