"""More processes than one for a stage or a search: a cluster that is made for it, or one that is there."""

from noteship.computing import errors
from noteship.computing.clusters import ENGINES, Clusters
from noteship.computing.dask_pods import Meeting, Worker
from noteship.computing.engines import Access, Cluster, Engine, Identity, OpeningStopped, Place, Purpose, Wanted
from noteship.computing.spreading import spread

__all__ = [
    "ENGINES",
    "Access",
    "Cluster",
    "Clusters",
    "Engine",
    "Identity",
    "Meeting",
    "OpeningStopped",
    "Place",
    "Purpose",
    "Wanted",
    "Worker",
    "errors",
    "spread",
]
