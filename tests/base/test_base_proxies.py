from __future__ import annotations

import pytest

from noteship import proxies

PROXY = "http://proxy.example.org:3128"


@pytest.mark.parametrize(
    ("url", "no_proxy", "is_through"),
    [
        ("https://registry.example.org/v2/", "", True),
        ("https://registry.example.org/v2/", "registry.example.org", False),
        ("https://registry.example.org/v2/", "example.org", False),
        ("https://registry.example.org/v2/", ".example.org", False),
        ("https://registry.example.org/v2/", "*.example.org", False),
        ("https://Registry.Example.org/v2/", " other.org , EXAMPLE.org ", False),
        ("https://registry.badexample.org/v2/", "example.org", True),
        ("https://registry.example.org:5000/v2/", "registry.example.org:5000", False),
        ("https://registry.example.org/v2/", "registry.example.org:5000", True),
        ("https://registry.example.org/v2/", "registry.example.org:443", False),
        ("https://registry.example.org/v2/", "*", False),
        ("https://10.1.2.3/v2/", "10.0.0.0/8", False),
        ("https://11.1.2.3/v2/", "10.0.0.0/8,,", True),
        ("https://10.1.2.3:5000/v2/", "10.1.2.3:5000", False),
        ("https://[fd00::7]:5000/v2/", "fd00::/8", False),
        ("https://[fd00::7]:5000/v2/", "[fd00::7]:5000", False),
        ("https://[fd00::7]:5000/v2/", "10.0.0.0/8", True),
        ("https://127.0.0.1:5000/v2/", "", False),
        ("https://[::1]:5000/v2/", "", False),
        ("https://localhost:5000/v2/", "", False),
        ("https://localhost.example.org/v2/", "", True),
    ],
)
def test_no_proxy_names_who_is_asked_directly(url: str, no_proxy: str, is_through: bool) -> None:
    """Names hold for what is beneath them, networks for their addresses; this machine is asked through no proxy."""
    assert proxies.proxy_for(url, {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy}) == (PROXY if is_through else "")


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, ""),
        ({"HTTP_PROXY": PROXY}, ""),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"}, PROXY),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"HTTPS_PROXY": "proxy.example.org:3128"}, PROXY),
        ({"HTTPS_PROXY": "  "}, ""),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "*", "NO_PROXY": "other"}, ""),
    ],
)
def test_variables_are_read_as_by_other_programs(environment: dict[str, str], proxy: str) -> None:
    """Small letters come first, the scheme's own variable before that for all, and a bare host is one of http."""
    assert proxies.proxy_for("https://registry.example.org/v2/", environment) == proxy


def test_a_shown_address_has_no_secrets() -> None:
    """User, password and query are left out."""
    assert (
        proxies.shown("http://ada:s3cr3t@proxy.example.org:3128/x?token=s3cr3t#y") == "http://proxy.example.org:3128/x"
    )
    assert proxies.shown("http://[") == "an address that is none"
