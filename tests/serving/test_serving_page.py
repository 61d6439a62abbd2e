from __future__ import annotations

import re

from .served import Served


def test_the_page_needs_nothing_from_elsewhere(service: Served) -> None:
    """The page has no address of another host, and its policy lets nothing in but its own script and style."""
    response = service.client.get("/")
    assert response.headers["content-type"].startswith("text/html")
    assert not re.findall(r"(?:src|href)=\"(?!signature|metrics|health/ready|data:)", response.text)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy


def test_the_page_writes_what_it_fetched_as_text(service: Served) -> None:
    """Names and values reach the page as text and never as HTML, as a bundle may come from anybody."""
    assert not re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", service.client.get("/").text
    )
