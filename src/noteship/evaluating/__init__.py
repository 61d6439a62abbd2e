"""Windows of a release closed beside what serves it, and what was decided of them told to Prometheus."""

from noteship.evaluating import decided, errors
from noteship.evaluating.answering import Answering, Guarded
from noteship.evaluating.rounds import Round, Rounds

__all__ = ["Answering", "Guarded", "Round", "Rounds", "decided", "errors"]
