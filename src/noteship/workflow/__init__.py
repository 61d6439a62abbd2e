"""The graph of a project's stages, what of it has to run, and a ledger of what ran; knows no notebooks."""

from noteship.workflow import errors
from noteship.workflow.alive import begun_in, open_runs
from noteship.workflow.alternatives import choose
from noteship.workflow.by_hand import changed_in
from noteship.workflow.combining import combinations
from noteship.workflow.decision import Execute, Reuse, decide
from noteship.workflow.events import (
    Event,
    Learned,
    Notice,
    StageBlocked,
    StageFailed,
    StageFinished,
    StageReused,
    StageStarted,
    StageStopped,
    event_from_json,
    event_to_json,
)
from noteship.workflow.faults import Alternatives, Missing
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.flights import Flights
from noteship.workflow.graph import Graph
from noteship.workflow.inspecting import Inspection, Inspector
from noteship.workflow.key import KEY_VERSION, KeyParts
from noteship.workflow.ledger import Ledger, RunRecord, Seen, killed_stages
from noteship.workflow.observing import graph_of
from noteship.workflow.own_parts import own_parts
from noteship.workflow.plan import Waits, plan
from noteship.workflow.producers import Edge
from noteship.workflow.resolving import Resolved
from noteship.workflow.results import Result, StageRecord
from noteship.workflow.retention import forget_asides, forget_results, kept_runs, needed
from noteship.workflow.run import Beside, RunResult, run
from noteship.workflow.stages import JSON, Environment, Stage
from noteship.workflow.stale import stale_files
from noteship.workflow.tasks import Executor, Failure, Outcome, Task
from noteship.workflow.workplace import Options, Workplace, digests_cache

__all__ = [
    "JSON",
    "KEY_VERSION",
    "Alternatives",
    "Beside",
    "Edge",
    "Environment",
    "Event",
    "Execute",
    "Executor",
    "Failure",
    "FileDigests",
    "Flights",
    "Graph",
    "Inspection",
    "Inspector",
    "KeyParts",
    "Learned",
    "Ledger",
    "Missing",
    "Notice",
    "Options",
    "Outcome",
    "Resolved",
    "Result",
    "Reuse",
    "RunRecord",
    "RunResult",
    "Seen",
    "Stage",
    "StageBlocked",
    "StageFailed",
    "StageFinished",
    "StageRecord",
    "StageReused",
    "StageStarted",
    "StageStopped",
    "Task",
    "Waits",
    "Workplace",
    "begun_in",
    "changed_in",
    "choose",
    "combinations",
    "decide",
    "digests_cache",
    "errors",
    "event_from_json",
    "event_to_json",
    "forget_asides",
    "forget_results",
    "graph_of",
    "kept_runs",
    "killed_stages",
    "needed",
    "open_runs",
    "own_parts",
    "plan",
    "run",
    "stale_files",
]
