from __future__ import annotations

import socket

from noteship.supervising.channel import Channel, Connections, Gone, Samples, State, Stop
from noteship.supervising.sums import Family, Sample


def test_messages_arrive_whole_and_in_order() -> None:
    """Small and large messages and connections come as they were sent; then that the other side is gone."""
    here, end = Channel.pair()
    there = Channel(end)
    many = Samples(3, [Family("n", "", "counter", [Sample("n_total", (("a", str(i)),), i) for i in range(3000)])])
    first, second = socket.socketpair()
    with first, second:
        assert all((here.send(State(is_ready=True)), here.hand(first), here.send(many), here.send(Stop())))
        assert there.receive() == State(is_ready=True)
        handed = there.receive()
        assert isinstance(handed, Connections)
        with handed.sockets[0] as connection:
            connection.send(b"x")
            assert second.recv(1) == b"x"
    assert there.receive() == many
    assert there.receive() == Stop()
    assert there.receive() is None
    here.close()
    assert there.receive() == Gone()
    assert not there.send(Stop())
    there.close()


def test_who_does_not_read_is_not_waited_for() -> None:
    """Sending never blocks: what finds no room is refused."""
    here, end = Channel.pair()
    with end:
        count = 0
        while here.send(Stop()):
            count += 1
        assert count > 10
    here.close()
