"""A bundle's model behind HTTP: JSON rows in, predictions out, with health, metrics and a page to try it."""

from noteship.serving import errors
from noteship.serving.application import application
from noteship.serving.callers import Callers
from noteship.serving.certificates import Certificate
from noteship.serving.collecting import Collect
from noteship.serving.feedback import Feedback
from noteship.serving.ids import RequestIds
from noteship.serving.limits import Limits
from noteship.serving.model import Model
from noteship.serving.observing import Batch, FeedbackObserver, Observer, ServiceObserver
from noteship.serving.plan import Entry, Plan
from noteship.serving.prediction_log import PredictionLog
from noteship.serving.repository import Source, Versions
from noteship.serving.server import Running, run, work
from noteship.serving.service import Service
from noteship.serving.settings import ServerSettings
from noteship.serving.token_file import Issued, issue
from noteship.serving.token_review import Review, Rule
from noteship.serving.watching import Watch

__all__ = [
    "Batch",
    "Callers",
    "Certificate",
    "Collect",
    "Entry",
    "Feedback",
    "FeedbackObserver",
    "Issued",
    "Limits",
    "Model",
    "Observer",
    "Plan",
    "PredictionLog",
    "RequestIds",
    "Review",
    "Rule",
    "Running",
    "ServerSettings",
    "Service",
    "ServiceObserver",
    "Source",
    "Versions",
    "Watch",
    "application",
    "errors",
    "issue",
    "run",
    "work",
]
