"""Runs, metrics, reports and bundles, told to the tracking server that a team has."""

from noteship.tracking import errors
from noteship.tracking.delivering import Delivered, deliver
from noteship.tracking.event import Event, address
from noteship.tracking.outbox import Outbox, Refused

__all__ = ["Delivered", "Event", "Outbox", "Refused", "address", "deliver", "errors"]
