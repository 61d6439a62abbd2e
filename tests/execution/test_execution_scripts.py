"""Plain scripts run as `python FILE` would."""

from __future__ import annotations

from execution.conftest import Bench


def test_a_script_runs_as_main_and_prints_its_record(bench: Bench) -> None:
    """It sees its own arguments, module name and folder's modules, and what it prints is the record."""
    bench.write("code/near.py", "VALUE = 3")
    bench.write(
        "code/job.py",
        "import sys, near\nif __name__ == '__main__':\n    print(near.VALUE, len(sys.argv))\n"
        "    open('out.txt', 'w').write('1')",
    )
    done = bench.run("code/job.py")
    assert done.failure is None
    assert bench.text(done.record) == "3 1\n"
    assert list(done.outputs) == ["out.txt"]


def test_an_exception_names_file_and_line(bench: Bench) -> None:
    """The innermost line of the project's own code is named, and what was printed before."""
    bench.write("near.py", "def f():\n    raise ValueError('no')")
    bench.write("job.py", "import near\nprint('so far')\nnear.f()")
    done = bench.run("job.py")
    assert done.failure is not None
    assert done.failure.where == "near.py, line 2"
    assert done.failure.message == "ValueError: no"
    assert done.failure.last_output == "so far"
    assert 'File "' in bench.text(done.record)


def test_exit_codes_count(bench: Bench) -> None:
    """Zero is success, all else a failure that says the code."""
    bench.write("good.py", "import sys\nsys.exit(0)")
    bench.write("bad.py", "import sys\nsys.exit(4)")
    assert bench.run("good.py").failure is None
    failure = bench.run("bad.py").failure
    assert failure is not None
    assert "exit code 4" in failure.message


def test_a_script_that_asks_is_refused(bench: Bench) -> None:
    """Standard input is empty, and the failure says why."""
    bench.write("job.py", "input('who? ')")
    failure = bench.run("job.py").failure
    assert failure is not None
    assert "unattended" in failure.message


def test_a_script_takes_parameters(bench: Bench) -> None:
    """The literal at its top level is replaced in the workspace, not in the project."""
    source = "rows = 3\nopen('out.txt', 'w').write(str(rows))"
    path = bench.write("job.py", source)
    done = bench.run("job.py", params={"rows": 5})
    assert bench.text(done.outputs["out.txt"]) == "5"
    assert path.read_text() == source
