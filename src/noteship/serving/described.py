"""What the standard protocols tell about a service and its models; no HTTP in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import noteship
from noteship.serving import schemes
from noteship.serving.openapi import openapi
from noteship.serving.service import Service

__all__ = ["GET", "POST", "Telling", "Told"]

# A status, and what goes back as JSON.
Told = tuple[int, Any]
Telling = Callable[[Service, str | None, str | None], Told]
EXTENSIONS = ["binary_tensor_data"]


def _server(service: Service, name: str | None, version: str | None) -> Told:  # noqa: ARG001 - told alike
    return 200, {"name": "noteship", "version": noteship.__version__, "extensions": EXTENSIONS}


def _live(service: Service, name: str | None, version: str | None) -> Told:  # noqa: ARG001
    return (200 if service.is_alive else 503), {"live": service.is_alive}


def _ready(service: Service, name: str | None, version: str | None) -> Told:  # noqa: ARG001
    return (200 if service.is_ready else 503), {"ready": service.is_ready}


def _model(service: Service, name: str | None, version: str | None) -> Told:
    served = service.catalog.find(name, version)
    versions = [other.version for other in service.catalog if other.name == served.name]
    return 200, {
        "name": served.name,
        "versions": versions,
        "platform": "noteship",
        "inputs": [tensor.to_json() for tensor in schemes.inputs_of(served.model.signature)],
        "outputs": [tensor.to_json() for tensor in schemes.outputs_of(served)],
    }


def _model_ready(service: Service, name: str | None, version: str | None) -> Told:
    served = service.catalog.find(name, version)
    return (200 if service.is_ready else 503), {"name": served.name, "ready": service.is_ready}


def _index(service: Service, name: str | None, version: str | None) -> Told:  # noqa: ARG001
    state = "READY" if service.is_ready else "UNAVAILABLE"
    reason = "" if service.is_ready else "the service takes no requests now"

    return 200, [{**entry.to_json(), "state": state, "reason": reason} for entry in service.catalog.plan.entries]


def _names(service: Service, name: str | None, version: str | None) -> Told:  # noqa: ARG001
    return 200, {"models": list(dict.fromkeys(served.name for served in service.catalog))}


def _openapi(service: Service, name: str | None, version: str | None) -> Told:
    service.catalog.find(name, version)
    return 200, openapi(list(service.catalog), asks=service.asks_callers)


# By path; NAME and VERSION stand for a part of it.
GET: dict[str, Telling] = {
    "/openapi.json": _openapi,
    "/v1/models": _names,
    "/v1/models/NAME": _model_ready,
    "/v2": _server,
    "/v2/health/live": _live,
    "/v2/health/ready": _ready,
    "/v2/models/NAME": _model,
    "/v2/models/NAME/ready": _model_ready,
    "/v2/models/NAME/versions/VERSION": _model,
    "/v2/models/NAME/versions/VERSION/ready": _model_ready,
}
POST: dict[str, Telling] = {"/v2/repository/index": _index}
