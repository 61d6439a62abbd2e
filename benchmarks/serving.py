"""How fast one row is served: noteship beside FastAPI, MLServer and BentoML, and the two limits.

The same fitted models everywhere, one server at a time on one core and wrk on another, each server's metrics on, every
answer's label compared with scikit-learn's before anything is timed. The servers take turns in one run; medians and
their ratios are printed, because absolute numbers move from machine to machine.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from served import alone, beside, models, servers, tables, wrk
from served import overload as beyond
from served.running import running
from served.tables import MANY, ONE, Aim

SERVERS = ("noteship", "fastapi", "mlserver", "bentoml", "http", "scoring")


def main() -> None:
    """Run all of it and print the tables."""
    arguments = _arguments()
    _need("wrk", "taskset")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="noteship-bench-") as folder:
        place = Path(folder)
        if arguments.overload:
            found = _overload(arguments, place)
        elif arguments.watching or arguments.collecting:
            found = _more(arguments, place)
        else:
            found = _beside(arguments, place)
    found["machine"] = {"processors": os.cpu_count(), "python": sys.version.split()[0], "load_before": load}
    print(f"\n{os.cpu_count()} processors, Python {sys.version.split()[0]}, load before {load:.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))


def _beside(arguments: argparse.Namespace, place: Path) -> dict[str, Any]:
    """Each server in turn, again and again."""
    served = [models.prepare(kind, place) for kind in arguments.models]
    loads: dict[tables.Key, list[wrk.Load]] = defaultdict(list)
    rates: dict[str, dict[str, float]] = {}
    for number in range(arguments.repeat):
        for each in served:
            for server in _servers(arguments, each):
                _say(f"{number + 1}/{arguments.repeat} {each.kind} {server.name}")
                own = place / f"{number}-{each.kind}-{server.name.replace(' ', '-')}"
                bodies = [server.question(row) for row in range(len(each.labels))]
                with running(server, arguments.server_core, own) as up:
                    for connections in (ONE, MANY):
                        some = wrk.drive(up.url, bodies, connections, arguments.seconds, arguments.load_core, own)
                        loads[each.kind, server.name, connections].append(some)
                        _say(f"    {connections:2d} connections: {some}")
            if number == 0 and "scoring" in arguments.servers:
                rates[each.kind] = alone.rows_per_second(each, arguments.seconds / 2, arguments.server_core, place)
    medians = tables.medians(loads)
    _print_loads(medians, rates)
    aims = [aim for each in served for aim in tables.aims(medians, each.kind)]
    _print_aims(aims)
    runs = [
        {"model": kind, "server": name, "connections": connections, "runs": [dataclasses.asdict(each) for each in some]}
        for (kind, name, connections), some in loads.items()
    ]
    return {"loads": runs, "scoring": rates, "aims": [dataclasses.asdict(aim) for aim in aims]}


def _overload(arguments: argparse.Namespace, place: Path) -> dict[str, Any]:
    """noteship alone, with several times the load that it can take."""
    served = models.prepare(models.DEAR, place)
    own = place / "overload"
    with running(servers.Noteship(served, arguments.serve_option), arguments.server_core, own) as up:
        found = beyond.overload(up, arguments.overload_times, arguments.seconds, arguments.load_core, own)
    _say(f"capacity {found.capacity_rps:,.0f}/s; {found.found}")
    aims = beyond.aims(found, arguments.waiting_limit_ms)
    _print_aims(aims)
    return {"overload": dataclasses.asdict(found), "aims": [dataclasses.asdict(aim) for aim in aims]}


def _more(arguments: argparse.Namespace, place: Path) -> dict[str, Any]:
    """noteship with itself: watched and not, or with rows collected and not."""
    found, cores = {}, (arguments.server_core, arguments.load_core)
    what = "collecting" if arguments.collecting else "watching"
    for kind in arguments.models:
        served, own = models.prepare(kind, place), place / f"{kind}-beside"
        own.mkdir()
        pair = beside.watching(served, arguments.serve_option)
        if arguments.collecting:
            pair = beside.collecting(served, arguments.serve_option, arguments.collecting, own)
        found[kind] = beside.beside(pair, cores, arguments.pairs, arguments.seconds, own)
        for pair in found[kind]:
            _say(f"{kind}: {pair}")
    aims = [aim for kind, pairs in found.items() for aim in beside.aims(kind, pairs, what)]
    _print_aims(aims)
    pairs = {kind: [dataclasses.asdict(each) for each in some] for kind, some in found.items()}
    return {what: pairs, "aims": [dataclasses.asdict(aim) for aim in aims]}


def _servers(arguments: argparse.Namespace, served: models.Served) -> list[servers.Server]:
    """Those that were asked for and are installed, in the order in which they take turns."""
    every: dict[str, servers.Server] = {
        "noteship": servers.Noteship(served, arguments.serve_option),
        "http": servers.Bare(served),
    }
    if arguments.services:
        every["fastapi"] = servers.FastApi(served, arguments.services)
        every["bentoml"] = servers.BentoMl(served, arguments.services)
    if arguments.mlserver:
        every["mlserver"] = servers.MlServer(served, arguments.mlserver)
    return [every[name] for name in SERVERS if name in every and name in arguments.servers]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="serving.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--services", type=Path, help="the folder with uvicorn's and bentoml's commands")
    parser.add_argument("--mlserver", type=Path, help="the folder with mlserver's command")
    parser.add_argument("--models", nargs="+", choices=list(models.KINDS), default=list(models.KINDS))
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=SERVERS)
    parser.add_argument("--seconds", type=float, default=10, help="of each load (default: 10)")
    parser.add_argument("--repeat", type=int, default=3, help="how often each server has its turn (default: 3)")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--serve-option", action="append", default=[], help="an option for `noteship serve`")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    parser.add_argument("--overload", action="store_true", help="instead, send noteship more than it can do")
    parser.add_argument("--watching", action="store_true", help="instead, noteship with the monitoring and without")
    parser.add_argument(
        "--collecting", type=float, metavar="SHARE", help="instead, noteship with rows of this share kept, and without"
    )
    parser.add_argument("--pairs", type=int, default=20, help="of loads with and without it (default: 20)")
    parser.add_argument("--overload-times", type=float, default=10, help="the capacity (default: 10)")
    parser.add_argument("--waiting-limit-ms", type=float, help="the service's, to hold its 99th percentile against")
    arguments = parser.parse_args()
    # Not resolved: the links in an environment are what makes it that environment.
    for name in ("services", "mlserver"):
        folder = getattr(arguments, name)
        setattr(arguments, name, folder and folder.absolute())
    return arguments


def _need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            _say(f"{program} is missing\n  do: install it with the system's package manager")
            raise SystemExit(3)


def _print_loads(medians: tables.Medians, rates: dict[str, dict[str, float]]) -> None:
    header = ["model", "server", *(f"{what}, {n}" for n in (ONE, MANY) for what in ("requests/s", "p50", "p99"))]
    rows = tables.load_rows(medians)
    for kind, rate in rates.items():
        single, batch = (f"{rate[each]:,.0f} rows/s" for each in ("single", "batch"))
        rows.append([kind, "scoring alone, by one and by 256", single, "", "", batch, "", ""])
    rows.sort(key=lambda row: list(models.KINDS).index(row[0]))
    print(tables.markdown(header, rows))


def _print_aims(aims: list[Aim]) -> None:
    if not aims:
        return
    rows = [[aim.what, aim.found, aim.wanted, "met" if aim.is_met else "missed"] for aim in aims]
    print("\n" + tables.markdown(["what", "found", "aim", ""], rows))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
