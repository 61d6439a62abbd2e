"""What probes and Prometheus are answered, asked over real connections."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import trustme
from prometheus_client.parser import text_string_to_metric_families

from noteship import evaluating, supervising
from noteship.evaluating import exposition

FAMILIES = [
    supervising.Family(
        "noteship_window_rows",
        'rows, of "one"\nwindow \\ more',
        "gauge",
        [
            supervising.Sample("noteship_window_rows", (("model", 'a "b" \\ c\nd'), ("version", "1")), 300.0),
            supervising.Sample("noteship_window_rows", (("model", "e"), ("version", "2")), float("inf")),
        ],
    ),
    supervising.Family("noteship_closed", "closed", "counter", [supervising.Sample("noteship_closed_total", (), 2.0)]),
    supervising.Family("noteship_none", "none of it", "gauge", []),
]
OPEN = evaluating.Guarded(is_open=True)


@contextmanager
def answering(
    guarded: evaluating.Guarded,
    is_alive: Callable[[], bool] = lambda: True,
    is_ready: Callable[[], bool] = lambda: True,
) -> Iterator[str]:
    """Somebody who answers on this machine."""
    guarded.check()
    listener = supervising.listen("127.0.0.1", 0)
    end = evaluating.Answering(lambda: True, is_ready, lambda: FAMILIES, guarded).start(listener)
    try:
        yield supervising.url_of("127.0.0.1", listener, is_tls=guarded.certificate is not None)
    finally:
        end()


def test_the_text_says_what_the_families_say() -> None:
    """Prometheus' own parser reads the same names, labels and numbers."""
    found = {each.name: each for each in text_string_to_metric_families(exposition.text(FAMILIES))}
    assert set(found) == {"noteship_window_rows", "noteship_closed"}
    assert (found["noteship_window_rows"].type, found["noteship_closed"].type) == ("gauge", "counter")
    assert [(each.labels, each.value) for each in found["noteship_window_rows"].samples] == [
        ({"model": 'a "b" \\ c\nd', "version": "1"}, 300.0),
        ({"model": "e", "version": "2"}, float("inf")),
    ]
    assert found["noteship_window_rows"].documentation == 'rows, of "one"\nwindow \\ more'


def test_probes_are_answered_without_a_token() -> None:
    """Health says what it was told; other paths are not there."""
    with answering(evaluating.Guarded(), is_ready=lambda: False) as url:
        assert httpx.get(f"{url}/health/live").status_code == 200
        assert httpx.get(f"{url}/health/ready").status_code == 503
        assert httpx.get(f"{url}/").status_code == 404
        assert httpx.post(f"{url}/metrics").status_code == 501


def test_metrics_are_for_who_has_the_token(tmp_path: Path) -> None:
    """The token of the file as it is now; without a file nobody, unless it is said that everybody may."""
    token = tmp_path / "token"
    token.write_text("abc\n")

    def status(url: str, *given: str) -> int:
        return httpx.get(f"{url}/metrics", headers={"Authorization": given[0]} if given else {}).status_code

    with answering(evaluating.Guarded(token)) as url:
        assert [status(url), status(url, "Bearer abd"), status(url, "abc"), status(url, "Basic abc")] == [401] * 4
        found = httpx.get(f"{url}/metrics?x=1", headers={"Authorization": "bearer abc"})
        assert (found.status_code, found.headers["content-type"]) == (200, exposition.CONTENT_TYPE)
        assert "noteship_window_rows" in found.text
        token.write_text("other")
        assert [status(url, "Bearer abc"), status(url, "Bearer other")] == [401, 200]
        token.unlink()
        assert status(url, "Bearer other") == 401
    with answering(evaluating.Guarded()) as url:
        assert [status(url), status(url, "Bearer x")] == [401, 401]
    with answering(OPEN) as url:
        assert status(url) == 200


def test_files_that_cannot_be_used_are_said(tmp_path: Path) -> None:
    """A token that is not there or empty, a certificate without its key: said before anybody is answered."""
    with pytest.raises(evaluating.errors.UnusableFile, match="No such file"):
        evaluating.Guarded(tmp_path / "none").check()
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(evaluating.errors.UnusableFile, match="nothing in it"):
        evaluating.Guarded(tmp_path / "empty").check()
    with pytest.raises(evaluating.errors.UnusableFile, match="certificate"):
        evaluating.Guarded(certificate=tmp_path / "empty", key=tmp_path / "empty").check()


def test_connections_may_be_protected(tmp_path: Path) -> None:
    """With a certificate it speaks TLS, with the one that the files hold then; who speaks none is left alone."""
    authority = trustme.CA()
    chain, key = tmp_path / "tls.crt", tmp_path / "tls.key"

    def write() -> None:
        issued = authority.issue_cert("127.0.0.1")
        issued.private_key_pem.write_to_path(key)
        issued.cert_chain_pems[0].write_to_path(chain)

    write()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with answering(evaluating.Guarded(is_open=True, certificate=chain, key=key)) as url:
        assert httpx.get(f"{url}/metrics", verify=context).status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{url.replace('https', 'http')}/metrics")
        write()
        assert httpx.get(f"{url}/metrics", verify=context).status_code == 200


def test_who_is_slow_keeps_nobody_waiting() -> None:
    """Connections that say nothing hold threads of their own, and for some seconds only."""
    with answering(OPEN) as url:
        address = ("127.0.0.1", httpx.URL(url).port or 0)
        silent = [socket.create_connection(address) for _ in range(20)]
        begun = time.monotonic()
        assert httpx.get(f"{url}/health/live").status_code == 200
        assert time.monotonic() - begun < 2
        for each in silent:
            each.close()
