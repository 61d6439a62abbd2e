"""Layers that were made once are kept in a folder, by their keys.

`KEY.tar.gz` is a layer's blob. `KEY.json`, which is written behind it, is canonical JSON
``{"check": …, "layer": {"diff_id": …, "digest": …, "size": …}}``, where `check` is the digest of `layer`'s own.
`KEY.fine` says that a question was answered with yes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from noteship import digests, files
from noteship.images import media_types
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.layers import errors, writing
from noteship.images.layers.layer import Layer, Plan
from noteship.images.layers.writing import Written

__all__ = ["LayerCache"]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# Hashing and inflating run outside of Python's lock; a piece of each layer is in memory.
AT_ONCE = 4


@dataclass(frozen=True)
class LayerCache:
    """Kept layers; several threads and processes may use one folder."""

    folder: Path

    def layers(self, plans: Sequence[Plan]) -> tuple[Layer, ...]:
        """The layers of plans, in their order; what is not kept is made, several at once."""
        with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="layer") as pool:
            return tuple(pool.map(self.layer, plans))

    def layer(self, plan: Plan) -> Layer:
        """A layer as it is kept, else made and kept.

        Its blob's bytes are held against its digest whenever they are opened, and made again where they are damaged.
        Raises: LayersUnwritable, and what the plan's files raise.
        """
        written = self._kept(plan) or self._made(plan)
        descriptor = Descriptor(media_types.LAYER, written.digest, written.size)
        return Layer(plan.title, plan.key, written.diff_id, Blob(descriptor, lambda: self._opened(plan, written)))

    def is_fine(self, key: str) -> bool:
        """Whether a question with this key was answered with yes."""
        return self._place(key, "fine").exists()

    def note_fine(self, key: str) -> None:
        """Keep that it was. Raises LayersUnwritable."""
        try:
            files.write(self._place(key, "fine"), b"")
        except OSError as error:
            raise self._unwritable(error) from error

    def _kept(self, plan: Plan) -> Written | None:
        try:
            found = json.loads(self._place(plan.key, "json").read_bytes())
            written = Written(**found["layer"])
            is_whole = (
                found["check"] == digests.of_value(found["layer"])
                and bool(_DIGEST.fullmatch(written.digest) and _DIGEST.fullmatch(written.diff_id))
                and self._blob(plan).stat().st_size == written.size
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return written if is_whole else None

    def _made(self, plan: Plan) -> Written:
        """Make a layer, unless another process is at it and makes it first."""
        try:
            with files.locked(self._place(plan.key, "lock")):
                return self._kept(plan) or self._make(plan)
        except OSError as error:
            raise self._unwritable(error) from error

    def _make(self, plan: Plan) -> Written:
        # What killed processes left; who holds the lock writes alone.
        files.sweep(self._blob(plan))
        with files.replacing(self._blob(plan)) as stream:
            written = writing.write(plan.entries(), stream)
        layer = asdict(written)
        files.write(
            self._place(plan.key, "json"), digests.canonical_json({"layer": layer, "check": digests.of_value(layer)})
        )
        return written

    def _opened(self, plan: Plan, written: Written) -> BinaryIO:
        try:
            if self._is_damaged(plan, written):
                with files.locked(self._place(plan.key, "lock")):
                    again = self._make(plan) if self._is_damaged(plan, written) else written
                if again != written:
                    raise errors.DamagedLayer(plan.title, str(self.folder))
            return self._blob(plan).open("rb")
        except OSError as error:
            raise self._unwritable(error) from error

    def _is_damaged(self, plan: Plan, written: Written) -> bool:
        try:
            return f"sha256:{digests.of_file(self._blob(plan))}" != written.digest
        except OSError:
            return True

    def _blob(self, plan: Plan) -> Path:
        return self._place(plan.key, "tar.gz")

    def _place(self, key: str, kind: str) -> Path:
        return self.folder / key[:2] / f"{key}.{kind}"

    def _unwritable(self, error: OSError) -> errors.LayersUnwritable:
        return errors.LayersUnwritable(str(self.folder), error.strerror or str(error))
