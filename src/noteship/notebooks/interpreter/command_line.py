"""Options of command lines, and what the words of one give them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.values import Const, Seq, Value

__all__ = ["Option", "given", "option_of_name", "positional_words"]


@dataclass(eq=False)
class Option:
    """One argument of a command: the name of its value, how it is written, its default.

    A `constant` is its value when it is named, without a word of its own. It takes `count` words, None for as many as
    there are; with 1 its value is the word itself, else a list, and so it is when it may be named `again`. An option
    that is `positional` needs no name.
    """

    target: str
    names: tuple[str, ...]
    default: Value
    constant: Value | None = None
    convert: Value | None = None
    count: int | None = 1
    positional: bool = False
    again: bool = False


def option_of_name(name: str, default: Value, positional: bool = False) -> Option:
    """The option that a function's parameter becomes: `--first-name`, `--first_name`."""
    names = (f"--{name}", f"--{name.replace('_', '-')}")
    return Option(name, names, default, positional=positional)


def given(machine: Machine, options: Sequence[Option], words: Sequence[Value]) -> dict[str, Value]:
    """The values that the words give, by target; what is not named is not there."""
    reading = _Reading(machine, options, list(words))
    return dict(reading.values())


def positional_words(words: Iterable[Value]) -> list[str]:
    """The words that are no options, where they are known."""
    texts = [_text(word) for word in words]
    return [text for text in texts if text and not text.startswith("-")]


class _Reading:
    """One command line on its way."""

    def __init__(self, machine: Machine, options: Sequence[Option], words: list[Value]) -> None:
        self._machine = machine
        self._by_name = {name: option for option in options for name in option.names}
        self._places = [option for option in options if option.positional]
        self._words = words
        self._again: dict[str, list[Value]] = {}

    def values(self) -> Iterator[tuple[str, Value]]:
        while self._words:
            word = self._words.pop(0)
            option, rest = self._named(_text(word))
            if option is None:
                if self._places and not _is_flag(word):
                    yield self._placed(self._places.pop(0), word)
            elif option.constant is not None:
                yield option.target, option.constant
            elif rest is not None:
                yield option.target, self._value(option, [Const(rest)])
            else:
                taken = self._taken(option.count)
                if taken or option.count is None:
                    yield option.target, self._value(option, taken)
            if option is not None and option in self._places:
                self._places.remove(option)

    def _named(self, text: str) -> tuple[Option | None, str | None]:
        """The option that a word names, and the value that it carries after `=`."""
        if not text.startswith("-"):
            return None, None
        name, equals, rest = text.partition("=")
        option = self._by_name.get(name)
        if option is None and name.startswith("--"):
            longer = {id(each): each for key, each in self._by_name.items() if key.startswith(name)}
            option = next(iter(longer.values())) if len(longer) == 1 else None
        elif option is None and text[:2] in self._by_name and len(text) > 2:
            return self._by_name[text[:2]], text[2:]
        return option, rest if equals else None

    def _placed(self, option: Option, word: Value) -> tuple[str, Value]:
        if option.count == 1:
            return option.target, self._value(option, [word])
        more = self._taken(None if option.count is None else option.count - 1)
        # Places that follow have a word each.
        back = len(self._places) if option.count is None else 0
        if back:
            self._words[:0] = more[len(more) - back :] if back <= len(more) else more
            more = more[: max(len(more) - back, 0)]
        return option.target, self._value(option, [word, *more])

    def _taken(self, count: int | None) -> list[Value]:
        taken: list[Value] = []
        while self._words and not _is_flag(self._words[0]) and (count is None or len(taken) < count):
            taken.append(self._words.pop(0))
        return taken

    def _value(self, option: Option, words: list[Value]) -> Value:
        converted = [_converted(self._machine, option, word) for word in words]
        if option.again:
            self._again.setdefault(option.target, []).extend(converted)
            converted = list(self._again[option.target])
        single = option.count == 1 and not option.again
        return converted[0] if single else Seq("list", converted, depth=self._machine.maybe)


def _converted(machine: Machine, option: Option, value: Value) -> Value:
    if option.convert is None or not isinstance(value, Const) or not isinstance(value.value, str):
        return value
    return machine.invoke(option.convert, value)


def _text(word: Value) -> str:
    return word.value if isinstance(word, Const) and isinstance(word.value, str) else ""


def _is_flag(word: Value) -> bool:
    text = _text(word)
    return text.startswith("-") and not text[1:2].isdigit() and text != "-"
