"""What errors of lightkube's and of the HTTP client beneath it mean for a cluster."""

from __future__ import annotations

from noteship import errors as base_errors
from noteship import http_faults
from noteship.cluster import errors
from noteship.cluster.refusals import Asked

__all__ = ["KNOWN", "meaning"]

# Those of the HTTP client, where something else is to be said of an API server; and lightkube's own.
KNOWN = {
    **http_faults.KNOWN,
    "ApiError": "!it refused",
    "ConditionError": "!it refused",
    "ConfigError": "!lightkube does not take the settings",
    "HTTPStatusError": "!it refused, and did not say why as Kubernetes does",
    "InvalidURL": "!the address is none",
    "LoadResourceError": "!the kind is not known",
    "NotReadyError": "!its answer is not whole",
    "ObjectDeleted": "!the object was deleted",
    "SSEError": "!its stream of events is none",
    "UnsupportedProtocol": "!the address is not asked by HTTP",
}
# An API server may ask for a certificate, and end the connection over it.
ALERT = "it refuses the certificate of who asks"


def meaning(error: Exception, asked: Asked, proxy: str) -> base_errors.NoteshipError:
    """What an error of the client's is to noteship; `proxy` is shown as it is."""
    fault = http_faults.meaning(error, KNOWN, ALERT)
    if fault.kind == "certificate":
        return errors.ClusterUntrusted(asked.server, fault.reason)
    if fault.kind == "answer":
        return errors.BadClusterAnswer(asked.server, asked.words, fault.reason)
    return errors.ClusterUnreachable(asked.server, fault.reason, proxy)
