"""A bundle's model behind HTTP: JSON rows in, predictions out, with health, metrics and a page to try it."""

from noteship.serving import errors
from noteship.serving.application import application
from noteship.serving.ids import RequestIds
from noteship.serving.limits import Limits
from noteship.serving.model import Model
from noteship.serving.observing import Batch, Observer
from noteship.serving.prediction_log import PredictionLog
from noteship.serving.server import Running, ServerSettings, run, work
from noteship.serving.service import Service

__all__ = [
    "Batch",
    "Limits",
    "Model",
    "Observer",
    "PredictionLog",
    "RequestIds",
    "Running",
    "ServerSettings",
    "Service",
    "application",
    "errors",
    "run",
    "work",
]
