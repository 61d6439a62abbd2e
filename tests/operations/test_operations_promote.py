"""Promotion: what is allowed, what is on record, and what others see meanwhile."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from noteship import store
from noteship.operations import judgements, promotions
from noteship.operations.errors import ChampionMoved, NoReason, NotPromoted, UnknownBundle
from noteship.operations.gc import gc
from noteship.operations.naming import named
from noteship.operations.opened import OpenedProject
from noteship.operations.promote import promote
from noteship.operations.who import who
from operations.judged_bundles import bundle_of, judge


@pytest.fixture
def opened(tmp_path: Path) -> OpenedProject:
    return OpenedProject.at(tmp_path)


def states(opened: OpenedProject) -> list[tuple[str, str]]:
    return [(each.promotion.bundle, each.state) for each in promotions.history(opened.store)]


def test_a_bundle_whose_gates_passed_becomes_champion(opened: OpenedProject) -> None:
    """Who, when, why and on which judgement is on record, and the champion is the bundle."""
    bundle = bundle_of(opened, "one")
    kept = judge(opened, bundle)
    promoted = promote(opened, "latest", reason="reads long mails")
    assert promoted.promotion is not None
    assert named(opened, None).by == "champion"
    assert named(opened, "champion").digest == bundle
    [past] = promotions.history(opened.store)
    assert past.state == "champion" and past.promotion == promoted.promotion
    told = past.to_json()
    assert (told["reason"], told["judgement"], told["by"]) == ("reads long mails", kept.judgement, who())
    assert (told["before"], told["override"], told["overridden"]) == (None, None, [])
    assert promoted.gates == ("f1 >= 0.95 (f1 0.962 >= 0.95)",)


def test_promoting_the_champion_does_nothing(opened: OpenedProject) -> None:
    """The champion stays what it is, without a record, even where its newer judgement failed."""
    bundle = bundle_of(opened, "one")
    judge(opened, bundle)
    promote(opened, bundle[:10])
    judge(opened, bundle, passed=False)
    assert promote(opened, bundle, override="again").promotion is None
    assert states(opened) == [(bundle, "champion")]


def test_what_was_not_validated_is_not_promoted(opened: OpenedProject) -> None:
    """Without a judgement of exactly that bundle there is no promotion; the message says the command."""
    one, other = bundle_of(opened, "one"), bundle_of(opened, "other")
    judge(opened, one)
    with pytest.raises(NotPromoted, match="it was not validated") as told:
        promote(opened, other)
    assert f"noteship validate {other[:12]}" in str(told.value)
    with pytest.raises(UnknownBundle):
        promote(opened, "0123")
    assert states(opened) == []


def test_a_judgement_of_another_bundle_under_its_name_does_not_count(opened: OpenedProject) -> None:
    """What a judgement says of its bundle counts, not where it lies."""
    one, other = bundle_of(opened, "one"), bundle_of(opened, "other")
    kept = judge(opened, one)
    value = {"judgement": kept.judgement, "key": "key", "pages": {}}
    opened.store.write_ref(f"judgements/{other}/{kept.id}", value, expected=None)
    with pytest.raises(NotPromoted, match="it was not validated"):
        promote(opened, other)


def test_failed_gates_are_told(opened: OpenedProject) -> None:
    """The latest judgement counts; the message has the gates that failed with their numbers."""
    bundle = bundle_of(opened, "one")
    judge(opened, bundle)
    judge(opened, bundle, passed=False, failures=("the bundle is worse than its clone",))
    with pytest.raises(NotPromoted, match="its judgement failed") as told:
        promote(opened, bundle)
    assert "the bundle is worse than its clone" in str(told.value)
    assert "gate f1 >= 0.95: f1 0.912 < 0.95" in str(told.value)
    assert told.value.exit_code == 1


def test_another_champion_since_the_judgement_asks_for_another_judgement(opened: OpenedProject) -> None:
    """Gates about the champion were about that one; the message names both."""
    one, two = bundle_of(opened, "one"), bundle_of(opened, "two")
    judge(opened, one)
    judge(opened, two)
    promote(opened, one)
    with pytest.raises(NotPromoted, match="compared with another champion") as told:
        promote(opened, two)
    assert f"none then, {one[:12]} now" in str(told.value)
    judge(opened, two)
    promote(opened, two)
    assert states(opened) == [(two, "champion"), (one, "replaced")]


def test_other_settings_since_the_judgement_ask_for_another_judgement(opened: OpenedProject) -> None:
    """What changed of [validate] is named."""
    bundle = bundle_of(opened, "one")
    judge(opened, bundle, settings={**opened.settings.validate.to_json(), "gates": ["f1 >= 0.5"], "seed": 7})
    with pytest.raises(NotPromoted, match=r"\[validate\] is not what it was judged by: gates, seed"):
        promote(opened, bundle)


def test_looking_at_other_rows_takes_no_judgement_back(opened: OpenedProject) -> None:
    """The last judgement by what is declared counts, whatever was asked since; of two of these the later one."""
    bundle = bundle_of(opened, "one")
    declared = opened.settings.validate.to_json()
    judge(opened, bundle, passed=False)
    kept = judge(opened, bundle)
    judge(opened, bundle, passed=False, settings={**declared, "holdout": {"by": "time"}})
    promoted = promote(opened, bundle).promotion
    assert promoted and promoted.judgement == kept.judgement


def test_an_override_is_marked_for_ever(opened: OpenedProject) -> None:
    """An override needs a reason, and stays on the champion and on record with what spoke against it."""
    one, two = bundle_of(opened, "one"), bundle_of(opened, "two")
    judge(opened, one, passed=False)
    with pytest.raises(NoReason):
        promote(opened, one, override="  ")
    promote(opened, one, override="the old one is down")
    assert named(opened, None).override == "the old one is down"
    judge(opened, two)
    promote(opened, two)
    assert named(opened, None).override == ""
    first = list(promotions.history(opened.store))[1].promotion
    assert first.override == "the old one is down"
    assert first.overridden == ("its judgement failed", "gate f1 >= 0.95: f1 0.912 < 0.95")


def test_an_override_of_nothing_is_a_reason(opened: OpenedProject) -> None:
    """Where nothing speaks against a bundle there is nothing to mark."""
    judge(opened, bundle_of(opened, "one"))
    promoted = promote(opened, "latest", override="we know")
    assert promoted.promotion and (promoted.promotion.reason, promoted.promotion.override) == ("we know", None)
    assert any("not marked" in note for note in promoted.notes)


def test_without_a_reason_the_judgement_is_the_reason(opened: OpenedProject) -> None:
    """Why is always on record."""
    judge(opened, bundle_of(opened, "one"))
    promoted = promote(opened, "latest")
    assert promoted.promotion and promoted.promotion.reason == "its judgement passed"


def test_a_bundle_that_lacks_files_is_not_promoted(opened: OpenedProject) -> None:
    """What could not be served is no champion, and no override changes that."""
    bundle = bundle_of(opened, "one")
    judge(opened, bundle)
    [leaf] = opened.store.read_tree(named(opened, bundle).digest).files.values()
    opened.store.sweep({named(opened, bundle).digest}, older_than_s=0)
    assert not opened.store.has(leaf.digest)
    opened.store.put_bytes(b"{}")
    judge(opened, bundle)
    with pytest.raises(NotPromoted, match="does not have all of its files") as told:
        promote(opened, bundle, override="now")
    assert "--override" not in str(told.value)


def test_a_promotion_that_came_first_is_never_overwritten(opened: OpenedProject) -> None:
    """Of two promotions from one state the second is told of the first; its record says that it was not carried out."""
    one, two = bundle_of(opened, "one"), bundle_of(opened, "two")
    for each in (one, two):
        judge(opened, each)
    begun = promotions.Promotion(two, "mail", "ada")
    promote(opened, one)
    with pytest.raises(store.errors.RefMoved):
        promotions.move(opened.store, begun, None)
    assert named(opened, None).digest == one
    assert sorted(states(opened)) == sorted([(one, "champion"), (two, "not carried out")])


def test_of_promotions_at_once_one_wins_each_time(opened: OpenedProject) -> None:
    """Whoever loses is told; the champion's history has every promotion that was said to be done, in one line."""
    bundles = [bundle_of(opened, f"bundle-{number}") for number in range(4)]
    done: list[str] = []
    lost: list[str] = []
    barrier = threading.Barrier(len(bundles))

    def one(bundle: str) -> None:
        barrier.wait()
        try:
            promoted = promote(OpenedProject.at(opened.root), bundle, override="race")
        except ChampionMoved as error:
            lost.append(error.champion)
        else:
            assert promoted.promotion
            done.append(promoted.promotion.id)

    threads = [threading.Thread(target=one, args=(bundle,)) for bundle in bundles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    past = list(promotions.history(opened.store))
    assert {each.promotion.id for each in past if each.state != "not carried out"} == set(done)
    assert len(done) + len(lost) == len(past) == len(bundles) and done
    assert sum(each.state == "champion" for each in past) == 1


KILLED = """
import sys
from pathlib import Path
from noteship.operations.opened import OpenedProject
from noteship.operations.promote import promote
opened = OpenedProject.at(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    for bundle in sys.argv[2:]:
        promote(opened, bundle, override="loop")
"""


@pytest.mark.slow
def test_killed_promotions_leave_a_true_record(opened: OpenedProject) -> None:
    """Killed at any moment, the champion is that of the last promotion carried out, and another one goes on from it."""
    bundles = [bundle_of(opened, f"bundle-{number}") for number in range(2)]
    for _ in range(20):
        command = [sys.executable, "-c", KILLED, str(opened.root), *bundles]
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout and child.stdout.readline() == b"ready\n"
        time.sleep(random.uniform(0.01, 0.1))
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        now = promotions.champion(opened.store)
        assert now
        past = list(promotions.history(opened.store))
        carried_out = [each.promotion for each in past if each.state != "not carried out"]
        assert (carried_out[0].bundle, carried_out[0].id) == (now.digest, now.promotion)
        # One at most of each kill: its record was written, and the champion was not moved.
        assert len(past) - len(carried_out) <= 20
        for later, earlier in itertools.pairwise(carried_out):
            assert (later.before, later.before_promotion) == (earlier.bundle, earlier.id)


def test_gc_keeps_what_promotions_were_decided_on(opened: OpenedProject) -> None:
    """Judgements of kept bundles stay with their pages, those that promotions name as values; others go."""
    one, two, three = (bundle_of(opened, name) for name in ("one", "two", "three"))
    kept = {}
    for bundle in (one, two):
        kept[bundle] = judge(opened, bundle)
        promote(opened, bundle)
    kept[three] = judge(opened, three, passed=False)
    opened.store.delete_ref("names/latest")
    # Nothing is so young that it is kept for that.
    for path in (opened.root / ".noteship/store/objects").rglob("*"):
        os.utime(path, (0, 0))
    gc(opened, 1, dry_run=False)
    objects = opened.store
    assert all(map(objects.has, kept[two].digests))
    assert objects.has(kept[one].judgement) and not objects.has(kept[one].pages["report"])
    assert not any(map(objects.has, kept[three].digests))
    assert [each.bundle for each in judgements.every(objects)] == [two]
    assert [each.promotion.bundle for each in promotions.history(objects)] == [two, one]
    assert judgements.latest(objects, two) == kept[two] and judgements.find(objects, two, "key") == kept[two]
    assert judgements.latest(objects, one) is None


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "ada"}, "ada, in run ? of ?"),
        (
            {"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "bo", "CI_JOB_ID": "9", "CI_PROJECT_PATH": "a/b"},
            "bo, in job 9 of a/b",
        ),
    ],
)
def test_in_a_pipeline_it_is_who_started_it(environment: dict[str, str], told: str) -> None:
    """Pipelines run as a user that nobody knows; who started them is named, and which run it is."""
    assert who(environment) == told


def test_records_of_another_version_stop_nothing(opened: OpenedProject) -> None:
    """Judgements and promotions that this version cannot read are left out, and what they are about is kept."""
    bundle = bundle_of(opened, "one")
    judge(opened, bundle)
    objects = opened.store
    page = objects.put_bytes(b"a page of another version")
    later = "29990101T000000000000Z-aaaaaa"
    objects.write_ref(f"judgements/{bundle}/{later}", {"format": 2, "parts": [{"page": page}]}, expected=None)
    objects.write_ref(f"promotions/{later}", {"format": 2}, expected=None)
    assert promote(opened, "latest").promotion is not None
    assert [each.state for each in promotions.history(objects)] == ["champion"]
    for path in (opened.root / ".noteship/store").rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))
    gc(opened, 1, dry_run=False)
    assert objects.has(page)
