"""Cells run as in Jupyter, and their outputs are kept."""

from __future__ import annotations

import nbformat

from execution.conftest import Bench


def test_cells_run_in_order_and_keep_their_outputs(bench: Bench) -> None:
    """Printed text is merged, results and counts are kept, and prose stays."""
    prose = {"cell_type": "markdown", "source": "# Title", "outputs": None, "execution_count": None}
    done = bench.cells("a = 1", prose, "print('x')\nprint('y')\na + 1")
    assert done.failure is None
    cells = bench.record(done)["cells"]
    assert [cell["cell_type"] for cell in cells] == ["code", "markdown", "code"]
    assert cells[2]["execution_count"] == 2
    assert cells[2]["outputs"][0] == {"output_type": "stream", "name": "stdout", "text": "x\ny\n"}
    assert cells[2]["outputs"][1]["data"] == {"text/plain": "2"}


def test_the_record_is_a_valid_notebook(bench: Bench) -> None:
    """nbformat accepts the record, also of cells without ids and with errors."""
    done = bench.cells({"source": "1/0", "metadata": {"tags": ["raises-exception"]}}, "print(1)\n2")
    nbformat.validate(nbformat.reads(bench.text(done.record), as_version=4))
    assert done.failure is None


def test_displays_are_updated_and_cleared(bench: Bench) -> None:
    """update_display changes what an earlier cell showed, and clear_output takes away what was there."""
    done = bench.cells(
        "from IPython.display import display, clear_output, HTML\nshown = display(HTML('<b>1</b>'), display_id=True)",
        "shown.update(HTML('<b>2</b>'))",
        "print('old')\nclear_output(wait=True)\nprint('new')",
    )
    first, second, third = bench.outputs(done)
    assert first[0]["data"]["text/html"] == "<b>2</b>"
    assert second == []
    assert third == [{"output_type": "stream", "name": "stdout", "text": "new\n"}]


def test_figures_of_matplotlib_are_shown_inline(bench: Bench) -> None:
    """A plot is a PNG among the outputs, without any setting."""
    done = bench.cells("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert done.failure is None
    assert "image/png" in bench.outputs(done)[0][-1]["data"]


def test_magics_and_shell_lines_run(bench: Bench) -> None:
    """Line magics, cell magics and shell lines are IPython's own."""
    done = bench.cells("%%writefile made.txt\nhello", "lines = !cat made.txt\nprint(lines)", "%%bash\necho from bash")
    assert done.failure is None
    printed = [outputs[0]["text"] for outputs in bench.outputs(done)]
    assert printed[1:] == ["['hello']\n", "from bash\n"]
    assert bench.text(done.outputs["made.txt"]) == "hello\n"


def test_an_error_names_cell_line_and_exception(bench: Bench) -> None:
    """The cells before it keep their outputs, those after it do not run."""
    done = bench.cells("def f(x):\n    return 1 / x", "print('so far')\n\nf(0)", "print('never')")
    assert done.failure is not None
    assert done.failure.kind == "code"
    assert done.failure.where == "stage.ipynb, cell 2, line 3"
    assert done.failure.message == "ZeroDivisionError: division by zero"
    assert done.failure.last_output == "so far"
    outputs = bench.outputs(done)
    assert outputs[1][-1]["ename"] == "ZeroDivisionError"
    assert outputs[2] == []


def test_a_syntax_error_names_its_line(bench: Bench) -> None:
    """A cell that does not parse fails at that line."""
    failure = bench.cells("x = 1\ny = = 2").failure
    assert failure is not None
    assert (failure.cell, failure.line, failure.exception) == (1, 2, "SyntaxError")


def test_input_is_refused(bench: Bench) -> None:
    """A notebook that asks gets no answer, and the failure says what to do instead."""
    failure = bench.cells("name = input('who? ')").failure
    assert failure is not None
    assert "unattended" in failure.message
    assert "params" in failure.remedy


def test_what_ends_the_kernel_is_told_apart(bench: Bench) -> None:
    """exit() in a cell, an exit of the process, and a crash each have their own words."""
    left = bench.cells("exit()").failure
    assert left is not None
    assert "ends the kernel" in left.message
    ended = bench.cells("import os\nos._exit(7)").failure
    assert ended is not None
    assert ended.kind == "kernel"
    assert "exit code 7" in ended.message
    crashed = bench.cells("print('last')", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    assert crashed.failure is not None
    assert "SIGSEGV" in crashed.failure.message
    assert bench.outputs(crashed)[0][0]["text"] == "last\n"


def test_text_is_cut_at_the_limit(bench: Bench) -> None:
    """A cell that prints without end keeps ten million characters and says that more came."""
    done = bench.cells("for i in range(120):\n    print('x' * 100_000)")
    text = bench.outputs(done)[0][0]["text"]
    assert 10 << 20 <= len(text) < (10 << 20) + 200
    assert "cut by noteship" in text[-200:]


def test_many_small_outputs_are_not_lost(bench: Bench) -> None:
    """A cell that prints and displays thousands of times loses none of it."""
    done = bench.cells("from IPython.display import display\nfor i in range(3000):\n    display(i)")
    assert [output["data"]["text/plain"] for output in bench.outputs(done)[0]] == [str(i) for i in range(3000)]


def test_progress_counts_the_code_cells(bench: Bench) -> None:
    """Each code cell is announced before it runs."""
    bench.cells("1", "2")
    assert [(each.cell, each.cells) for each in bench.progress] == [(1, 2), (2, 2)]


def test_percent_files_run_as_notebooks(bench: Bench) -> None:
    """A percent file's record is a notebook, and `__file__` is defined in it."""
    bench.write("steps.py", "# %% [markdown]\n# # Title\n# %%\nprint(__file__[-8:])\n# %%\n%%time\nx = 2\n# %%\nx")
    done = bench.run("steps.py")
    assert done.failure is None
    assert bench.outputs(done)[0][0]["text"] == "steps.py\n"
    assert bench.outputs(done)[2][0]["data"]["text/plain"] == "2"


def test_what_objects_hold_back_is_written_at_the_end(bench: Bench) -> None:
    """An open file, an open gzip stream and an exit handler lose nothing."""
    done = bench.cells(
        "import atexit, gzip\nheld = open('held.txt', 'w')\nheld.write('text')\nzipped = gzip.open('z.gz', 'wb')",
        "zipped.write(b'more')\natexit.register(lambda: open('late.txt', 'w').write('late'))",
    )
    assert bench.text(done.outputs["held.txt"]) == "text"
    assert bench.text(done.outputs["late.txt"]) == "late"
    assert done.outputs["z.gz"].size_bytes > 20


def test_sets_are_in_the_same_order_in_each_run(bench: Bench) -> None:
    """What depends on the hashes of text is equal from run to run."""
    source = "open('order.txt', 'w').write(' '.join({'a', 'b', 'c', 'd', 'e', 'f'}))"
    first, second = bench.cells(source), bench.cells(source)
    assert first.outputs == second.outputs
