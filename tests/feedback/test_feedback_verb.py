"""`noteship feedback FILE`: from a file to a service, and to what `noteship monitor` shows."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pandas
import pytest

from cli.projects import Project
from noteship import monitor, serving
from noteship.cli.main import main
from noteship.operations.opened import OpenedProject
from serving.served import LETTERS, Served, letters_bundle, loaded, rents_bundle, served
from serving.started import keep, started
from serving.watched import with_profile

ROWS = [[letter] for letter in LETTERS]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that tells letters from reviews."""
    folder = tmp_path_factory.mktemp("letters")
    with served(loaded(letters_bundle(folder), folder)) as one:
        yield one


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bundle with a profile."""
    return with_profile(letters_bundle(tmp_path_factory.mktemp("made")), ROWS)


def written(folder: Path, rows: Sequence[Sequence[Any]], header: str = "request,row,label") -> Path:
    """A CSV file of labels."""
    path = folder / "labels.csv"
    path.write_text("\n".join([header, *(",".join(map(str, each)) for each in rows)]) + "\n", encoding="utf-8")
    return path


def told(*words: object) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["feedback", *map(str, words)])
    return code, out.getvalue(), err.getvalue()


def test_a_file_is_told_and_may_be_told_again(service: Served, tmp_path: Path) -> None:
    """All taken is 0, also when all were known; rows without a label wait for theirs."""
    answer = service.predict(ROWS[:3]).json()
    path = written(tmp_path, [(answer["id"], 0, "letter"), (answer["id"], 1, "review"), (answer["id"], 2, "")])
    assert told(path, "--url", service.running.url) == (0, "2 labels taken\n  1 row has no label\n", "")
    code, out, _ = told(path, "--url", service.running.url, "--json")
    document = json.loads(out)
    assert (code, document["taken"], document["known"], document["unlabelled"]) == (0, 0, 2, 1)
    assert document["refused"] == []


def test_what_was_not_taken_is_listed_and_can_be_corrected(service: Served, tmp_path: Path) -> None:
    """Exit 1; the first few are shown, all are in the document and in --refused, which is a file of labels again."""
    answer = service.predict(ROWS[:8]).json()
    rows = [(answer["id"], row, "leter") for row in range(7)] + [(answer["id"], 7, "letter")]
    path, target = written(tmp_path, rows), tmp_path / "refused.csv"
    code, out, _ = told(path, "--url", service.running.url)
    assert code == 1
    assert "1 label taken" in out and "7 not taken: that cannot be labels" in out and "and 2 more" in out
    assert f'row 0 (from 0), request {answer["id"]}: field \'label\': expected one of "letter", "review"' in out
    code, out, _ = told(path, "--url", service.running.url, "--refused", target, "--json")
    assert [(each["file_row"], each["what"]) for each in json.loads(out)["refused"]] == [(n, "unfit") for n in range(7)]
    kept = list(csv.DictReader(target.read_text().splitlines()))
    assert [(each["row"], each["label"], each["file_row"]) for each in kept] == [
        (f"{n}", "leter", f"{n}") for n in range(7)
    ]
    target.write_text(target.read_text().replace("leter", "letter"))
    assert told(target, "--url", service.running.url)[:2] == (0, "7 labels taken\n")


def test_unknown_requests_are_named(service: Served, tmp_path: Path) -> None:
    """Of a service that never answered them, or no longer knows them."""
    path = written(tmp_path, [("mine", 0, "letter"), (serving.RequestIds().make(), 0, "letter")])
    code, out, _ = told(path, "--url", service.running.url)
    assert (code, out.splitlines()[:2]) == (1, ["0 labels taken", "  2 not taken: of requests that are not known"])


def test_numbers_of_csv_are_numbers(tmp_path: Path) -> None:
    """The service says what its model predicts."""
    with served(loaded(rents_bundle(tmp_path), tmp_path)) as one:
        answer = one.predict([{"size": 50, "district": "north"}] * 3).json()
        path = written(tmp_path, [(answer["id"], 0, "600"), (answer["id"], 1, "6.1e2"), (answer["id"], 2, "much")])
        code, out, _ = told(path, "--url", one.running.url)
    assert (code, out.splitlines()[0]) == (1, "2 labels taken")
    assert "row 2 (from 0)" in out and "expected a number" in out


def test_faults_end_it_with_their_codes(tmp_path: Path) -> None:
    """A file that is none, an address that is none, and a service that is not there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        path = written(tmp_path, [("a", 0, "x")])
        code, _, err = told(path, "--url", url)
        assert (code, "does not take labels now" in err) == (3, True)
        for absent in ("absent.jsonl", "absent.csv"):
            code, _, err = told(tmp_path / absent, "--url", url)
            assert (code, f"there is no file {tmp_path / absent}" in err) == (2, True)
    assert told(path, "--url", "localhost:8080")[0] == 2
    assert told(written(tmp_path, [("a", "x")], "id,label"), "--url", "x")[0] == 2


