"""A pipeline in a process of its own, for tests that kill it: ``pipeline_process.py ROOT [SECONDS]``."""

from __future__ import annotations

import sys
from pathlib import Path

from noteship import digests, store, workflow
from noteship.workflow.functions import Desk, FunctionExecutor

SIZE = 12


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(root: Path, seconds: float) -> None:
    stages, functions = [], {}
    for i in range(SIZE):
        reads = tuple(f"data/{j}" for j in {i // 2, i // 3} if j < i)

        def function(desk: Desk, i: int = i, reads: tuple[str, ...] = reads) -> None:
            desk.cancel.wait(seconds)
            desk.write(f"data/{i}", b"+".join(desk.read(path) for path in reads) + b"%d" % i)
            with (root.parent / "executed").open("a") as log:
                log.write(f"{i}\n")

        stages.append(workflow.Stage(f"s{i}", f"s{i}.py", digests.of_bytes(b"%d" % i), reads, (f"data/{i}",)))
        functions[f"s{i}"] = function
    kept = store.open_store(None, root)
    files = [path.relative_to(root).as_posix() for path in (root / "data").rglob("*")]
    graph = workflow.graph_of(stages, files, workflow.Ledger(kept))
    executor = FunctionExecutor(root, kept, functions, lambda path: True)
    place = workflow.Workplace(root, kept, workflow.Environment("e"))
    say("ready")
    result = workflow.run(graph, executor, place, workflow.Options(jobs=2))
    counts = [record.state for record in result.stages.values()]
    say(f"{result.state} {counts.count('executed')} {counts.count('reused')}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0)
