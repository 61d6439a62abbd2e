"""Words that are treated specially."""

from __future__ import annotations

__all__ = ["STOP_WORDS"]

# The commonest little words of English, sorted; they say more about style than about topic.
STOP_WORDS = (
    "a all am an and any are as at be been but by can could for from had has have he her him his i if in is it its me "
    "my no nor not nothing of on or our she so than that the their them there they this to upon us very was we were "
    "what when which who will with would you your"
).split()
