"""What can be wrong where the rooms meet."""

from noteship.operations.errors.bundles import (
    BundleFailed,
    InputChanged,
    LeftOver,
    NoBundle,
    NoteshipMissing,
    StepNotMade,
    UnknownBundle,
)
from noteship.operations.errors.options import (
    BadParameter,
    Contradiction,
    ForcedInVain,
    NoSuchParameter,
    NotWritten,
    OpenToAll,
    SetInVain,
)
from noteship.operations.errors.stages import (
    FolderNotEmpty,
    InputOfUnreadable,
    LinkLeadsNowhere,
    NoAlternatives,
    NoRecord,
    NothingReadable,
    NothingToRun,
)
from noteship.operations.errors.watching import (
    BadTimes,
    NoAlarm,
    NoProfile,
    NoRowFits,
    NothingKept,
    NothingWatched,
    WindowTooLong,
)

__all__ = [
    "BadParameter",
    "BadTimes",
    "BundleFailed",
    "Contradiction",
    "FolderNotEmpty",
    "ForcedInVain",
    "InputChanged",
    "InputOfUnreadable",
    "LeftOver",
    "LinkLeadsNowhere",
    "NoAlarm",
    "NoAlternatives",
    "NoBundle",
    "NoProfile",
    "NoRecord",
    "NoRowFits",
    "NoSuchParameter",
    "NotWritten",
    "NoteshipMissing",
    "NothingKept",
    "NothingReadable",
    "NothingToRun",
    "NothingWatched",
    "OpenToAll",
    "SetInVain",
    "StepNotMade",
    "UnknownBundle",
    "WindowTooLong",
]
