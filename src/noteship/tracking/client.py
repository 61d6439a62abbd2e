"""The one module that knows MLflow: its runs, its files, its registry; its faults as ours.

Whatever is told is looked for before it is made, by a tag that it is made with: what was told halfway goes on, and what
was told already stays as it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship.errors import cut
from noteship.tracking.entry import Entry
from noteship.tracking.errors import EventRefused, TrackerAway

if TYPE_CHECKING:
    from mlflow.entities import Run

__all__ = ["Client"]

KEY, BUNDLE = "noteship.event", "noteship.bundle"
FOLDER = "bundle"
CHAMPION = "champion"
# Of a server that is away it is to be known soon; whoever set them otherwise meant it. The library asks nothing again,
# since it would make a second run where the answer to the first was lost: who tries again here looks before. It would
# report its use to its makers, which nobody here has agreed to.
DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
# Its lines would name the server with what the address may hold, on an output that is for one document.
QUIET = "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"
# How addresses begin of what is a server; at others the library keeps runs in files or a database itself.
REMOTE = ("http:", "https:", "databricks", "uc:")
# As many as the server takes in one request.
BATCH = 100
THERE = "RESOURCE_ALREADY_EXISTS"
# What the same words will never be taken for; everything else may go better later.
REFUSALS = {"BAD_REQUEST", "INVALID_PARAMETER_VALUE", "INVALID_STATE", "MALFORMED_REQUEST", "RESOURCE_DOES_NOT_EXIST"}
# What faults have in their words, whichever library says them, and how people say it.
WORDS = {
    "Connection refused": "connection refused",
    "Name or service not known": "its name is not known",
    "Failed to resolve": "its name is not known",
    "timed out": "it does not answer in time",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted",
    "MLFLOW_ALLOW_FILE_STORE": "it keeps runs in files only where MLFLOW_ALLOW_FILE_STORE is true; "
    "a database, such as sqlite:////srv/mlflow.db, needs nothing",
}


class Client:
    """A tracking server, as MLFLOW_TRACKING_URI and the like name it. All methods raise TrackerAway, EventRefused.

    Cost: MLflow is loaded with the first one, which takes some six seconds of a processor.
    """

    def __init__(self, server: str) -> None:
        # Read when the library is loaded.
        os.environ.update({**DEFAULTS, **os.environ, QUIET: "true"})
        import mlflow

        self._server = server
        self._library = mlflow
        # What answers: a server, else the library itself. What a library says without a server's answer is of the way.
        self._answers: type[Exception] = mlflow.exceptions.RestException
        with self._mapped("the address"):
            self._mlflow = mlflow.MlflowClient()
            if not mlflow.get_tracking_uri().startswith(REMOTE):
                self._answers = mlflow.exceptions.MlflowException

    def enter(self, experiment: str, entry: Entry, files: Mapping[str, Path]) -> str:
        """The id of the run that has all of an entry, its children and its files; `files` by the names they get."""
        with self._mapped(entry.name):
            place = self._experiment(experiment)
            found = self._find(place, KEY, entry.key)
            run = next(iter(found.values()), None) or self._create(place, entry, {})
            # Children can be added to a run that has ended.
            if run.info.status == "RUNNING" or entry.children:
                self._fill(run, entry)
                self._enter_children(place, run, entry)
                for name, path in files.items():
                    self._put(run.info.run_id, name, path)
                self._mlflow.set_terminated(run.info.run_id, entry.status, entry.ended_ms)
            return str(run.info.run_id)

    def version(self, model: str, bundle: str) -> str | None:
        """The version of a registered model that a bundle is, if there is one."""
        with self._mapped(f"the versions of {model}"):
            found = self._mlflow.search_model_versions(f"name = '{model}' and tags.`{BUNDLE}` = '{bundle}'")
            return min((str(each.version) for each in found), key=int, default=None)

    def register(self, model: str, bundle: str, run: str, folder: Path) -> str:
        """Let a bundle be a version of a registered model; its files are the run's."""
        known = self.version(model, bundle)
        if known is not None:
            return known
        with self._mapped(f"bundle {bundle}"):
            self._mlflow.log_artifacts(run, str(folder), FOLDER)
            self._make_model(model)
            source = f"{self._mlflow.get_run(run).info.artifact_uri}/{FOLDER}"
            made = self._mlflow.create_model_version(
                model, source, run_id=run, tags={BUNDLE: bundle}, await_creation_for=0
            )
            return str(made.version)

    def mark(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        """Give a version tags."""
        with self._mapped(f"tags of {model}"):
            for name, value in tags.items():
                self._mlflow.set_model_version_tag(model, version, name, value)

    def promote(self, model: str, version: str) -> None:
        """Let a version be the one that is called champion."""
        with self._mapped(f"the champion of {model}"):
            self._mlflow.set_registered_model_alias(model, CHAMPION, version)

    def _experiment(self, name: str) -> str:
        found = self._mlflow.get_experiment_by_name(name)
        if found is None:
            with self._unless_there():
                self._mlflow.create_experiment(name)
            found = self._mlflow.get_experiment_by_name(name)
        if found is None:
            raise TrackerAway(self._server, f"it does not show the experiment {name}")
        return str(found.experiment_id)

    def _find(self, experiment: str, tag: str, value: str) -> dict[str, Run]:
        """The runs that have a tag, by their keys; also such as somebody has deleted, which are not made again."""
        every = self._library.entities.ViewType.ALL
        found: dict[str, Run] = {}
        token = None
        while True:
            page = self._mlflow.search_runs([experiment], f"tags.`{tag}` = '{value}'", every, page_token=token)
            found |= {run.data.tags[KEY]: run for run in page if KEY in run.data.tags}
            token = page.token
            if not token:
                return found

    def _create(self, experiment: str, entry: Entry, tags: Mapping[str, str]) -> Run:
        return self._mlflow.create_run(experiment, entry.started_ms, {KEY: entry.key, **tags}, entry.name)

    def _enter_children(self, experiment: str, parent: Run, entry: Entry) -> None:
        of_parent = {"mlflow.parentRunId": parent.info.run_id}
        known = self._find(experiment, *next(iter(of_parent.items()))) if entry.children else {}
        for child in entry.children:
            run = known.get(child.key) or self._create(experiment, child, of_parent)
            if run.info.status == "RUNNING":
                self._fill(run, child)
                self._mlflow.set_terminated(run.info.run_id, child.status, child.ended_ms)

    def _fill(self, run: Run, entry: Entry) -> None:
        of = self._library.entities
        # The time is the entry's, so that a number that is told again is the same one.
        metrics = [of.Metric(name, value, entry.ended_ms, 0) for name, value in entry.metrics.items()]
        params = [of.Param(name, value) for name, value in entry.params.items()]
        tags = [of.RunTag(name, value) for name, value in entry.tags.items()]
        most = max(len(metrics), len(params), len(tags))
        for start in range(0, most, BATCH):
            part = slice(start, start + BATCH)
            self._mlflow.log_batch(run.info.run_id, metrics[part], params[part], tags[part])

    def _put(self, run: str, name: str, path: Path) -> None:
        folder, _, _ = name.rpartition("/")
        self._mlflow.log_artifact(run, str(path), folder or None)

    def _make_model(self, model: str) -> None:
        with self._unless_there():
            self._mlflow.create_registered_model(model)

    @contextmanager
    def _unless_there(self) -> Iterator[None]:
        """Somebody else may have made it meanwhile."""
        try:
            yield
        except self._library.exceptions.MlflowException as error:
            if error.error_code != THERE:
                raise

    @contextmanager
    def _mapped(self, what: str) -> Iterator[None]:
        try:
            yield
        except self._library.exceptions.MlflowException as error:
            if isinstance(error, self._answers) and error.error_code in REFUSALS:
                raise EventRefused(self._server, what, _told(error)) from error
            raise TrackerAway(self._server, _told(error)) from error
        except OSError as error:  # of files on their way to where the server keeps them
            raise TrackerAway(self._server, _told(error)) from error


def _told(error: Any) -> str:
    """Its words, as few as say it, and without what an address may hold."""
    text = str(error)
    for mark, words in WORDS.items():
        if mark in text:
            return words
    code = re.search(r"error code (\d{3})|too many (\d{3}) error", text)
    if code:
        return f"it answers {code[1] or code[2]}"
    without = re.sub(r"(//[^\s?#]*)[?#]\S*", r"\1", re.sub(r"//\S*@", "//", text.replace("\n", " ")))
    return cut(without)
