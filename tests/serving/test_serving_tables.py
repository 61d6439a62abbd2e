from __future__ import annotations

import csv
import gzip
import io
import struct
import zlib

import httpx
import pandas
import pyarrow
import pytest
from pyarrow import ipc, parquet

from noteship import serving

from .asking import table
from .served import Served, served

TEXTS = pandas.DataFrame({"text": ["dear aunt", "crunchy snack, five stars"], "unasked": [1, 2]})
KINDS = ["csv", "parquet", "stream", "file"]


def ask(one: Served, content_type: str, body: bytes, **headers: str) -> httpx.Response:
    return one.client.post("/predict", content=body, headers={"content-type": content_type} | headers)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_beyond_the_models_are_passed_over(service: Served, kind: str) -> None:
    """A table may hold more than the model needs."""
    assert ask(service, *table(kind, TEXTS)).json()["predictions"] == ["letter", "review"]


@pytest.mark.parametrize("kind", KINDS)
def test_columns_that_are_missing_are_named(service: Served, kind: str) -> None:
    """A table without a column that may not be null gets 422."""
    response = ask(service, *table(kind, TEXTS[["unasked"]]))
    assert response.status_code == 422
    assert "text" in response.json()["error"]


@pytest.mark.parametrize("kind", KINDS)
def test_bodies_that_are_no_tables_are_told(service: Served, kind: str) -> None:
    """What cannot be read as what it is called gets an error and no fault of the service's."""
    content_type, body = table(kind, TEXTS)
    for wrong in (b"", b"\xff\xfe\0\1", body[: len(body) // 2] if kind != "csv" else b'"', b'text\n"a'):
        response = ask(service, content_type, wrong)
        if kind == "stream" and wrong.startswith(body[:8]) and response.status_code == 200:
            continue
        assert response.status_code in (400, 422), wrong
        assert response.json()["error"]


@pytest.mark.parametrize("kind", KINDS)
def test_tables_of_too_many_rows_are_refused(letters: serving.Model, kind: str) -> None:
    """The limit on rows is that of JSON."""
    with served(letters, limits=serving.Limits(rows=3)) as one:
        response = ask(one, *table(kind, pandas.DataFrame({"text": ["a"] * 4})))
        assert (response.status_code, "at most 3" in response.json()["error"]) == (413, True)


@pytest.mark.parametrize("kind", ["parquet", "stream", "gzip"])
def test_what_unpacks_to_too_much_is_refused(letters: serving.Model, kind: str) -> None:
    """A small body that holds a large table, or a text many times, gets 413."""
    with served(letters, limits=serving.Limits(body_bytes=100_000)) as one:
        text = "a" * 50_000
        if kind == "gzip":
            response = ask(
                one, "text/csv", gzip.compress(f"text\n{text}\n{text}\n".encode()), **{"content-encoding": kind}
            )
        else:
            words = pyarrow.table({"text": pyarrow.array([text] * 100).dictionary_encode()})
            sink = io.BytesIO()
            if kind == "parquet":
                parquet.write_table(words, sink)
                content_type = "application/vnd.apache.parquet"
            else:
                with ipc.new_stream(sink, words.schema) as stream:
                    stream.write_table(words)
                content_type = "application/vnd.apache.arrow.stream"
            assert len(sink.getvalue()) < 100_000
            response = ask(one, content_type, sink.getvalue())
        assert response.status_code == 413


@pytest.mark.parametrize("kind", ["stream", "file"])
@pytest.mark.parametrize("ends", [(5, 1 << 40), (5, 60), (9, 5), (-9, 5)])
def test_arrow_that_points_out_of_itself_is_refused(service: Served, kind: str, ends: tuple[int, int]) -> None:
    """Where a text ends is the client's word: one that leads out of the body gets 400, and is not followed."""
    words = pyarrow.table({"text": pyarrow.array(["north", "south"], pyarrow.large_string())})
    sink = io.BytesIO()
    with (ipc.new_stream if kind == "stream" else ipc.new_file)(sink, words.schema) as writer:
        writer.write_table(words)
    good = sink.getvalue()
    wrong = good.replace(struct.pack("<qqq", 0, 5, 10), struct.pack("<qqq", 0, *ends))
    content_type = f"application/vnd.apache.arrow.{kind}"
    assert [ask(service, content_type, body).status_code for body in (good, wrong)] == [200, 400]


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
@pytest.mark.parametrize("is_dictionary", [False, True])
def test_arrow_that_is_compressed_is_refused(service: Served, codec: str, is_dictionary: bool) -> None:
    """Compressed Arrow says itself how large it becomes, so it gets 415 before it is unpacked."""
    words = pyarrow.array(["dear aunt " * 50] * 2)
    given = pyarrow.table({"text": words.dictionary_encode() if is_dictionary else words})
    sink = io.BytesIO()
    with ipc.new_stream(sink, given.schema, options=ipc.IpcWriteOptions(compression=codec)) as stream:
        stream.write_table(given)
    response = ask(service, "application/vnd.apache.arrow.stream", sink.getvalue())
    assert response.status_code == 415


def test_gzip_that_is_none_is_told(service: Served) -> None:
    """What is not in gzip, or ends too early, gets 400; several members are one body."""
    whole = gzip.compress(b'[["dear ') + gzip.compress(b'aunt"]]')
    for body, code in ((whole, 200), (whole[:-3], 400), (b"[[1]]", 400), (zlib.compress(b"[]"), 400)):
        assert ask(service, "application/json", body, **{"content-encoding": "gzip"}).status_code == code


@pytest.mark.parametrize("content_type", ["application/xml", "multipart/form-data; boundary=x", "image/png"])
def test_other_content_types_are_refused(service: Served, content_type: str) -> None:
    """A body of a kind that is not known gets 415 and is told which are."""
    response = ask(service, content_type, b"[]")
    assert response.status_code == 415
    assert "text/csv" in response.json()["error"]


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain", "APPLICATION/JSON"],
)
def test_json_comes_under_several_names(service: Served, content_type: str) -> None:
    """What curl and browsers say of a body when nobody told them is taken for JSON."""
    assert ask(service, content_type, b'[["dear aunt"]]').status_code == 200


def test_an_empty_cell_is_null_where_null_is_allowed(service: Served) -> None:
    """In CSV an empty text is an empty text where the column takes no null, and texts stay what they are."""
    told = ask(service, "text/csv", b'text\n"NA"\n"007"\n""\n').json()
    assert told["predictions"] == service.predict([["NA"], ["007"], [""]]).json()["predictions"]


def test_cells_that_do_not_fit_are_told_by_row_and_field(rents: serving.Model) -> None:
    """A cell that is no number is refused with its place and without its value."""
    with served(rents) as one:
        told = ask(one, "text/csv", b"district,size\nnorth,50\nsouth,1_000\n").json()
    assert (told["row"], told["field"], told["got"]) == (1, "size", "text")


@pytest.mark.parametrize("accept", ["text/csv", "application/vnd.apache.arrow.stream"])
def test_answers_are_tables_where_that_is_accepted(service: Served, accept: str) -> None:
    """The prediction and a probability for each class, a row for each row."""
    response = ask(service, *table("csv", TEXTS), accept=accept)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(accept)
    if accept == "text/csv":
        rows = list(csv.DictReader(io.StringIO(response.text)))
    else:
        rows = ipc.open_stream(response.content).read_all().to_pylist()
    assert [row["prediction"] for row in rows] == ["letter", "review"]
    assert set(rows[0]) == {"prediction", "probability_letter", "probability_review"}
