"""The verbs: what each is for, an example of it, and its options. Importing this imports no operation."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from noteship.cli.options import data, pipelines, promoting, services, shipping, tracking, tuning, validating, watching

__all__ = ["VERBS", "Verb"]


@dataclass(frozen=True)
class Verb:
    """One verb; `module` of noteship.cli holds its `run(arguments, output) -> exit code`."""

    name: str
    summary: str
    example: str
    module: str
    options: Callable[[argparse.ArgumentParser], None]


VERBS = (
    Verb("new", "write a small working project", "noteship new churn", "new", pipelines.new),
    Verb(
        "graph",
        "show the stages, what each reads and writes, and why",
        "noteship graph --evidence 03-features",
        "graph",
        pipelines.graph,
    ),
    Verb(
        "run",
        "bring the pipeline up to date, and make the bundle",
        "noteship run --set 04-train.depth=8",
        "run",
        pipelines.run,
    ),
    Verb(
        "data",
        "contracts, profiles and sources of data",
        "noteship data check data/messages.parquet",
        "data",
        data.data,
    ),
    Verb("explain", "why stages would run, or are reused", "noteship explain 04-train", "explain", pipelines.explain),
    Verb("runs", "list what ran; follow and stop runs on a cluster", "noteship runs --follow", "runs", pipelines.runs),
    Verb("tune", "search parameters for the best", "noteship tune --jobs 2 --report search.html", "tune", tuning.tune),
    Verb("show", "one run, or one of its stages", "noteship show latest 04-train --open", "show", pipelines.show),
    Verb(
        "validate",
        "judge a bundle on rows that it has not seen, and by the gates",
        "noteship validate latest --report report.html --card card.md",
        "validate",
        validating.validate,
    ),
    Verb(
        "promote",
        "make a bundle the champion, if its gates passed",
        "noteship promote latest --reason 'reads the new fields'",
        "promote",
        promoting.promote,
    ),
    Verb(
        "retrain",
        "learn the model anew, judge it, and let it take over if its gates passed",
        "noteship retrain --if-due",
        "retrain",
        promoting.retrain,
    ),
    Verb("serve", "serve the model over HTTP", "noteship serve --port 8080", "serve", services.serve),
    Verb(
        "token",
        "make a token for a caller of a service",
        "noteship token shop --scope predict --add-to tokens",
        "token",
        services.token,
    ),
    Verb(
        "score",
        "score files of rows, resumable",
        "noteship score latest reviews/ s3://team-a/scores/ --keep id",
        "score",
        services.score,
    ),
    Verb(
        "stream",
        "answer the messages of a NATS stream",
        "noteship stream latest --from mail.rows --to mail.scored",
        "stream",
        services.stream,
    ),
    Verb(
        "build",
        "an image of the project, without Docker, at a registry or in a folder",
        "noteship build latest --to registry.example.org/team-a/mail",
        "build",
        shipping.build,
    ),
    Verb(
        "render",
        "the manifests of a release, for GitOps",
        "noteship render latest --platform openshift --output deploy/",
        "render",
        shipping.render,
    ),
    Verb(
        "deploy",
        "make a bundle a release on a cluster, and wait until it answers",
        "noteship deploy champion --reason 'learned from last week, too'",
        "deploy",
        shipping.deploy,
    ),
    Verb(
        "canary",
        "compare a canary with the stable release, and promote or withdraw it",
        "noteship canary --settle",
        "canary",
        shipping.canary,
    ),
    Verb(
        "export",
        "the pipeline for another engine, with the same stages, keys and cache",
        'noteship export argo --discover --schedule "15 3 * * *" --output deploy/',
        "export",
        shipping.export,
    ),
    Verb(
        "status",
        "which releases there are, how they do, and whether they are as recorded",
        "noteship status mail",
        "status",
        shipping.status,
    ),
    Verb(
        "rollback",
        "back to the release before, exactly as it was",
        "noteship rollback --reason 'answers too slowly'",
        "rollback",
        shipping.rollback,
    ),
    Verb("undeploy", "take a release away", "noteship undeploy mail --dry-run", "undeploy", shipping.undeploy),
    Verb(
        "why",
        "say why something on the cluster waits or fails, what to do, and who can do it",
        "noteship why deployment/mail --namespace team-a",
        "why",
        shipping.why,
    ),
    Verb(
        "monitor",
        "watch what models are asked and answer, and judge it",
        "noteship monitor --rows new.csv latest",
        "monitor",
        watching.monitor,
    ),
    Verb(
        "feedback",
        "tell a service what was right, when it is known",
        "noteship feedback labels.csv --url https://mail.example.org",
        "feedback",
        watching.feedback,
    ),
    Verb(
        "tracking",
        "tell MLflow what waits to be told, and list what it refused",
        "MLFLOW_TRACKING_URI=http://mlflow.example.org noteship tracking",
        "tracking",
        tracking.tracking,
    ),
    Verb(
        "schedule",
        "let runs and retrainings begin by the clock, on a cluster",
        "noteship schedule",
        "schedule",
        pipelines.schedule,
    ),
    Verb(
        "drive",
        "drive a run on a cluster; what the driver's pod does, and nothing for people",
        "noteship drive 20260301T101500123456Z-6f1e0c --store s3://team-a/mail",
        "drive",
        pipelines.drive,
    ),
    Verb(
        "step",
        "one step of a pipeline that another engine drives; what its pods do, and nothing for people",
        "noteship step 04-train --store s3://team-a/mail --carried 6f1e0c9a4b7d2358",
        "step",
        pipelines.step,
    ),
    Verb(
        "work",
        "work one stage of a run on a cluster; what a stage's pod does, and nothing for people",
        "noteship work 20260301T101500123456Z-6f1e0c 6f1e0c9a4b7d2358 --store s3://team-a/mail",
        "work",
        pipelines.work,
    ),
    Verb(
        "compute",
        "be a part of a stage's cluster of tasks; what its pods do, and nothing for people",
        "noteship compute scheduler --name team-a/mail-dask-6f1e --host mail-dask-6f1e.mail-runs-computing.team-a.svc "
        "--secret /etc/noteship/store-credentials",
        "compute",
        pipelines.compute,
    ),
    Verb("gc", "free what no reference and no recent run needs", "noteship gc --keep-runs 5", "gc", pipelines.gc),
)
