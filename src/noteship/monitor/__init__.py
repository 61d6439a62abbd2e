"""What a model is asked and what it answers, watched: profiles of the reference, sketches of windows, statistics."""

from noteship.monitor import errors
from noteship.monitor.betting import PairBet
from noteship.monitor.decision import Decision
from noteship.monitor.encoder import Encoded, Encoder
from noteship.monitor.evaluating import Evaluator, closes, settle
from noteship.monitor.fields import Field, Observed, Predictions
from noteship.monitor.judging import judge
from noteship.monitor.pieces import Boot, Piece, Place
from noteship.monitor.profile import Profile
from noteship.monitor.recording import Recorder
from noteship.monitor.settings import Settings
from noteship.monitor.sketch import Sketch
from noteship.monitor.state import State
from noteship.monitor.windows import Windows, places
from noteship.monitor.writing import Writer

__all__ = [
    "Boot",
    "Decision",
    "Encoded",
    "Encoder",
    "Evaluator",
    "Field",
    "Observed",
    "PairBet",
    "Piece",
    "Place",
    "Predictions",
    "Profile",
    "Recorder",
    "Settings",
    "Sketch",
    "State",
    "Windows",
    "Writer",
    "closes",
    "errors",
    "judge",
    "places",
    "settle",
]