def asked(url: str, times: int = 1) -> list[dict[str, Any]]:
    """Answers of the service, each on a connection of its own, so that every worker answers some."""
    return [httpx.post(f"{url}/predict", json=ROWS[:4], timeout=20).raise_for_status().json() for _ in range(times)]


@pytest.mark.slow
def test_from_a_file_to_what_the_monitor_shows(bundle: Path, tmp_path: Path) -> None:
    """Labels of two workers' answers, sent twice, and after a new start again: each counts once, by its window."""
    project = Project(tmp_path / "project")
    project.write("noteship.toml", "")
    opened = OpenedProject.at(project.root)
    digest = keep(opened, bundle, "letters", "latest")
    with started(project.root, "--workers", "2") as one:
        answers = asked(one.url, 8)
        labels = [(each["id"], row, "letter") for each in answers for row in range(4)]
        path = written(tmp_path, labels)
        for taken, known in ((32, 0), (0, 32)):
            code, out, _ = told(path, "--url", one.url, "--json")
            document = json.loads(out)
            assert (code, document["taken"], document["known"]) == (0, taken, known)
        one.end()
    with started(project.root) as one:
        code, out, _ = told(path, "--url", one.url, "--json")
        assert (code, json.loads(out)["unknown"]) == (1, 32)
        [again] = asked(one.url)
        assert told(written(tmp_path, [(again["id"], 0, "letter")]), "--url", one.url)[0] == 0
        one.end()
    windows = monitor.Windows(opened.store, monitor.Place("local", "letters", digest))
    found = monitor.read_labels(windows)
    assert sum(each.labels for each in found.values()) == 33
    right = sum(made == "letter" for each in answers for made in each["predictions"])
    right += again["predictions"][0] == "letter"
    assert sum(each.right for each in found.values()) == right
    # The window is still under way, and nothing was decided of it; what labels say stands apart.
    realised = project.json("monitor")["watched"][0]["realised"]
    assert (realised["labels"], realised["right"], realised["by_window"][0]["table"][0]["label"]) == (
        33,
        right,
        "letter",
    )


@pytest.mark.slow
def test_labels_of_a_file_stand_beside_rows_that_were_collected(bundle: Path, tmp_path: Path) -> None:
    """Long after the service has ended: told to the store, they are a column of what a later run reads."""
    project = Project(tmp_path / "project")
    declared = '[collect]\nshare = 1.0\n[data.seen]\nfrom = "collected:local"\nto = "seen.parquet"\n'
    project.write("noteship.toml", declared)
    keep(OpenedProject.at(project.root), bundle, "letters", "latest")
    with started(project.root) as one:
        answers = asked(one.url, 3)
        one.end()
    rows = [(each["id"], 1, "letter", each["predictions"][1]) for each in answers]
    path = written(tmp_path, rows, header="request,row,label,prediction")
    code, out, err = told(path, "--bundle", "latest", "--project", project.root, "--json")
    assert (code, json.loads(out)["taken"]) == (0, 3), err
    project.json("data", "fetch", "seen")
    table = pandas.read_parquet(project.root / "seen.parquet")
    assert len(table) == 12
    labelled = table[table.label.notna()]
    assert sorted(zip(labelled.request, labelled.row, strict=True)) == sorted((each["id"], 1) for each in answers)


def id_of(day: int) -> str:
    """The id of a request of some day since 1970."""
    return serving.RequestIds(lambda: day * 86_400 * 10**9).make()


