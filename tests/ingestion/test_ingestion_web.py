"""Files behind HTTP: transfers that break off, redirects, and who may see a secret."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.origin_places import open_origin, source
from ingestion import web_server
from noteship import ingestion
from noteship.ingestion import errors, web

DATA = bytes(range(256)) * 2048  # half a MiB
TOKEN = "t0ken-of-the-site"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[web_server.Site]:
    monkeypatch.setenv("SITE_TOKEN", TOKEN)
    monkeypatch.setattr(web, "WAIT_S", 0.01)
    with web_server.serving() as found:
        found.files["/data.bin"] = DATA
        yield found


def origin(site: web_server.Site, path: str = "/data.bin", **more: object) -> ingestion.Origin:
    return open_origin(source(f"{site.address}{path}", **more))


def watch(cancel: threading.Event | None = None, **limits: float) -> ingestion.Watch:
    return ingestion.Watch("here", cancel, ingestion.Limits(**limits))  # type: ignore[arg-type]


SECRETIVE = {"credentials": ingestion.Credentials(env="SITE_TOKEN")}


def test_a_transfer_goes_on_where_it_broke_off(site: web_server.Site, tmp_path: Path) -> None:
    """Only what is missing is asked for, and only of the same file."""
    site.cuts = [100_000, 50_000]
    fetched = origin(site).fetch(tmp_path / "x", None, watch())
    assert (tmp_path / "x").read_bytes() == DATA
    assert fetched.size_bytes == len(DATA)
    ranges = [headers.get("range") for method, _, headers in site.asked if method == "GET"]
    assert ranges == [None, "bytes=100000-", "bytes=150000-"]


@pytest.mark.parametrize("has_etag", [True, False])
def test_what_cannot_go_on_begins_anew(site: web_server.Site, tmp_path: Path, has_etag: bool) -> None:
    """A server without ranges, or without a name for the version, gives all of it again."""
    site.cuts, site.ranges, site.has_etag = [100_000], not has_etag, has_etag
    origin(site).fetch(tmp_path / "x", None, watch())
    assert (tmp_path / "x").read_bytes() == DATA


def test_a_file_that_changes_meanwhile_is_not_mixed(site: web_server.Site, tmp_path: Path) -> None:
    """What came of the one before is thrown away, and the version is of what is there in the end."""
    site.cuts, site.pace_s = [100_000], 0.001
    asked = origin(site).version(watch())

    def change() -> None:
        while len(site.asked) < 2:
            time.sleep(0.001)
        site.files["/data.bin"] = DATA[::-1]

    thread = threading.Thread(target=change)
    thread.start()
    fetched = origin(site).fetch(tmp_path / "x", asked, watch())
    thread.join()
    assert (tmp_path / "x").read_bytes() == DATA[::-1]
    assert fetched.version != asked


@pytest.mark.parametrize("chunked", [False, True])
def test_a_transfer_that_never_ends_well_is_cut_off(site: web_server.Site, tmp_path: Path, chunked: bool) -> None:
    """After a few tries it is an error, which says how much came, and nothing is kept."""
    site.cuts, site.ranges, site.chunked = [1000] * 20, False, chunked
    with pytest.raises(errors.CutOff, match="bytes came, in 6 tries") as caught:
        origin(site).fetch(tmp_path / "x", None, watch())
    assert caught.value.retryable
    assert list(tmp_path.iterdir()) == []


def test_a_chunked_answer_comes_whole(site: web_server.Site, tmp_path: Path) -> None:
    """Also without a length; then nothing but the limit says how much it may be."""
    site.chunked = True
    assert origin(site).fetch(tmp_path / "x", None, watch()).size_bytes == len(DATA)
    with pytest.raises(errors.TooMuch):
        origin(site).fetch(tmp_path / "y", None, watch(size_bytes=100_000))


def test_a_busy_server_is_asked_again(site: web_server.Site, tmp_path: Path) -> None:
    """It is given time; one that is busy for ever can be tried later."""
    site.busy = 2
    assert origin(site).version(watch())
    site.busy = 2
    origin(site).fetch(tmp_path / "x", None, watch())
    site.busy = 100
    with pytest.raises(errors.OriginUnreachable, match="503"):
        origin(site).version(watch())


def test_a_version_is_found_where_the_server_says_little(site: web_server.Site) -> None:
    """Without HEAD by the file's own answer; without an ETag by time and size; without all that there is none."""
    site.takes_head = False
    assert origin(site).version(watch())
    site.has_etag = False
    assert origin(site).version(watch()) is None
    site.headers["last-modified"] = "Mon, 02 Nov 2026 10:00:00 GMT"
    assert origin(site).version(watch()) == f"Mon, 02 Nov 2026 10:00:00 GMT, {len(DATA)} bytes"


