"""Shell lines as commands: words with their expansions and wildcards, and redirections."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Command", "Expansion", "Wildcard", "Word", "literal", "parse"]


@dataclass(frozen=True)
class Expansion:
    """`{expression}` or `$name` in a word: Python's value of it, if it has one; `$name` may be the environment's."""

    source: str
    dollar: bool = False


@dataclass(frozen=True)
class Wildcard:
    """`*`, `?` or `[ab]` in a word: any text without a slash."""


Word = tuple[str | Expansion | Wildcard, ...]


@dataclass
class Command:
    """One program call: its words, its redirections as (sign, word), its line in the text."""

    words: list[Word]
    redirects: list[tuple[str, Word]]
    line: int

    @property
    def name(self) -> str:
        """The program's name without its folder."""
        return literal(self.words[0]).rpartition("/")[2] if self.words else ""

    @property
    def operands(self) -> list[Word]:
        """The words that are no options."""
        return [word for word in self.words[1:] if not literal(word).startswith("-")]


_EXPRESSION = re.compile(r"\{\{|\}\}|\{(?P<braced>[^{}\n]*)\}|\$\{(?P<env>\w+)\}|\$(?P<name>[A-Za-z_]\w*)")
# Private-use characters stand for what shlex must not split: an expansion's number between the two, and wildcards.
_OPEN, _CLOSE = "\ue000", "\ue001"
_WILD = "\ue002"
_HELD = re.compile(f"{_OPEN}(\\d+){_CLOSE}|({_WILD}+)")
_SEPARATORS = frozenset({";", "&&", "||", "|", "&", "|&", "(", ")", "{", "}", "do", "then", "else", "done", "fi"})
_SKIPPED = frozenset({"sudo", "time", "nohup", "env", "command", "exec", "nice", "then", "do", "else", "!"})
_ASSIGN = re.compile(r"^(?P<name>[A-Za-z_]\w*)=")
_HERE = re.compile(r"<<-?\s*['\"]?(?P<mark>\w+)['\"]?(?P<rest>[^\n]*)\n.*?^\s*(?P=mark)\s*$", re.MULTILINE | re.DOTALL)
_NUMBERED = re.compile(r"(?<=\s)2>>?\s*(?:&\d|[^\s&;|]+)")


def parse(text: str) -> Iterator[Command]:
    """The simple commands of a text in order, its own `NAME=value` settings applied."""
    variables: dict[str, Word] = {}
    for command in _commands(text):
        _substitute(command, variables)
        yield command


def literal(word: Word) -> str:
    """A word's text, with a NUL for what is not known."""
    return "".join(part if isinstance(part, str) else "\0" for part in word)


def _commands(text: str) -> Iterator[Command]:
    text = _HERE.sub(_without_here, text)
    held: list[Expansion] = []
    number = 0
    for line in re.sub(r"\\\n", " \ue003", text).split("\n"):
        number += 1
        yield from _line_commands(line.replace("\ue003", " "), number, held)
        number += line.count("\ue003")


def _without_here(found: re.Match[str]) -> str:
    """The command line alone, and as many lines as there were."""
    return found.group("rest") + "\n" * found.group().count("\n")


def _line_commands(line: str, number: int, held: list[Expansion]) -> Iterator[Command]:
    line = re.sub(r"(^|\s)#.*", "", line)
    tokens = _tokens(_hold(_NUMBERED.sub("", line), held))
    words: list[Word] = []
    redirects: list[tuple[str, Word]] = []
    index = 0
    while index <= len(tokens):
        token = tokens[index] if index < len(tokens) else ";"
        index += 1
        if token in _SEPARATORS or index > len(tokens):
            if words or redirects:
                yield Command(words, redirects, number)
            words, redirects = [], []
        elif re.fullmatch(r"(>>?|<|&>>?|>\|)&?", token):
            if index < len(tokens) and not token.endswith(">&"):
                redirects.append(("<" if "<" in token else ">", _word(tokens[index], held)))
            index += 1
        elif words or token not in _SKIPPED:
            words.append(_word(token, held))


def _hold(line: str, held: list[Expansion]) -> str:
    def kept(found: re.Match[str]) -> str:
        if found.group() in {"{{", "}}"}:
            return found.group()[0]
        braced = found.group("braced")
        if braced is not None and not braced.strip():
            return found.group()
        name = found.group("env") or found.group("name")
        held.append(Expansion(name, True) if braced is None else Expansion(braced.strip()))
        return f"{_OPEN}{len(held) - 1}{_CLOSE}"

    return _EXPRESSION.sub(kept, line)


def _tokens(line: str) -> list[str]:
    lexer = shlex.shlex(_protect_wild(line), posix=True, punctuation_chars=";&|()<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return line.split()


def _protect_wild(line: str) -> str:
    """Wildcards outside of quotes become held characters, those within stay themselves."""
    out: list[str] = []
    quote = ""
    for part in re.split(r"(\s+)", line):
        address = "://" in part
        for character in part:
            if quote:
                quote = "" if character == quote else quote
            elif character in "'\"":
                quote = character
            elif character in "*?" and not address:
                character = _WILD
            out.append(character)
    return re.sub(r"(?<=[\w/])\[[^\]\s'\"]*\]", _WILD, "".join(out))


def _word(token: str, held: Sequence[Expansion]) -> Word:
    parts: list[str | Expansion | Wildcard] = []
    position = 0
    for found in _HELD.finditer(token):
        if found.start() > position:
            parts.append(token[position : found.start()])
        parts.append(Wildcard() if found.group(2) else held[int(found.group(1))])
        position = found.end()
    if position < len(token):
        parts.append(token[position:])
    return tuple(parts)


def _substitute(command: Command, variables: dict[str, Word]) -> None:
    """Apply what `NAME=value` set earlier in the same text, and remember what this command sets."""

    def replaced(word: Word) -> Word:
        parts: list[str | Expansion | Wildcard] = []
        for part in word:
            known = variables.get(part.source) if isinstance(part, Expansion) and part.dollar else None
            parts.extend(known if known is not None else (part,))
        return tuple(parts)

    command.words = [replaced(word) for word in command.words]
    command.redirects = [(sign, replaced(word)) for sign, word in command.redirects]
    while command.words:
        first = command.words[0]
        found = _ASSIGN.match(first[0]) if first and isinstance(first[0], str) else None
        if found is None:
            export = literal(first) == "export" and len(command.words) > 1
            if not export:
                return
            command.words.pop(0)
            continue
        head = str(first[0])[found.end() :]
        variables[found.group("name")] = ((head,) if head else ()) + tuple(first[1:])
        command.words.pop(0)
