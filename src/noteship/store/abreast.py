"""Several calls to a bucket at once, where that pays off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from noteship.store.bucket import Bucket

__all__ = ["each"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(bucket: Bucket, items: Sequence[Item], call: Callable[[Item], Result], *, weight: int = 1) -> Iterator[Result]:
    """What the call returns for each item, in the items' order; the first error stops the rest.

    Calls of a greater weight, such as those that move whole files, are made that many times fewer at once.
    """
    workers = min(bucket.at_once // weight, len(items))
    return map(call, items) if workers <= 1 else _pooled(workers, items, call)


def _pooled(workers: int, items: Sequence[Item], call: Callable[[Item], Result]) -> Iterator[Result]:
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(workers, thread_name_prefix="noteship-store")
    try:
        yield from pool.map(call, items)
    finally:
        pool.shutdown(cancel_futures=True)
