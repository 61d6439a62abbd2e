from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noteship.images import errors, reference
from noteship.images.reference import ImageName

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "name", "asked"),
    [
        ("registry.example.org/mail", ImageName("registry.example.org", "mail", "latest"), "latest"),
        ("localhost/team/mail:1.0", ImageName("localhost", "team/mail", "1.0"), "1.0"),
        ("10.0.0.7:5000/team/mail", ImageName("10.0.0.7:5000", "team/mail", "latest"), "latest"),
        ("[::1]:5000/team/mail:A_b-c.9", ImageName("[::1]:5000", "team/mail", "A_b-c.9"), "A_b-c.9"),
        (
            f"registry.example.org/a__b/c-d.e@{DIGEST}",
            ImageName("registry.example.org", "a__b/c-d.e", "", DIGEST),
            DIGEST,
        ),
        (f"registry.example.org/mail:1@{DIGEST}", ImageName("registry.example.org", "mail", "1", DIGEST), DIGEST),
    ],
)
def test_a_name_is_taken_apart(text: str, name: ImageName, asked: str) -> None:
    """Registry, repository, tag and digest; the digest is what is asked for where there is one."""
    assert reference.parsed(text) == name
    assert name.reference == asked
    assert reference.parsed(str(name)) == name


@pytest.mark.parametrize(
    ("text", "reason", "nearest"),
    [
        ("python:3.11", "no registry", "registry.example.org/python:3.11"),
        ("team/mail", "no registry", "registry.example.org/team/mail"),
        ("registry.example.org/Team/Mail:1", "'Team/Mail'", "team/mail"),
        ("registry.example.org/team//mail", "'team//mail'", ""),
        ("registry.example.org/../mail", "'../mail'", ""),
        ("registry.example.org/mail:", "'' is no tag", ""),
        ("registry.example.org/mail:a b", "'a b' is no tag", ""),
        ("registry.example.org/mail:" + "a" * 129, "is no tag", ""),
        ("registry.example.org/mail@sha512:" + "a" * 128, "no digest", ""),
        ("registry.example.org/mail@" + DIGEST.upper(), "no digest", ""),
        ("registry.example.org:99999/mail", "no host", ""),
        ("registry.example.org:0/mail", "no host", ""),
        ("user:pass@registry.example.org/mail", "no digest", ""),
        ("https://registry.example.org/mail", "no host", ""),
        ("registry.example.org/" + "a" * 300, "no repository", ""),
        ("", "no registry", "registry.example.org/"),
    ],
)
def test_what_is_no_name_is_refused(text: str, reason: str, nearest: str) -> None:
    """A name without a registry, or with anything that no registry takes, says so; none is guessed."""
    with pytest.raises(errors.BadImageName) as raised:
        reference.parsed(text)
    assert reason in raised.value.reason
    assert raised.value.nearest == nearest


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    """Whatever is written, it is a name that is written alike, or BadImageName."""
    for each in (text, f"registry.example.org/{text}"):
        try:
            name = reference.parsed(each)
        except errors.BadImageName:
            continue
        assert reference.parsed(str(name)) == name
