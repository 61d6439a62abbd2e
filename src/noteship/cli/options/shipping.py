"""Options of the verbs that bring a project to a cluster."""

from __future__ import annotations

import argparse
from pathlib import Path

from noteship.cli.options.pipelines import chosen
from noteship.cli.options.values import seconds

__all__ = ["build", "canary", "deploy", "export", "render", "rollback", "status", "undeploy", "why"]

BUNDLE = (
    "the bundle that it serves: `champion`, `latest` or the start of a digest (default: the champion, else the latest)"
)
IMAGE = "an image by its digest, REPOSITORY@sha256:… (default: one is built now, as `noteship build` does)"


def build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "bundle",
        metavar="BUNDLE",
        nargs="?",
        help="the bundle that it serves: `champion`, `latest` or the start of a digest (default: the champion, else the"
        " latest)",
    )
    parser.add_argument(
        "--no-bundle", action="store_true", help="leave the bundle out: a service then takes it from the store at start"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--to",
        metavar="IMAGE",
        help="a registry's repository, with a tag or without (default: [kubernetes] registry in noteship.toml)",
    )
    where.add_argument(
        "-o", "--output", metavar="DIR", type=Path, help="an OCI folder instead, for where no registry is reached"
    )
    parser.add_argument(
        "--base",
        metavar="IMAGE",
        help="the image to build on, of a registry or as oci:FOLDER:TAG (default: [image] base in noteship.toml)",
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--containerfile",
        action="store_true",
        help="build nothing: print a Containerfile of the same image, for packages that have to be made from their"
        " sources; with --output, write the folder that podman or docker build it from",
    )
    instead.add_argument(
        "--buildconfig",
        action="store_true",
        help="build nothing: print the BuildConfig with which OpenShift builds from that folder",
    )


def render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", nargs="?", help=BUNDLE)
    parser.add_argument("--image", metavar="IMAGE", help=IMAGE)
    _named(parser)
    _share(parser)
    parser.add_argument(
        "--beside", metavar="BUNDLE", help="with --canary, the bundle of the stable release (default: the champion)"
    )
    on = parser.add_mutually_exclusive_group()
    on.add_argument(
        "--platform",
        choices=("kubernetes", "openshift"),
        default="kubernetes",
        help="the kind of cluster that it is for, as these usually are (default: kubernetes)",
    )
    on.add_argument("--discover", action="store_true", help="ask the cluster that the kubeconfig names what it serves")
    parser.add_argument("--context", metavar="NAME", help="the kubeconfig's context, with --discover")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("-o", "--output", metavar="DIR", type=Path, help="write the file NAME.yaml there, for GitOps")
    what.add_argument(
        "--check", metavar="DIR", type=Path, help="compare with the file there; 1 and the differences where it is other"
    )
    what.add_argument(
        "--rights", action="store_true", help="print the Role that whoever deploys it needs; builds nothing"
    )


def export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "engine", choices=("argo",), help="for whom: argo, a WorkflowTemplate and a CronWorkflow of Argo Workflows"
    )
    parser.add_argument("--image", metavar="IMAGE", help=IMAGE)
    _named(parser)
    parser.add_argument(
        "--schedule", metavar="CRON", default="", help='when it runs: five fields, such as "15 3 * * *", or @daily'
    )
    parser.add_argument(
        "--zone",
        metavar="ZONE",
        default="UTC",
        help="the time zone of the schedule, such as Europe/Zurich (default: UTC)",
    )
    chosen(parser)
    on = parser.add_mutually_exclusive_group()
    on.add_argument(
        "--platform",
        choices=("kubernetes", "openshift"),
        default="kubernetes",
        help="the kind of cluster that it is for, as these usually are (default: kubernetes)",
    )
    on.add_argument("--discover", action="store_true", help="ask the cluster that the kubeconfig names what it serves")
    parser.add_argument("--context", metavar="NAME", help="the kubeconfig's context, with --discover")
    parser.add_argument(
        "--api", metavar="HOST:PORT", help="where the cluster's API is, which Argo's executor has to reach"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "-o", "--output", metavar="DIR", type=Path, help="write the file NAME-argo.yaml there, for GitOps"
    )
    what.add_argument(
        "--check", metavar="DIR", type=Path, help="compare with the file there; 1 and the differences where it is other"
    )


def _named(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--namespace", metavar="NAME", help="in place of [kubernetes] namespace, or the kubeconfig's")
    parser.add_argument("--name", metavar="NAME", help="in place of [kubernetes] name, or the project's")


def deploy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", nargs="?", help=BUNDLE)
    parser.add_argument("--image", metavar="IMAGE", help=IMAGE)
    _named(parser)
    _sent(parser)

    _share(parser)


def _share(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--canary",
        metavar="SHARE",
        type=float,
        help="beside the release that is there, with a share of its callers, such as 0.1: a Route or one of a Gateway"
        " leads as many there, else the numbers of pods do, as nearly as they can; `noteship canary` compares both",
    )


def canary(parser: argparse.ArgumentParser) -> None:
    _named(parser)
    parser.add_argument("--context", metavar="NAME", help="the kubeconfig's context (default: its current one)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--settle", action="store_true", help="wait until its evidence decides, then promote it or withdraw it"
    )
    what.add_argument("--promote", action="store_true", help="make it the stable release now, whatever its evidence")
    what.add_argument("--withdraw", action="store_true", help="take it away now, whatever its evidence")
    parser.add_argument("--reason", metavar="TEXT", help="why, for the record (default: its evidence)")
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        help="wait no longer than this for a decision, or for pods (default: until there is one)",
    )


def rollback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "release",
        metavar="RELEASE",
        nargs="?",
        help="the start of a release's id, as `status NAME` lists them (default: the last before that came up)",
    )
    _named(parser)
    _sent(parser)


def status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("release", metavar="NAME", nargs="?", help="one release, with its history (default: all)")
    _in_cluster(parser)


def undeploy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("release", metavar="NAME", nargs="?", help="which release (default: the project's)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be taken away, and leave it")
    parser.set_defaults(name=None)
    _in_cluster(parser)


def _sent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--context", metavar="NAME", help="the kubeconfig's context (default: its current one)")
    parser.add_argument("--reason", metavar="TEXT", help="why, for the record")
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        help="wait for pods no longer than this, and leave the rollout to the cluster (default: until it is over)",
    )
    parser.add_argument("--dry-run", action="store_true", help="look at all that would be in the way, and send nothing")


def _in_cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--namespace", metavar="NAME", help="in place of [kubernetes] namespace, or the kubeconfig's")
    parser.add_argument("--context", metavar="NAME", help="the kubeconfig's context (default: its current one)")


def why(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "thing",
        metavar="THING",
        nargs="?",
        help="a release's name, or pod/NAME, deployment/NAME, job/NAME, run/ID, stage/NAME (default: the release)",
    )
    parser.add_argument(
        "-n", "--namespace", metavar="NAME", default="", help="in place of [kubernetes] namespace, or the kubeconfig's"
    )
    parser.add_argument(
        "--context", metavar="NAME", default="", help="a context of the kubeconfig (default: its current one)"
    )
