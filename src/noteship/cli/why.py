"""Says why something on the cluster waits or fails."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from noteship.cli.errors import WrongUsage
from noteship.cli.output import Output
from noteship.cluster.why import WHO
from noteship.operations import why as operation
from noteship.operations.opened import DECLARATION

__all__ = ["lines", "run"]

# Of what says so; --json has it all.
SEEN = 2


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Ask, and give 0 whatever the answer is."""
    if arguments.thing is None and not (arguments.project / DECLARATION).exists():
        fact = "no THING is named, and there is no project here whose release could be meant"
        raise WrongUsage(fact, "noteship why deployment/mail --namespace team-a", where=str(arguments.project))
    request = operation.WhyRequest.of(arguments.project, arguments.thing, arguments.namespace, arguments.context)
    answer = operation.why(request)
    output.document(answer.to_json())
    output.text(*lines(answer))
    return 0


def lines(answer: operation.Answer) -> Iterator[str]:
    """The answer for people."""
    counted = ", ".join(f"{count} {state}" for state, count in answer.pods)
    yield f"{answer.thing}" + (f" (pods: {counted})" if counted else "")
    if not answer.causes:
        yield "  nothing is known to be in the way"
        yield from (f"  not looked at: {fact}" for fact in answer.unread)
    for each in answer.causes:
        yield f"  {each.sentence}"
        yield f"    do: {each.remedy}"
        yield f"    who: {WHO[each.who]}"
        for seen in each.evidence[-SEEN:]:
            yield f"    seen: {seen}"
