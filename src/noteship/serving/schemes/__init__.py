"""The ways of asking for predictions."""

from noteship.serving.schemes.plain import PlainScheme

__all__ = ["PlainScheme"]
