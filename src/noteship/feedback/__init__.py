"""Labels in files, for predictions that were served: read, and told to the service that made these."""

from noteship.feedback import errors
from noteship.feedback.asking import Service, token_in
from noteship.feedback.keeping import Version, keep
from noteship.feedback.reading import Labelled, Unfit, read
from noteship.feedback.sending import Refusal, Summary, send

__all__ = [
    "Labelled",
    "Refusal",
    "Service",
    "Summary",
    "Unfit",
    "Version",
    "errors",
    "keep",
    "read",
    "send",
    "token_in",
]
