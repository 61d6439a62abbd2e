"""The ways of asking for predictions."""

from noteship.serving.schemes.plain import PlainScheme
from noteship.serving.schemes.v1 import V1Scheme
from noteship.serving.schemes.v2 import V2Scheme, inputs_of, outputs_of

__all__ = ["PlainScheme", "V1Scheme", "V2Scheme", "inputs_of", "outputs_of"]
