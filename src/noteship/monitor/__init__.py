"""What a model is asked and what it answers, watched: profiles of the reference, sketches of windows, statistics."""

from noteship.monitor import errors
from noteship.monitor.betting import PairBet
from noteship.monitor.calls import Calls
from noteship.monitor.comparing import Pair, Side, Terms, Verdict, compare
from noteship.monitor.decision import Decision
from noteship.monitor.encoder import Encoded, Encoder
from noteship.monitor.evaluating import Evaluator, closes, settle
from noteship.monitor.fields import Field, Observed, Predictions
from noteship.monitor.gaining import gains
from noteship.monitor.judging import judge
from noteship.monitor.keeping import KeptRows
from noteship.monitor.label_keeping import keep_labels, kept_s, key_of
from noteship.monitor.label_writing import read_labels
from noteship.monitor.labels import Judgement, Labels
from noteship.monitor.pieces import Boot, Piece, Place
from noteship.monitor.profile import Profile
from noteship.monitor.recording import Recorder
from noteship.monitor.rehearsing import Rehearsal, Rehearsed, rehearse
from noteship.monitor.sample import Kept, Row, Sample
from noteship.monitor.sampling import Sampling
from noteship.monitor.settings import Settings
from noteship.monitor.sketch import Sketch
from noteship.monitor.state import State
from noteship.monitor.windows import Windows, places
from noteship.monitor.writing import Writer

__all__ = [
    "Boot",
    "Calls",
    "Decision",
    "Encoded",
    "Encoder",
    "Evaluator",
    "Field",
    "Judgement",
    "Kept",
    "KeptRows",
    "Labels",
    "Observed",
    "Pair",
    "PairBet",
    "Piece",
    "Place",
    "Predictions",
    "Profile",
    "Recorder",
    "Rehearsal",
    "Rehearsed",
    "Row",
    "Sample",
    "Sampling",
    "Settings",
    "Side",
    "Sketch",
    "State",
    "Terms",
    "Verdict",
    "Windows",
    "Writer",
    "closes",
    "compare",
    "errors",
    "gains",
    "judge",
    "keep_labels",
    "kept_s",
    "key_of",
    "places",
    "read_labels",
    "rehearse",
    "settle",
]
