"""What a service takes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """What a service takes.

    - body_bytes, rows: of one request; more is refused with 413
    - requests: that are read, wait or are scored at once; more are refused with 429
    - wait_s: for how long a request may be expected to wait for its scoring to begin; beyond it is refused with 429
    - head_s: within which a request begins on a new connection and its head has come, else the connection is closed
    - body_s: within which a request's body must have come, else 408
    - answer_s: within which a request is answered, else 504
    - stall_s: for how long one batch may be scored; beyond it the service says that it no longer lives
    """

    body_bytes: int = 16 << 20
    rows: int = 10_000
    requests: int = 1024
    wait_s: float = 1.0
    head_s: float = 30.0
    body_s: float = 30.0
    answer_s: float = 30.0
    stall_s: float = 30.0
