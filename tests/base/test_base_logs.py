"""What is said on standard error."""

from __future__ import annotations

import json
import logging
import sys
import threading
import warnings
from datetime import datetime, timedelta
from typing import Any

import pytest

from noteship import logs

LOG = logging.getLogger("noteship.tests")


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_record_is_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A record has its time as RFC 3339 has it, level, logger, process, message and what else it tells."""
    with logs.speaking("json"):
        LOG.warning("two\nlines of %s", "text", extra=logs.told(request_id="7", trace_id=None))
    (record,) = said(capsys)
    moment = datetime.fromisoformat(record.pop("time"))
    assert moment.utcoffset() == timedelta(0)
    assert isinstance(record.pop("process"), int)
    told = {"level": "WARNING", "logger": "noteship.tests", "message": "two\nlines of text", "request_id": "7"}
    assert record == told


def test_no_value_gets_into_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    """Of errors and warnings, and of what a library says of its work, only kinds and places are told."""

    def fail() -> None:
        raise ValueError("could not convert 'a secret'")

    with logs.speaking("json"), warnings.catch_warnings():
        try:
            fail()
        except ValueError as error:
            LOG.exception("it failed")
            logging.getLogger("asyncio").error("Task failed\nfuture: <'a secret'>", exc_info=error)
            sys.excepthook(type(error), error, error.__traceback__)
        warnings.simplefilter("always")
        warnings.warn("found 'a secret'", UserWarning, stacklevel=1)
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    records = said(capsys)
    assert "secret" not in str(records)
    assert records[0]["error"].startswith("ValueError, raised at")
    assert [each["message"].split(",")[0] for each in records] == [
        "it failed",
        "Task failed",
        "uncaught: ValueError",
        "UserWarning",
        "uncaught: ValueError",
    ]


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """As text a record is its message, and what else it tells behind it."""
    with logs.speaking("text"):
        LOG.info("one")
        LOG.error("two", extra=logs.told(request_id="7", trace_id="8"))
        logging.getLogger("uvicorn.error").info("not said")
    assert capsys.readouterr().err == "one\ntwo (request_id=7 trace_id=8)\n"


def test_afterwards_all_is_as_before() -> None:
    """Handlers, levels and hooks are given back."""
    before = (logging.getLogger().handlers[:], logging.getLogger("noteship").level, sys.excepthook)
    with logs.speaking("json"):
        pass
    assert (logging.getLogger().handlers, logging.getLogger("noteship").level, sys.excepthook) == before
