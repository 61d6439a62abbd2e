"""Requests that are nearly right, and bytes that are none."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import pandas

from noteship import serving

__all__ = ["Sent", "nearly", "requests_of", "wild"]

ODD_VALUES = (
    *(b"null", b"true", b"-0", b"1e999", b"-1", b"18446744073709551616", b"9" * 400, b"0.1e-400", b"NaN"),
    *(b'""', b'"\\ud800"', b'"\\u0000"', b'"\xff"', b"[]", b"{}", b"[" * 5000, b'{"a":' * 2000, b"[[[]]]"),
)
TOKEN = re.compile(rb'"[^"]*"|-?[0-9][0-9.]*|true|false|null|[\[\]{}]')
ODD_HEADERS = {
    "Content-Type": ("", "text/csv", "application/octet-stream", "application/json; charset=utf-16", "a" * 500),
    "Content-Encoding": ("gzip", "br", "gzip, gzip", "identity"),
    "Inference-Header-Content-Length": ("0", "-1", "5", "99999999999999999999", "x"),
    "Accept": ("text/csv", "application/vnd.apache.arrow.stream", "image/png", "*/*;q=x", ""),
    "X-Request-Id": ("mine", "\t"),
}
ODD_LINES = (
    *(b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: 5\r\nContent-Length: 6"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Expect: 100-continue", b"Upgrade: h2c"),
    *(b"Connection: close, keep-alive", b" folded", b"\x00: \x00", b": nameless", b"X: " + b"x" * 70_000),
)
METHODS = ("GET", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "TRACE", "BREW")


@dataclass(frozen=True)
class Sent:
    """One request."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"

    @property
    def raw(self) -> bytes:
        """As it goes over a socket."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join((*lines, "", "")).encode() + self.body


def requests_of(model: serving.Model) -> Sequence[Sent]:
    """The signature's example in every protocol and kind of body."""
    signature, name = model.signature, model.name
    example = dict(signature.example)
    frame = pandas.DataFrame([example, example])
    tensors = [
        {"name": column.name, "shape": [1], "datatype": "BYTES", "data": [str(example[column.name])]}
        if isinstance(example[column.name], str)
        else {"name": column.name, "shape": [1], "datatype": "FP64", "data": [example[column.name]]}
        for column in signature.inputs
    ]
    infer = f"/v2/models/{name}/infer"
    head = json.dumps({"inputs": [_bare(tensors[0]), *tensors[1:]]}).encode()
    parquet, arrow = BytesIO(), BytesIO()
    frame.to_parquet(parquet)
    frame.to_feather(arrow, compression="uncompressed")
    plain = json.dumps({"rows": [example, example], "id": "mine"}).encode()
    return (
        Sent("/predict", plain),
        Sent("/predict", json.dumps([[example[column.name] for column in signature.inputs]]).encode()),
        Sent(f"/models/{name}/predict", gzip.compress(plain), {"Content-Encoding": "gzip"}),
        Sent("/predict", frame.to_csv(index=False).encode(), {"Content-Type": "text/csv", "Accept": "text/csv"}),
        Sent("/predict", parquet.getvalue(), {"Content-Type": "application/vnd.apache.parquet"}),
        Sent("/predict", arrow.getvalue(), {"Content-Type": "application/vnd.apache.arrow.file"}),
        Sent(f"/v1/models/{name}:predict", json.dumps({"instances": [example]}).encode()),
        Sent(infer, json.dumps({"id": "mine", "inputs": tensors}).encode()),
        Sent(infer, head + _bytes(tensors[0]), {"Inference-Header-Content-Length": str(len(head))}),
        Sent("/v2/repository/index", b"{}"),
        Sent("/feedback", b'{"request": "00000000-0000-7000-8000-000000000000", "row": 0, "label": "letter"}'),
    )


def nearly(chance: random.Random, requests: Sequence[Sent]) -> Sent:
    """A request that is well-formed HTTP; what it says is a little off."""
    sent = chance.choice(requests)
    for _ in range(chance.randint(1, 3)):
        kind = chance.random()
        if kind < 0.4:
            sent = replace(sent, body=_other_token(chance, sent.body))
        elif kind < 0.8:
            sent = replace(sent, body=_spoilt(chance, sent.body, chance.choice(requests).body))
        elif kind < 0.95:
            name = chance.choice(list(ODD_HEADERS))
            sent = replace(sent, headers=sent.headers | {name: chance.choice(ODD_HEADERS[name])})
        elif kind < 0.98:
            sent = replace(sent, path=chance.choice(requests).path)
        else:
            sent = replace(sent, method=chance.choice(METHODS))
    return sent


def _spoilt(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """Bytes flipped, cut, doubled, put in or taken from others."""
    start = chance.randrange(len(data) + 1)
    end = min(len(data), start + chance.randint(0, 40))
    match chance.randrange(6):
        case 0:
            return data[:start] + bytes(each ^ 1 << chance.randrange(8) for each in data[start:end]) + data[end:]
        case 1:
            return data[:start] + data[end:]
        case 2:
            return data[:end] + data[start:]
        case 3:
            return data[:start] + chance.randbytes(chance.randint(1, 20)) + data[start:]
        case 4:
            return data[:start] + other[chance.randrange(len(other) + 1) :]
        case _:
            return chance.choice((data[:start], chance.choice(ODD_LINES) + b"\r\n" + data, data + b"\r\n" + other))


def wild(chance: random.Random, requests: Sequence[Sent]) -> bytes:
    """What need not be HTTP at all."""
    one, other = chance.choice(requests), chance.choice(requests)
    match chance.randrange(4):
        case 0:
            return chance.randbytes(chance.randint(0, 300))
        case 1:
            lines = [one.raw.split(b"\r\n", 1)[0], *chance.choices(ODD_LINES, k=chance.randint(1, 3))]
            return b"\r\n".join((*lines, b"", b"")) + one.body
        case 2:
            start = b"POST /predict HTTP/1.1\r\nHost: localhost\r\n"
            return start + chance.randbytes(chance.randint(1, 200)) + b"\r\n\r\n" + other.body
        case _:
            return _spoilt(chance, one.raw, other.raw)


def _other_token(chance: random.Random, data: bytes) -> bytes:
    found = list(TOKEN.finditer(data))
    if not found:
        return data
    token = chance.choice(found)
    return data[: token.start()] + chance.choice(ODD_VALUES) + data[token.end() :]


def _bare(tensor: dict[str, Any]) -> dict[str, Any]:
    """The tensor whose data stand behind the JSON."""
    rest = {name: value for name, value in tensor.items() if name != "data"}
    return rest | {"parameters": {"binary_data_size": len(_bytes(tensor))}}


def _bytes(tensor: dict[str, Any]) -> bytes:
    value = tensor["data"][0]
    if isinstance(value, str):
        return len(value).to_bytes(4, "little") + value.encode()
    return bytes(memoryview(pandas.Series([value], dtype="float64").to_numpy()).cast("B"))