def test_a_redirect_to_another_host_does_not_take_the_secret_along(site: web_server.Site, tmp_path: Path) -> None:
    """The declared host sees it, and no other: not even another port of it."""
    site.token = f"Bearer {TOKEN}"
    with web_server.serving() as other:
        other.files["/data.bin"] = DATA
        site.redirects = {"/moved": "/data.bin", "/away": f"{other.address}/data.bin?signature=for-a-moment"}
        other.files["/data.bin?signature=for-a-moment"] = DATA
        origin(site, "/moved", **SECRETIVE).fetch(tmp_path / "x", None, watch())
        origin(site, "/away", **SECRETIVE).fetch(tmp_path / "y", None, watch())
        assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes() == DATA
        assert all(TOKEN not in str(headers) for _, _, headers in other.asked)
        assert other.asked
        del other.files["/data.bin?signature=for-a-moment"]
        with pytest.raises(errors.NothingThere) as caught:
            origin(site, "/away", **SECRETIVE).fetch(tmp_path / "z", None, watch())
        assert "signature" not in str(caught.value)


def test_a_secret_in_any_header_stays_with_its_host(site: web_server.Site) -> None:
    """Also a user's password and a header of its own, and where this machine has another name."""
    credentials = ingestion.Credentials(env="SITE_TOKEN")
    with web_server.serving() as other:
        other.files["/data.bin"] = DATA
        elsewhere = other.address.replace("127.0.0.1", "localhost")
        site.redirects["/away"] = f"{elsewhere.replace('//', '//eve:else@')}/data.bin"
        for url, header in ((site.address.replace("//", "//ada@"), None), (site.address, "X-Key")):
            given = ingestion.Credentials(env=credentials.env, header=header)
            assert open_origin(source(f"{url}/away", credentials=given)).version(watch())
        assert {*site.asked[0][2]} - {*other.asked[0][2]} == {"authorization"}
        assert {*site.asked[1][2]} - {*other.asked[1][2]} == {"x-key"}


