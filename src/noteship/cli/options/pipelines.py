"""Options of the verbs that read and run notebooks."""

from __future__ import annotations

import argparse

from noteship.cli.options.values import count

__all__ = [
    "chosen",
    "compute",
    "drive",
    "explain",
    "gc",
    "graph",
    "new",
    "run",
    "runs",
    "schedule",
    "show",
    "step",
    "work",
]


def new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the folder to make; it must be empty or not there yet")


def graph(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stages", metavar="STAGE", nargs="*", help="only these stages")
    parser.add_argument("--evidence", action="store_true", help="show for each file the cell, the line and the call")


def chosen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--with",
        dest="chosen",
        metavar="STAGE",
        action="append",
        default=[],
        help="choose this alternative; may be repeated",
    )


def _choices(parser: argparse.ArgumentParser) -> None:
    chosen(parser)
    parser.add_argument(
        "--set",
        dest="parameters",
        metavar="STAGE.NAME=VALUE",
        action="append",
        default=[],
        help="replace the literal that the notebook assigns to NAME; may be repeated",
    )


def run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stages", metavar="STAGE", nargs="*", help="only these stages and what they need")
    _choices(parser)
    parser.add_argument(
        "--jobs", type=count, metavar="N", help="how many stages run at once (default: one a processor, at most 4)"
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="set files that were changed by hand aside, in .noteship/replaced, instead of stopping",
    )
    parser.add_argument(
        "--force",
        metavar="STAGE",
        action="append",
        default=[],
        help="run this stage though its result is known, as for one that fetches what has changed; may be repeated",
    )
    parser.add_argument(
        "--offline", action="store_true", help="ask no source of data whether it moved: take what was fetched last"
    )
    parser.add_argument("--keep", action="store_true", help="keep the workspace of a stage that fails, and say where")
    parser.add_argument(
        "--alternatives",
        action="store_true",
        help="run every combination of alternative stages that --with leaves, judge the models on rows held out, and"
        " rank them; the folder stays as it is, and what combinations have in common runs once",
    )

    where = parser.add_argument_group("on a cluster")
    where.add_argument(
        "--on",
        choices=("kubernetes",),
        help="each stage in a pod of its own, with the keys and the cache of here; nothing is sent if nothing must run",
    )
    where.add_argument("--namespace", metavar="NAME", help="in place of [kubernetes] namespace, or the kubeconfig's")
    where.add_argument("--context", metavar="NAME", help="the kubeconfig's context (default: its current one)")
    where.add_argument(
        "--detach", action="store_true", help="hand the run over and say its name; `noteship runs --follow` picks it up"
    )


def explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", nargs="?", help="only this one, with all that its result depends on")
    _choices(parser)


def runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--last", type=count, default=20, metavar="N", help="how many (default: 20)")
    away = parser.add_mutually_exclusive_group()
    away.add_argument(
        "--follow",
        nargs="?",
        const="",
        metavar="RUN",
        help="tell how a run on a cluster goes until it has ended: the start of its name (default: the latest)",
    )
    away.add_argument("--stop", metavar="RUN", help="stop a run on a cluster, and its stages; what had finished stays")
    parser.add_argument("--namespace", metavar="NAME", default="", help=argparse.SUPPRESS)
    parser.add_argument("--context", metavar="NAME", help="the kubeconfig's context, with --follow and --stop")


def work(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run, as it was handed over")
    parser.add_argument("task", metavar="TASK", help="the stage, as its driver named it")
    _given(parser)


def drive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", nargs="?", help="the run, as it was handed over")
    parser.add_argument("--clock", metavar="PLACE", help="in its place, the clock that began a Job")
    parser.add_argument("--job", metavar="NAME/UID", help="with --clock, that Job")
    _given(parser)


def schedule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--remove", action="store_true", help="let nothing of the project begin by itself any more")
    parser.add_argument("--namespace", metavar="NAME", help="in place of [kubernetes] namespace, or the kubeconfig's")
    parser.add_argument("--context", metavar="NAME", help="the kubeconfig's context (default: its current one)")


def compute(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("role", metavar="ROLE", choices=("scheduler", "worker"), help="`scheduler` or `worker`")
    parser.add_argument("--name", metavar="NAME", required=True, help="the cluster's name, which no other one has")
    parser.add_argument("--host", metavar="HOST", required=True, help="where the scheduler is")
    parser.add_argument(
        "--secret", metavar="FILE", required=True, help="a file that all of its pods have: certificates are made of it"
    )
    parser.add_argument("--threads", metavar="COUNT", type=int, default=1, help="of a worker (default: 1)")
    parser.add_argument(
        "--memory", metavar="BYTES", type=int, default=2 << 30, help="that a worker may have (default: 2 GiB)"
    )
    parser.add_argument(
        "--temporary", metavar="BYTES", type=int, default=2 << 30, help="that its folder may take (default: 2 GiB)"
    )


def step(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "stage", metavar="STAGE", nargs="?", help="the stage; without one, all that is left, and the bundle"
    )
    parser.add_argument("--carried", metavar="DIGEST", required=True, help="what the project has beside its image")
    parser.add_argument(
        "--plan", metavar="DIR", help="run nothing that has to be run, and write there for each step whether it has to"
    )
    chosen(parser)
    parser.add_argument(
        "--set", action="append", default=[], metavar="STAGE.NAME=VALUE", dest="parameters", help="a parameter's value"
    )
    _given(parser)


def _given(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", metavar="URL", required=True, help="the store that has it")
    parser.add_argument(
        "--image-project", metavar="DIR", default="/project", help="where the image has the project (default: /project)"
    )


def show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="`latest` or the start of a run's name")
    parser.add_argument("stage", metavar="STAGE", nargs="?")
    parser.add_argument("--open", action="store_true", help="open the stage's executed notebook in the browser")
    parser.add_argument(
        "--output", metavar="FILE", help="write the stage's executed notebook there, to a .html as a page"
    )


def gc(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep-runs", type=count, default=10, metavar="N", help="keep all that the last N runs need (default: 10)"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would be freed; nothing younger than a day ever is"
    )
