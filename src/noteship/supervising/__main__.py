"""A worker process: `python -P -m noteship.supervising DESCRIPTOR`, started by a supervisor and by nobody else."""

from __future__ import annotations

import pickle
import socket
import sys

from noteship.supervising.channel import Channel
from noteship.supervising.member import Orders
from noteship.supervising.post import Post


def _main() -> None:
    end = socket.socket(fileno=int(sys.argv[1]))
    end.setblocking(True)
    # The supervisor's first message: bytes that it made itself.
    orders: Orders = pickle.loads(end.recv(1 << 20))  # noqa: S301
    sys.path[:] = orders.paths
    work = pickle.loads(orders.work)  # noqa: S301
    work(Post(orders.number, Channel(end), orders.kept))


if __name__ == "__main__":
    _main()
