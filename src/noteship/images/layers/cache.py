"""Layers that were made once are kept in a folder, by their keys.

`KEY.tar.gz` is a layer's blob. `KEY.json`, which is written behind it, is canonical JSON
``{"check": …, "layer": {"diff_id": …, "digest": …, "size": …}}``, where `check` is the digest of `layer`'s own.
`KEY.fine` says that a question was answered with yes.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from noteship import digests, files
from noteship.images import media_types, pruning
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.layers import errors, writing
from noteship.images.layers.layer import Layer, Plan
from noteship.images.layers.writing import Written
from noteship.images.registries.transport import Stopped
from noteship.stopping import Beneath

__all__ = ["LayerCache"]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# Hashing and inflating run outside of Python's lock; a piece of each layer is in memory.
AT_ONCE = 4


@dataclass(frozen=True)
class LayerCache:
    """Kept layers; several threads and processes may use one folder.

    All that makes layers raises Stopped soon after `stop` is set; nothing is left of a layer that was begun.
    """

    folder: Path
    stop: threading.Event = field(default_factory=threading.Event)

    def layers(
        self,
        plans: Sequence[Plan],
        made: Callable[[Layer], None] = lambda _: None,
        beside: Callable[[], object] = lambda: None,
    ) -> tuple[Layer, ...]:
        """The layers of plans, in their order; what is not kept is made, several at once, the longest first.

        - made: is told of each as soon as it is there, by several threads
        - beside: is done at the same time; what it raises ends the making

        Raises as `layer`, for the first of them, when the others have ended.
        """
        stop = Beneath(self.stop)

        def finished(plan: Plan) -> Layer:
            layer = self._layer(plan, stop)
            made(layer)
            return layer

        with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="layer") as pool:
            try:
                also: Future[Any] = pool.submit(beside)
                begun: dict[str, Future[Any]] = {
                    plan.key: pool.submit(finished, plan) for plan in sorted(plans, key=lambda each: -each.effort)
                }
                done, _ = wait([*begun.values(), also], return_when=FIRST_EXCEPTION)
                faults = [fault for each in done if (fault := each.exception())]
            finally:
                # Of no effect where all went well; also on Ctrl-C.
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
        if faults:
            raise faults[0]
        return tuple(begun[plan.key].result() for plan in plans)

    def layer(self, plan: Plan) -> Layer:
        """A layer as it is kept, else made and kept.

        Its blob's bytes are held against its digest whenever they are opened, and made again where they are damaged.
        Raises: LayersUnwritable, and what the plan's files raise.
        """
        return self._layer(plan, self.stop)

    def _layer(self, plan: Plan, stop: threading.Event) -> Layer:
        kept = self._kept(plan)
        written = kept or self._made(plan, stop)
        descriptor = Descriptor(media_types.LAYER, written.digest, written.size)
        # Nothing can have befallen what was made a moment ago, and who reads a blob to its end checks its digest.
        opened = self._opened if kept else self._opened_fresh
        return Layer(plan.title, plan.key, written.diff_id, Blob(descriptor, lambda: opened(plan, written)))

    def is_fine(self, key: str) -> bool:
        """Whether a question with this key was answered with yes."""
        path = self._place(key, "fine")
        pruning.use(path)
        return path.exists()

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
        if not is_whole:
            return None
        pruning.use(self._place(plan.key, "json"))
        return written

    def _made(self, plan: Plan, stop: threading.Event) -> Written:
        """Make a layer, unless another process is at it and makes it first."""
        try:
            with files.locked(self._place(plan.key, "lock")):
                pruning.use(self._place(plan.key, "lock"))
                return self._kept(plan) or self._make(plan, stop)
        except OSError as error:
            raise self._unwritable(error) from error

    def _make(self, plan: Plan, stop: threading.Event) -> Written:
        def check() -> None:
            if stop.is_set():
                raise Stopped

        check()
        # What killed processes left; who holds the lock writes alone.
        files.sweep(self._blob(plan))
        with files.replacing(self._blob(plan)) as stream:
            written = writing.write(plan.entries(), stream, check)
        layer = asdict(written)
        files.write(
            self._place(plan.key, "json"), digests.canonical_json({"layer": layer, "check": digests.of_value(layer)})
        )
        return written

    def _opened(self, plan: Plan, written: Written) -> BinaryIO:
        try:
            if self._is_damaged(plan, written):
                with files.locked(self._place(plan.key, "lock")):
                    again = self._make(plan, self.stop) if self._is_damaged(plan, written) else written
                if again != written:
                    raise errors.DamagedLayer(plan.title, str(self.folder))
            return self._blob(plan).open("rb")
        except OSError as error:
            raise self._unwritable(error) from error

    def _opened_fresh(self, plan: Plan, written: Written) -> BinaryIO:
        try:
            return self._blob(plan).open("rb")
        except OSError:
            return self._opened(plan, written)

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