def test_labels_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    """Half a character in a file of labels is no label; in --refused and in --json there is something for it."""
    path, target = tmp_path / "labels.json", tmp_path / "refused.csv"
    path.write_text('[{"request": "a", "row": "\\ud800", "label": 1}, {"request": "a", "label": "\\ud800"}]')
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        code, out, err = told(path, "--url", url, "--refused", target, "--json")
    assert (code, json.loads(out)["unfit"]) == (1, 2), err
    out.encode()
    assert [each["label"] for each in csv.DictReader(target.read_text().splitlines())] == ["1", "?"]


def test_a_token_does_not_go_in_clear(tmp_path: Path) -> None:
    """The verb says what to do, and --insecure is for --url alone."""
    (tmp_path / "token").write_text("s3cret")
    words = (written(tmp_path, [("a", 0, "x")]), "--token-file", tmp_path / "token")
    code, _, err = told(*words, "--url", "http://mail.example.org")
    assert (code, "the token would go in clear to http://mail.example.org" in err, "s3cret" in err) == (2, True, False)
    assert told(words[0], "--bundle", "latest", "--insecure")[0] == 2


def test_labels_of_a_model_without_a_profile_are_refused(tmp_path: Path) -> None:
    """Nothing of it is in any window: it is said how it is watched, and nothing is written."""
    opened = OpenedProject.at(tmp_path)
    (tmp_path / "made").mkdir()
    keep(opened, letters_bundle(tmp_path / "made"), "letters", "latest")
    path = written(tmp_path, [(id_of(20_700), 0, "letter", "letter")], "request,row,label,prediction")
    code, _, err = told(path, "--bundle", "latest", "--project", tmp_path)
    assert (code, "has no profile to compare with" in err, "do: make the bundle again" in err) == (2, True, True)
    assert monitor.places(opened.store) == []


def test_labels_of_days_later_need_no_service(bundle: Path, tmp_path: Path) -> None:
    """With the predictions beside them they are compared here, for their windows; each counts once, in any file."""
    project = Project(tmp_path / "project")
    project.write("noteship.toml", "")
    digest = keep(OpenedProject.at(project.root), bundle, "letters", "latest")
    first, second = id_of(20_700), id_of(20_701)
    version = digest[:12]
    rows: list[tuple[Any, ...]] = [
        (first, 0, "letter", "letter", version),
        (first, 1, "letter", "review", ""),
        (second, 0, "review", "review", version),
        (second, 1, "", "review", version),
    ]
    header = "request,row,label,prediction,version"
    words = ("--bundle", "latest", "--project", project.root)
    code, out, err = told(written(tmp_path, rows, header), *words)
    assert (code, out.splitlines()[0]) == (0, "3 labels taken"), err
    more = [
        (second, 1, "letter", "review", version),
        (second, 2, "letter", "letter", "0123456789ab"),
        (second, 3, "spam", "letter", version),
        (second, 4, "letter", "spam", version),
        ("mine", 0, "letter", "letter", version),
        (id_of(99_000), 0, "letter", "letter", version),
        (second, 1, "review", "review", version),
        (second, 1, "letter", "review", version),
    ]
    code, out, _ = told(written(tmp_path, rows + more, header), *words, "--json")
    document = json.loads(out)
    assert (code, document["version"], document["taken"], document["known"]) == (1, digest, 1, 4)
    assert (document["unknown"], document["unfit"], document["conflicting"]) == (3, 2, 1)
    found = monitor.read_labels(
        monitor.Windows(OpenedProject.at(project.root).store, monitor.Place("local", "letters", digest))
    )
    assert [(each.labels, each.right) for each in found.values()] == [(2, 1), (2, 1)]
    assert list(found) == [20_700 * 86_400, 20_701 * 86_400]
    project.write("noteship.toml", '[monitor]\nwindow = "10m"\n')
    code, out, _ = told(written(tmp_path, rows, header), *words, "--json")
    assert (code, json.loads(out)["known"]) == (0, 3), "with other windows the same file is known, too"
    shouted = [(first.upper(), 0, "letter", "letter", version)]
    assert told(written(tmp_path, shouted, header), *words)[0] == 1
    project.write("noteship.toml", "")
    [seen] = project.json("monitor")["watched"]
    assert (seen["realised"]["labels"], len(seen["windows"])) == (4, 0)
    assert "realised accuracy     50 %" in project.call("monitor", "--once").out
    assert told(written(tmp_path, [(first, 0, "letter")]), *words)[0] == 1
    assert told(written(tmp_path, [(first, 0, "letter")]), *words, "--url", "http://a")[0] == 2
