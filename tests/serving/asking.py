"""The same rows asked for in every way that there is."""

from __future__ import annotations

import gzip
import io
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import numpy
import pandas
import pyarrow
from pyarrow import ipc, parquet

Row = Mapping[str, Any]
TYPES = {"size": "INT64", "district": "BYTES", "text": "BYTES"}


def packed(values: Sequence[Any], datatype: str) -> bytes:
    """A tensor's bytes as the protocol has them."""
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(each.encode())) + each.encode() for each in values)
    return numpy.array(values, "<i8").tobytes()


def infer(client: httpx.Client, name: str, value: Any, binary: bytes | None = None, **headers: str) -> httpx.Response:
    """An inference, its tensors' bytes behind the JSON where there are any; without a content type."""
    text = json.dumps(value).encode()
    if binary is not None:
        headers["Inference-Header-Content-Length"] = str(len(text))
    return client.post(f"/v2/models/{name}/infer", content=text + (binary or b""), headers=headers)


def outputs(response: httpx.Response) -> dict[str, Any]:
    """The elements of the outputs by name, wherever they stand."""
    length = response.headers.get("inference-header-content-length")
    text = response.content[: int(length)] if length else response.content
    rest = response.content[len(text) :]
    found = {}
    for output in json.loads(text)["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        if size is None:
            found[output["name"]] = output["data"]
            continue
        piece, rest = rest[:size], rest[size:]
        found[output["name"]] = _unpacked(piece, output["datatype"])
    assert not rest
    return found


def _unpacked(piece: bytes, datatype: str) -> list[Any]:
    if datatype != "BYTES":
        return numpy.frombuffer(piece, {"FP64": "<f8", "INT64": "<i8", "BOOL": "?"}[datatype]).tolist()
    texts = []
    while piece:
        (length,) = struct.unpack("<I", piece[:4])
        texts.append(piece[4 : 4 + length].decode())
        piece = piece[4 + length :]
    return texts


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _plain(client: httpx.Client, name: str, rows: Sequence[Row]) -> Any:
    return client.post(f"/models/{name}/predict", json=rows).json()["predictions"]


def _gzipped(client: httpx.Client, name: str, rows: Sequence[Row]) -> Any:
    body = gzip.compress(json.dumps({"rows": rows}).encode())
    return client.post("/predict", content=body, headers={"content-encoding": "gzip"}).json()["predictions"]


def _v1(client: httpx.Client, name: str, rows: Sequence[Row]) -> Any:
    return client.post(f"/v1/models/{name}:predict", json={"instances": rows}).json()["predictions"]


def _tensors(client: httpx.Client, name: str, rows: Sequence[Row]) -> Any:
    tensors = [
        {"name": column, "shape": [len(rows), 1], "datatype": TYPES[column], "data": [[value] for value in values]}
        for column, values in _columns(rows).items()
    ]
    return outputs(infer(client, name, {"inputs": tensors}))["predictions"]


def _binary(client: httpx.Client, name: str, rows: Sequence[Row]) -> Any:
    pieces = {column: packed(values, TYPES[column]) for column, values in _columns(rows).items()}
    tensors = [
        {
            "name": column,
            "shape": [len(rows)],
            "datatype": TYPES[column],
            "parameters": {"binary_data_size": len(piece)},
        }
        for column, piece in pieces.items()
    ]
    value = {"inputs": tensors, "parameters": {"binary_data_output": True}}
    return outputs(infer(client, name, value, b"".join(pieces.values())))["predictions"]


def table(kind: str, frame: pandas.DataFrame) -> tuple[str, bytes]:
    """A content type and a table of it."""
    sink = io.BytesIO()
    given = pyarrow.Table.from_pandas(frame, preserve_index=False)
    if kind == "csv":
        return "text/csv", frame.to_csv(index=False).encode()
    if kind == "parquet":
        parquet.write_table(given, sink)
        return "application/vnd.apache.parquet", sink.getvalue()
    with (ipc.new_stream if kind == "stream" else ipc.new_file)(sink, given.schema) as writer:
        writer.write_table(given)
    return f"application/vnd.apache.arrow.{kind}", sink.getvalue()


def _table(kind: str) -> Callable[[httpx.Client, str, Sequence[Row]], Any]:
    def ask(client: httpx.Client, name: str, rows: Sequence[Row]) -> Any:
        content_type, body = table(kind, pandas.DataFrame(list(rows)))
        response = client.post("/predict", content=body, headers={"content-type": content_type})
        return response.json()["predictions"]

    return ask


WAYS: dict[str, Callable[[httpx.Client, str, Sequence[Row]], Any]] = {
    "plain": _plain,
    "gzip": _gzipped,
    "v1": _v1,
    "v2": _tensors,
    "v2 binary": _binary,
    **{kind: _table(kind) for kind in ("csv", "parquet", "stream", "file")},
}
