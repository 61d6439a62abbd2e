"""The shell lines of a Makefile, its variables put in as far as its text tells them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import basename, dirname, splitext

__all__ = ["recipes"]

_ASSIGNMENT = re.compile(
    r"^\s*(?:export\s+|override\s+)*(?P<name>[\w.-]+)\s*(?P<kind>\+|\?|:{1,3}|!)?=\s*(?P<value>.*)$"
)
_RULE = re.compile(r"^(?P<targets>[^\s:=#][^:=#]*?)\s*::?(?!=)(?P<rest>[^=]*)$")
_REFERENCE = re.compile(r"\$(?:(?P<open>[({])|(?P<one>[^\s({]))")
# What make knows and its text does not tell becomes a variable of the shell, of which nothing is known.
_UNKNOWN = "${unknown}"
_DEEPEST = 12
_MOST_TARGETS = 12
_LONGEST = 20_000


@dataclass(frozen=True)
class _Rule:
    targets: tuple[str, ...]
    stem_pattern: str
    prerequisites: tuple[str, ...]
    lines: tuple[str, ...]


def recipes(text: str) -> Iterator[str]:
    """Each recipe's line, as the shell would get it; once for each target where the line speaks of it."""
    lines = _logical_lines(text)
    variables = _variables(lines)
    for rule in _rules(lines, variables):
        for line in rule.lines:
            own = re.search(r"\$[({]?[@*<^]" if rule.stem_pattern else r"\$[({]?[@*]", line) is not None
            for target in rule.targets[:_MOST_TARGETS] if own else rule.targets[:1]:
                yield _expand(line, {**variables, **_automatic(rule, target)}).lstrip("@-+ ")


def _logical_lines(text: str) -> list[str]:
    """Lines with those joined that end in a backslash; recipes keep their tab."""
    return re.sub(r"\\\r?\n[ \t]*", " ", text).splitlines()