PRIVATE = ["127.0.0.1:{}", "localhost:{}", "[::1]", "10.0.0.8", "169.254.169.254", "100.64.0.1", "[::ffff:192.168.0.1]"]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_public_host_does_not_redirect_to_a_private_one(
    site: web_server.Site, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """This machine, its links, and private networks answer whom they do not answer outside; a proxy changes nothing."""
    with web_server.serving() as other:
        other.files["/data.bin"] = DATA
        place = host.format(other.address.rpartition(":")[2])
        site.redirects["http://data.example.org/data.bin"] = f"http://{place}/data.bin?for=a-moment"
        monkeypatch.setenv("http_proxy", site.address)
        with pytest.raises(errors.OriginFailed, match="in a private network") as caught:
            open_origin(source("http://data.example.org/data.bin")).version(watch())
        assert "name that address in `from`" in str(caught.value.parts().remedy)
        assert "a-moment" not in str(caught.value)
        assert not other.asked and len(site.asked) == 1


IN_A_NETWORK_OF_ITS_OWN = """
import pathlib, subprocess, sys
sys.path.insert(0, "tests")
hosts = pathlib.Path(sys.argv[1])
hosts.write_text("9.9.9.9 outside.example.org\\n10.1.2.3 inside.example.org\\n")
for command in (
    "ip link set lo up", "ip addr add 9.9.9.9/32 dev lo", "ip addr add 10.1.2.3/32 dev lo",
    f"mount --bind {hosts} /etc/hosts",
):
    subprocess.run(command.split(), check=True)
from contracts.origin_places import open_origin, source
from ingestion import web_server
from noteship.ingestion import Watch, errors
with web_server.serving("0.0.0.0") as site:
    port = site.address.rpartition(":")[2]
    site.files["/x"] = b"data"
    for begin, end in [("outside", "outside"), ("outside", "inside"), ("inside", "inside"), ("inside", "outside")]:
        site.redirects["/away"] = f"http://{end}.example.org:{port}/x"
        site.asked.clear()
        try:
            open_origin(source(f"http://{begin}.example.org:{port}/away")).version(Watch("here"))
            print(begin, end, "came", len(site.asked))
        except errors.OriginFailed as error:
            print(begin, end, error.reason, len(site.asked))
"""


@pytest.mark.slow
def test_a_name_is_as_private_as_its_address(tmp_path: Path) -> None:
    """What a server of names says counts; whoever declares a private host may be sent anywhere."""
    apart = ["unshare", "--map-root-user", "--net", "--mount"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no networks of one's own here")
    command = [*apart, sys.executable, "-c", IN_A_NETWORK_OF_ITS_OWN, str(tmp_path / "hosts")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    refused = "it redirects to inside.example.org, which is this machine or in a private network"
    assert done.stdout.splitlines() == [
        "outside outside came 2",
        f"outside inside {refused} 1",
        "inside inside came 2",
        "inside outside came 2",
    ]


@pytest.mark.parametrize("to", ["/round", "ftp://example.org/x", "http://[broken", ""])
def test_a_redirect_that_leads_nowhere_is_said(site: web_server.Site, to: str) -> None:
    """In a circle, to another protocol, or to what is no address."""
    site.redirects["/round"] = to
    with pytest.raises(errors.OriginFailed):
        origin(site, "/round").version(watch())


def test_a_secret_is_not_sent_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over plain HTTP to another machine it is not even connected."""
    monkeypatch.setenv("SITE_TOKEN", TOKEN)
    with pytest.raises(errors.OriginFailed, match="in clear"):
        open_origin(source("http://data.example.org/x", **SECRETIVE)).version(watch())


def test_a_secret_goes_as_it_is_declared(site: web_server.Site) -> None:
    """As a token, as a user's password, or in a header of its own."""
    with_user = site.address.replace("//", "//ada@")
    ways = [
        (f"{site.address}/data.bin", ingestion.Credentials(env="SITE_TOKEN"), "authorization", f"Bearer {TOKEN}"),
        (f"{with_user}/data.bin", ingestion.Credentials(env="SITE_TOKEN"), "authorization", "Basic YWRhOnQwa2"),
        (f"{site.address}/data.bin", ingestion.Credentials(env="SITE_TOKEN", header="X-Key"), "x-key", TOKEN),
    ]
    for url, credentials, header, value in ways:
        site.asked.clear()
        open_origin(source(url, credentials=credentials)).version(watch())
        assert site.asked[0][2][header].startswith(value)


def test_a_secret_that_no_header_can_have_is_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of its letters is shown; in a user's password they are coded, and may be any."""
    monkeypatch.setenv("SITE_TOKEN", "kept-€-secret")
    for more in ({}, {"header": "X-Key"}):
        with pytest.raises(errors.CredentialsMissing, match="letters that a header") as caught:
            open_origin(source("https://example.org/x", credentials=ingestion.Credentials(env="SITE_TOKEN", **more)))
        assert "kept" not in str(caught.value) and "€" not in str(caught.value)
    open_origin(source("https://ada@example.org/x", **SECRETIVE))


def test_a_proxy_is_used_where_the_environment_names_one(
    site: web_server.Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for the whole address."""
    site.files["http://data.example.org/data.bin"] = DATA
    monkeypatch.setenv("http_proxy", site.address.replace("//", "//ada:pass@"))
    open_origin(source("http://data.example.org/data.bin")).fetch(tmp_path / "x", None, watch())
    assert (tmp_path / "x").read_bytes() == DATA
    assert site.asked[0][2]["proxy-authorization"].startswith("Basic ")


def test_what_is_for_this_machine_goes_through_no_proxy(
    site: web_server.Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret for it, which may go without TLS, would leave it in clear."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with web_server.serving() as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        for host in ("127.0.0.1", "localhost"):
            url = f"{site.address}/data.bin".replace("127.0.0.1", host)
            open_origin(source(url, **SECRETIVE)).fetch(tmp_path / "x", None, watch())
        assert len(site.asked) == 2 and not proxy.asked


def test_a_coding_that_was_not_asked_for_is_refused(site: web_server.Site, tmp_path: Path) -> None:
    """It would be another file than the address names."""
    site.headers["content-encoding"] = "gzip"
    with pytest.raises(errors.OriginFailed, match="coding"):
        origin(site).fetch(tmp_path / "x", None, watch())


@pytest.mark.parametrize("how", ["stop", "timeout"])
def test_a_silent_server_is_left_soon(site: web_server.Site, tmp_path: Path, how: str) -> None:
    """A stop, or the end of the time, is not waited for until the server says something."""
    site.pace_s = 30
    cancel = threading.Event()
    began = time.monotonic()
    if how == "stop":
        threading.Timer(0.2, cancel.set).start()
        with pytest.raises(ingestion.Stopped):
            origin(site).fetch(tmp_path / "x", None, watch(cancel))
    else:
        with pytest.raises(errors.TooSlow):
            origin(site).fetch(tmp_path / "x", None, watch(timeout_s=0.2))
    assert time.monotonic() - began < 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_killed_halfway_it_leaves_nothing_that_counts(site: web_server.Site, tmp_path: Path) -> None:
    """The name is not there, and what was left beside it goes with the next transfer."""
    site.pace_s = 0.05
    code = (
        "import sys, pathlib\nfrom noteship import digests, ingestion\n"
        "s = ingestion.Source('data.x', ingestion.parsed(sys.argv[1]), 'x')\n"
        "o = ingestion.open_origin(s, pathlib.Path('/'), digests.of_file)\n"
        "o.fetch(pathlib.Path(sys.argv[2]), None, ingestion.Watch('here'))"
    )
    target = tmp_path / "x"
    child = subprocess.Popen([sys.executable, "-c", code, f"{site.address}/data.bin", str(target)])
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    assert not target.exists()
    assert len(list(tmp_path.iterdir())) == 1
    site.pace_s = 0
    origin(site).fetch(target, None, watch())
    assert list(tmp_path.iterdir()) == [target]
