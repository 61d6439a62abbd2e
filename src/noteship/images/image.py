"""An image: configuration and manifest over a base and layers, as bytes that depend on nothing else.

Source: OCI's image specification 1.1, "Image Manifest" and "Image Configuration".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from noteship import digests
from noteship.images import media_types
from noteship.images.base import Base
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.layers.environment import Environment
from noteship.images.layers.layer import Layer
from noteship.images.layers.tar_headers import EPOCH_S
from noteship.images.pushing import Piece

__all__ = ["DROPPED", "About", "Image", "composed", "entry_point", "own_variables", "running", "variables"]

CREATED = datetime.fromtimestamp(EPOCH_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
# What a base says of the platform that it is for.
PLATFORM = ("architecture", "os", "os.features", "os.version", "variant")
# No user of the base; in the group that random users of OpenShift are in.
USER = "65532:0"
# All that is written goes to the one folder that can be. It is always there, unlike one in it, so it is home, too.
VARIABLES = {
    "HOME": "/tmp",  # noqa: S108 - in the image
    "IPYTHONDIR": "/tmp/ipython",  # noqa: S108
    "JOBLIB_TEMP_FOLDER": "/tmp",  # noqa: S108
    "LOGNAME": "noteship",
    "MPLCONFIGDIR": "/tmp/matplotlib",  # noqa: S108
    "NUMBA_CACHE_DIR": "/tmp/numba",  # noqa: S108
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    "TMPDIR": "/tmp",  # noqa: S108
    "USER": "noteship",
    "XDG_CACHE_HOME": "/tmp/cache",  # noqa: S108
}
# They would lead the environment's interpreter to packages that are not its own.
DROPPED = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP")
USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class About:
    """What an image is and how it starts.

    - labels: beside those of the base's name and digest; also the manifest's annotations
    - variables: beside noteship's own, which they win over
    - arguments: to noteship, where who runs the image gives none
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    working_folder: str = "/project"
    user: str = USER


@dataclass(frozen=True)
class Image:
    """A composed image: what to bring to a destination before its manifest, and that.

    The base's layers go along with it (`Base.pieces`).
    """

    manifest: bytes
    config: Blob
    layers: tuple[Layer, ...]

    @property
    def descriptor(self) -> Descriptor:
        """Of the manifest: by this digest the image is known."""
        return Descriptor(media_types.MANIFEST, f"sha256:{digests.of_bytes(self.manifest)}", len(self.manifest))

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What to push of it, beside the base's layers, before the manifest."""
        return tuple(Piece(blob) for blob in (self.config, *(layer.blob for layer in self.layers)))


def composed(base: Base, layers: Sequence[Layer], environment: Environment, about: About) -> Image:
    """An image of layers on a base. Equal inputs give equal bytes."""
    started = running(base, environment, about)
    config = Blob.of(media_types.CONFIG, digests.canonical_json(_config(base, layers, started)))
    manifest = {
        "schemaVersion": 2,
        "mediaType": media_types.MANIFEST,
        "config": config.descriptor.to_json(),
        "layers": [each.to_json() for each in (*base.layers, *(layer.blob.descriptor for layer in layers))],
        "annotations": {"org.opencontainers.image.created": CREATED, **started["Labels"]},
    }
    return Image(digests.canonical_json(manifest), config, tuple(layers))


def entry_point(environment: Environment) -> tuple[str, ...]:
    """What starts noteship in an image: interpreter and module, no shell."""
    return environment.interpreter, "-P", "-m", "noteship"


def running(base: Base, environment: Environment, about: About) -> dict[str, Any]:
    """How it is started, by whom, where and with what, as a configuration says it; of the base, variables stay."""
    left = {name: value for name, value in variables(base).items() if name not in DROPPED}
    env = {**left, **own_variables(base, environment, about)}
    started: dict[str, Any] = {
        "Entrypoint": list(entry_point(environment)),
        "Env": [f"{name}={value}" for name, value in sorted(env.items())],
        "Labels": {
            "org.opencontainers.image.base.digest": base.manifest.digest,
            "org.opencontainers.image.base.name": base.name,
            **about.labels,
        },
        "User": about.user,
        "WorkingDir": about.working_folder,
    }
    return started | ({"Cmd": list(about.arguments)} if about.arguments else {})


def own_variables(base: Base, environment: Environment, about: About) -> dict[str, str]:
    """The variables that are set beside the base's, or in place of them."""
    path = f"/{environment.scripts}:{variables(base).get('PATH') or USUAL_PATH}"
    return {**VARIABLES, "PATH": path, "VIRTUAL_ENV": f"/{environment.folder}", **about.variables}


def _config(base: Base, layers: Sequence[Layer], started: Mapping[str, Any]) -> dict[str, Any]:
    """Of the base's own, platform, variables, layers and history stay; what it starts, and where, does not."""
    return {
        **{key: base.config[key] for key in PLATFORM if base.config.get(key)},
        "created": CREATED,
        "config": dict(started),
        "rootfs": {"type": "layers", "diff_ids": [*base.diff_ids, *(layer.diff_id for layer in layers)]},
        "history": [*_history(base), *map(_made, layers)],
    }


def variables(base: Base) -> dict[str, str]:
    """The base's own."""
    given = [str(each).partition("=") for each in (base.config.get("config") or {}).get("Env") or []]
    return {name: value for name, _, value in given}


def _history(base: Base) -> list[dict[str, Any]]:
    """The base's, where it speaks of each of its layers; else one that does."""
    found = [each for each in base.config.get("history") or [] if isinstance(each, dict)]
    count = len(base.layers)
    if sum(not each.get("empty_layer") for each in found) == count:
        return found
    return [{"created": CREATED, "created_by": base.name} for _ in range(count)]


def _made(layer: Layer) -> dict[str, Any]:
    return {"created": CREATED, "created_by": f"noteship build: {layer.title}"}
