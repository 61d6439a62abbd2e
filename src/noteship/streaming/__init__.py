"""A model between two streams of messages: rows in, predictions out, at least once."""

from noteship.streaming import errors
from noteship.streaming.jetstream import JetStream, StreamSettings
from noteship.streaming.worker import Broker, Counted, Message, StreamWorker

__all__ = ["Broker", "Counted", "JetStream", "Message", "StreamSettings", "StreamWorker", "errors"]
