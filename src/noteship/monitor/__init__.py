"""What a model is asked and what it answers, watched: profiles of the reference, sketches of windows, statistics."""

from noteship.monitor import errors
from noteship.monitor.betting import PairBet
from noteship.monitor.encoder import Encoded, Encoder
from noteship.monitor.fields import Field, Observed, Predictions
from noteship.monitor.profile import Profile
from noteship.monitor.sketch import Sketch

__all__ = ["Encoded", "Encoder", "Field", "Observed", "PairBet", "Predictions", "Profile", "Sketch", "errors"]
