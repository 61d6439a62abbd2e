"""Shell lines tell which files they touch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noteship.notebooks import shell


def _text(word: shell.Word) -> str:
    marks = {shell.Wildcard: "*"}
    return "".join(p if isinstance(p, str) else marks.get(type(p)) or "{" + p.source + "}" for p in word)  # type: ignore[union-attr]


def _shown(text: str) -> list[str]:
    shown = []
    for use in shell.commands(text):
        target = f" -> {_text(use.target)}" if use.target else ""
        shown.append(f"{use.action} {_text(use.path)}{target}" + (" (folder)" if use.folder else ""))
    return shown


CASES = [
    ("cp a.csv b.csv", ["read a.csv", "write b.csv"]),
    ("cp -r a b", ["read a (folder)", "write b (folder)"]),
    ("mv a.csv out/", ["move a.csv -> out/"]),
    ("rm -rf tmp", ["remove tmp (folder)"]),
    ("cat a.txt b.txt > c.txt 2> /dev/null", ["read a.txt", "read b.txt", "write c.txt"]),
    ("sort < a.txt >> b.txt", ["read a.txt", "write b.txt"]),
    ("python run.py > log.txt 2>&1", ["python run.py", "write log.txt"]),
    ("echo x | tee a.txt -", ["write a.txt"]),
    ("grep 'a b' x.csv | head -n 5 > y.csv", ["read x.csv", "write y.csv"]),
    ("wget -q -O data/x.zip https://h/c?x=1", ["external https://h/c?x=1", "write data/x.zip"]),
    ("wget https://h/p/c.csv?x=1 -P data", ["external https://h/p/c.csv?x=1", "write data/c.csv"]),
    ("wget -nc https://h/p/c.csv", ["external https://h/p/c.csv", "write c.csv"]),
    ("curl -sL https://h/z.csv -o data/z.csv", ["external https://h/z.csv", "write data/z.csv"]),
    ("curl -O https://h/z.csv", ["external https://h/z.csv", "write z.csv"]),
    ("tar -xzf a.tar.gz -C data", ["read a.tar.gz", "write data (folder)"]),
    ("tar czf a.tgz models", ["read models", "write a.tgz"]),
    ("unzip -o a.zip -d data/raw", ["read a.zip", "write data/raw (folder)"]),
    ("zip -r arc models", ["read models (folder)", "write arc.zip"]),
    ("gzip -k x.csv", ["read x.csv", "write x.csv.gz"]),
    ("gunzip x.csv.gz", ["read x.csv.gz", "write x.csv"]),
    ("X=data\ncp $X/a.csv ${Y}/", ["read data/a.csv", "write {Y}/"]),
    ("cp {src} 'a b.csv'", ["read {src}", "write a b.csv"]),
    ("cp {os.path.join(a, b)} c", ["read {os.path.join(a, b)}", "write c"]),
    ("python3 -u src/train.py --epochs 3", ["python src/train.py"]),
    ("python -m pkg.train", ["python pkg/train.py"]),
    ("cd data && cp a b", ["cd data", "read a", "write b"]),
    ("cat <<EOF > out.txt\nhello > x\nEOF\necho 2 > 3.txt", ["write out.txt", "write 3.txt"]),
    ("cp a b # cp c d", ["read a", "write b"]),
    ("cp data/*.csv out/", ["read data/*.csv", "write out/"]),
    ("kaggle d x -p data", ["external kaggle d x -p data", "write data (folder)"]),
    ("pip install pandas", []),
    ("echo 'unclosed", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_commands_tell_their_files(text: str, expected: list[str]) -> None:
    """Each known command says what it reads, writes, moves, runs or downloads."""
    assert _shown(text) == expected


def test_lines_are_counted() -> None:
    """A use names the line of the text that it is on."""
    assert [use.line for use in shell.commands("ls\ncat \\\n a\ncat b")] == [2, 4]


def test_copies_name_what_goes_into_a_folder() -> None:
    """A copy remembers its source, whose name it keeps in a folder."""
    assert shell.commands("cp x/a.csv out/")[1].name == ("x/a.csv",)


@given(st.text(alphabet="ab$%!?\\\n\"'(){}#=<>|&; \t.x0-[]*", max_size=60))
def test_any_text_is_understood_or_ignored(text: str) -> None:
    """No text raises."""
    shell.commands(text)
