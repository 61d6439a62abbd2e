"""Laws of server-side apply, as the cluster in memory has it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from noteship.cluster import owned_fields

VALUES = st.integers(0, 2) | st.lists(st.integers(0, 2), max_size=2)
MAPS = st.recursive(VALUES, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3))
NAMED = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("pqr")}, optional={"image": VALUES}),
    min_size=1,
    max_size=3,
    unique_by=lambda each: str(each["name"]),
)
THINGS = st.fixed_dictionaries({}, optional={"data": MAPS, "more": MAPS, "containers": NAMED})


def applied(*steps: tuple[str, dict[str, Any]]) -> owned_fields.Merged:
    now = owned_fields.Merged({}, {}, ())
    for manager, wanted in steps:
        now = owned_fields.merge(now.thing, now.owners, manager, wanted)
    return now


@given(THINGS)
def test_what_one_manager_applies_is_there(wanted: dict[str, Any]) -> None:
    """All of it, and nothing else; again, it is the same."""
    assert applied(("a", wanted)).thing == wanted
    assert applied(("a", wanted), ("a", wanted)) == applied(("a", wanted))


@given(THINGS, THINGS)
def test_only_the_last_that_a_manager_applied_counts(first: dict[str, Any], second: dict[str, Any]) -> None:
    """What was before, and is wanted no more, leaves nothing behind; the order of named things may be another one."""
    found, wanted = applied(("a", first), ("a", second)).thing, applied(("a", second)).thing
    assert sorted_by_name(found) == sorted_by_name(wanted)


@given(THINGS, THINGS)
def test_who_takes_all_back_leaves_what_others_set(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Where the two did not contradict each other."""
    both = applied(("b", theirs), ("a", ours))
    if both.conflicts or not shapes_agree(ours, theirs):
        return
    found = owned_fields.merge(both.thing, both.owners, "a", {})
    assert sorted_by_name(found.thing) == sorted_by_name(theirs)


@given(THINGS, THINGS)
def test_a_conflict_is_about_a_field_of_both(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Which the two want to be different; once taken by force, it is the taker's alone."""
    found = applied(("b", theirs), ("a", ours))
    shared = owned_fields.fields_of(ours) & owned_fields.fields_of(theirs)
    assert {each.path for each in found.conflicts} <= shared
    assert all(each.path not in found.owners.get("b", ()) for each in found.conflicts)
    assert not applied(("b", theirs), ("a", ours), ("a", ours)).conflicts


def sorted_by_name(thing: dict[str, Any]) -> dict[str, Any]:
    if "containers" not in thing:
        return thing
    return {**thing, "containers": sorted(thing["containers"], key=lambda each: str(each["name"]))}


def shapes_agree(one: Any, other: Any) -> bool:
    """Whether nowhere one has a map where the other has a value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(shapes_agree(one[name], other[name]) for name in one.keys() & other.keys())
    return isinstance(one, dict) == isinstance(other, dict)
