"""Data from elsewhere, fetched into files of the project with a record of where and when."""

from noteship.ingestion import errors
from noteship.ingestion.address import Address, check_open, parsed
from noteship.ingestion.code_names import is_code
from noteship.ingestion.credentials import Credentials
from noteship.ingestion.forms import form_of
from noteship.ingestion.offsets import Offsets
from noteship.ingestion.origin import Fetched, Limits, Origin, Progress, Stopped, Watch
from noteship.ingestion.source import Source, open_origin

__all__ = [
    "Address",
    "Credentials",
    "Fetched",
    "Limits",
    "Offsets",
    "Origin",
    "Progress",
    "Source",
    "Stopped",
    "Watch",
    "check_open",
    "errors",
    "form_of",
    "is_code",
    "open_origin",
    "parsed",
]
