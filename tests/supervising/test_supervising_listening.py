from __future__ import annotations

import pytest

from noteship.supervising import errors, listen, url_of


def test_a_port_of_ones_own() -> None:
    """Port 0 takes a free one, which a second listener does not get; the URL names an address that can be asked."""
    with listen("0.0.0.0", 0) as one:
        port = one.getsockname()[1]
        assert url_of("0.0.0.0", one) == f"http://127.0.0.1:{port}"
        with pytest.raises(errors.CannotListen) as caught:
            listen("127.0.0.1", port)
    assert "another program listens there" in str(caught.value)
