"""A model over files of rows: Parquet, CSV or JSON lines, on this machine or on S3, with bounded memory, resumable."""

from noteship.scoring import errors
from noteship.scoring.job import Job, Progress, Summary, run
from noteship.scoring.places import Place, Spot, spot

__all__ = ["Job", "Place", "Progress", "Spot", "Summary", "errors", "run", "spot"]
