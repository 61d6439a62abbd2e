"""Why something on the cluster waits, fails or is slow: gathered as plain values, and decided without the cluster."""

from noteship.cluster.why.cause import WHO, Cause, Kind, Who
from noteship.cluster.why.deciding import causes, failed_work
from noteship.cluster.why.evidence import Evidence
from noteship.cluster.why.gathering import gather
from noteship.cluster.why.thing import Thing
from noteship.cluster.why.views import states

__all__ = ["WHO", "Cause", "Evidence", "Kind", "Thing", "Who", "causes", "failed_work", "gather", "states"]