def _variables(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {"CURDIR": ".", "MAKE": "make"}
    for line in lines:
        assigned = None if line.startswith("\t") else _ASSIGNMENT.match(line)
        if assigned is None:
            continue
        name, kind = assigned.group("name"), assigned.group("kind") or ""
        value = re.sub(r"(^|\s)#.*", "", assigned.group("value")).strip()
        if kind == "+":
            found[name] = f"{found.get(name, '')} {value}".strip()
        elif kind == "!":
            found[name] = _UNKNOWN
        elif kind != "?" or name not in found:
            # A variable that is set from itself is set at once.
            found[name] = _expand(value, found) if f"({name})" in value or f"{{{name}}}" in value else value
    return found


def _rules(lines: Sequence[str], variables: Mapping[str, str]) -> Iterator[_Rule]:
    head: tuple[tuple[str, ...], str, tuple[str, ...]] | None = None
    recipe: list[str] = []
    for line in [*lines, "end:"]:
        if line.startswith("\t"):
            recipe.append(line.strip())
            continue
        found = None if _ASSIGNMENT.match(line) else _RULE.match(_expand(line, variables) if "$" in line else line)
        if found is None:
            continue
        if head is not None and recipe:
            yield _Rule(*head, tuple(recipe))
        head, recipe = _head(found.group("targets"), found.group("rest")), []


def _head(targets: str, rest: str) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Targets, the pattern that gives their stem, prerequisites; what follows a semicolon or a bar does not count."""
    rest = re.split(r"[;|]", rest)[0]
    pattern, colon, prerequisites = rest.partition(":")
    names = tuple(targets.split())
    if not colon:
        pattern, prerequisites = next((name for name in names if "%" in name), ""), rest
    return names, pattern.strip(), tuple(prerequisites.split())


def _automatic(rule: _Rule, target: str) -> dict[str, str]:
    """`$@`, `$<` and their kin; a pattern rule's unknown stem is a wildcard."""
    stem = "*"
    head, percent, tail = rule.stem_pattern.partition("%")
    if percent and "%" not in target and target.startswith(head) and target.endswith(tail):
        stem = target[len(head) : len(target) - len(tail)]
    needed = [each.replace("%", stem) for each in rule.prerequisites]
    target = target.replace("%", stem)
    values = {"@": target, "<": needed[0] if needed else "", "^": " ".join(needed), "+": " ".join(needed), "*": stem}
    for name in "@<*^":
        parts = values[name].split()
        values[f"{name}D"] = " ".join(dirname(part) or "." for part in parts)
        values[f"{name}F"] = " ".join(basename(part) for part in parts)
    return {**values, "?": values["^"]}


def _expand(text: str, variables: Mapping[str, str], depth: int = 0) -> str:
    """The text with make's references replaced, bounded in depth and length."""
    pieces: list[str] = []
    position = 0
    while (found := _REFERENCE.search(text, position)) is not None:
        pieces.append(text[position : found.start()])
        if found.group("one") is not None:
            one = found.group("one")
            pieces.append("$" if one == "$" else _value(one, variables, depth))
            position = found.end()
            continue
        end = _closing(text, found.end(), found.group("open"))
        pieces.append(_value(text[found.end() : end], variables, depth))
        position = end + 1
    pieces.append(text[position:])
    return "".join(pieces)[:_LONGEST]


def _closing(text: str, start: int, opening: str) -> int:
    closing, level = {"(": ")", "{": "}"}[opening], 1
    for position in range(start, len(text)):
        level += (text[position] == opening) - (text[position] == closing)
        if level == 0:
            return position
    return len(text)


def _value(inside: str, variables: Mapping[str, str], depth: int) -> str:
    """The value of one reference: a variable, a substitution in one, or a function."""
    if depth > _DEEPEST:
        return _UNKNOWN
    name, space, rest = inside.partition(" ")
    if space and name in _FUNCTIONS:
        return _FUNCTIONS[name]([_expand(each.strip(), variables, depth + 1) for each in _arguments(rest)])
    if "$" in inside:
        inside = _expand(inside, variables, depth + 1)
    name, colon, change = inside.partition(":")
    if name not in variables:
        # The environment may give it; plain names stay for the shell's own knowledge.
        return f"${{{name}}}" if name.isidentifier() and not colon else _UNKNOWN
    value = _expand(variables[name], variables, depth + 1)
    if not colon:
        return value
    old, _, new = change.partition("=")
    old, new = (old, new) if "%" in old else (f"%{old}", f"%{new}")
    return _patsubst([old, new, value])


def _arguments(text: str) -> list[str]:
    """Split at commas that are not within a reference."""
    parts, level = [""], 0
    for character in text:
        level += (character in "({") - (character in ")}")
        if character == "," and level == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _patsubst(arguments: list[str]) -> str:
    if len(arguments) < 3:
        return _UNKNOWN
    old, new, text = arguments[:3]
    head, percent, tail = old.partition("%")

    def changed(word: str) -> str:
        if not percent:
            return new if word == old else word
        if len(word) < len(head) + len(tail) or not (word.startswith(head) and word.endswith(tail)):
            return word
        return new.replace("%", word[len(head) : len(word) - len(tail)])

    return " ".join(changed(word) for word in text.split())


def _each(change: Callable[[str], str]) -> Callable[[list[str]], str]:
    return lambda arguments: " ".join(change(word) for word in arguments[0].split())


def _picked(arguments: list[str]) -> str:
    words = arguments[-1].split()
    number = int(arguments[0]) if arguments[0].isdigit() else 0
    return words[number - 1] if 0 < number <= len(words) else _UNKNOWN


_FUNCTIONS: Mapping[str, Callable[[list[str]], str]] = {
    "patsubst": _patsubst,
    "subst": lambda given: given[2].replace(given[0], given[1]) if len(given) > 2 and given[0] else _UNKNOWN,
    "strip": lambda given: " ".join(given[0].split()),
    "wildcard": lambda given: given[0],
    "sort": lambda given: " ".join(sorted(given[0].split())),
    "abspath": lambda given: given[0],
    "realpath": lambda given: given[0],
    "dir": _each(lambda word: f"{dirname(word) or '.'}/"),
    "notdir": _each(basename),
    "basename": _each(lambda word: splitext(word)[0]),
    "suffix": _each(lambda word: splitext(word)[1]),
    "addprefix": lambda given: " ".join(given[0] + word for word in given[-1].split()),
    "addsuffix": lambda given: " ".join(word + given[0] for word in given[-1].split()),
    "firstword": lambda given: _picked(["1", given[0]]),
    "lastword": lambda given: _picked([str(len(given[0].split())), given[0]]),
    "word": _picked,
    **dict.fromkeys(("shell", "foreach", "call", "if", "or", "and", "filter", "filter-out"), lambda _: _UNKNOWN),
}
