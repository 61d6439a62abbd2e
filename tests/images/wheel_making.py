"""Wheels and other zips as people and tools pack them, well and badly."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from noteship.images.layers.wheel import WheelFile

WHEEL = b"Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def recorded(data: bytes, algorithm: str = "sha256") -> str:
    digest = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).rstrip(b"=").decode()
    return f"{algorithm}={digest}"


def files_of(
    name: str, version: str, content: Mapping[str, bytes], about: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """Contents of a wheel by their names, without RECORD."""
    folder = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    told = {"METADATA": metadata, "WHEEL": WHEEL, **(about or {})}
    return {**content, **{f"{folder}/{file}": data for file, data in told.items()}}


def record_of(files: Mapping[str, bytes], own: str, algorithm: str = "sha256") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for path, data in files.items():
        writer.writerow([path, recorded(data, algorithm), len(data)])
    writer.writerow([own, "", ""])
    return text.getvalue().encode()


def packed(path: Path, files: Mapping[str, bytes], modes: Mapping[str, int] | None = None, method: int = 8) -> Path:
    """A zip with entries of a fixed time."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (2020, 2, 2, 0, 0, 0))
            info.compress_type = method
            info.external_attr = (modes or {}).get(name, 0o100644) << 16
            archive.writestr(info, data)
    return path


def wheel(
    folder: Path,
    name: str,
    content: Mapping[str, bytes],
    *,
    version: str = "1.0",
    about: Mapping[str, bytes] | None = None,
    modes: Mapping[str, int] | None = None,
    method: int = 8,
) -> WheelFile:
    """A sound wheel."""
    files = files_of(name, version, content, about)
    own = f"{name}-{version}.dist-info/RECORD"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    return WheelFile.of(packed(path, {**files, own: record_of(files, own)}, modes, method))
