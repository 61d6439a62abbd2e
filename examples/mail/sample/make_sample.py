"""Writes made-up mail to data/mail.parquet, for those who have no mail to try the notebooks on.

    python sample/make_sample.py

It has the dirt of the real thing: HTML, empty bodies, copies, clocks that are years off. It is far easier to judge.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

__all__ = ["make_mail"]

WORDS = {
    "person": ["Ines", "Tomas", "Ruth", "Oleg", "Maren", "Bashir", "Lucy", "Henrik"],
    "thing": ["the parser", "the backup", "the mail server", "our build", "the new kernel", "the meeting",
              "chapter two"],
    "fault": ["fails on the second run", "is slower since the update", "needs another pair of eyes", "moved to Monday",
              "loses the last line of a file", "works again, no idea why"],
    "goods": ["printer ink", "a diploma", "herbal tablets", "a low mortgage", "a holiday", "a list of addresses"],
    "lure": ["FREE for 30 days", "at half price", "no questions asked", "with a full refund", "!!! today only !!!"],
}
LEGITIMATE = [
    "Does anyone else see that {thing} {fault}?",
    "{person} wrote:\n> I think {thing} {fault}.\nI tried it here and it does not.",
    "Sorry for the late answer. {thing} {fault}, so I shall look at it tonight.",
    "See http://lists.example.org/{number} for what {person} said about it.",
    "Thanks, that helped. Only {thing} {fault}.",
    "If it is free on Thursday, {person} can bring {thing} to the office.",
]
SPAM = [
    "Get {goods} {lure}!",
    "Dear friend, you were chosen to receive {goods} {lure}.",
    "CLICK http://offers.example.com/{number} and order {goods} NOW",
    "Only ${number} for {goods}, {lure}.",
    "Thousands have bought {goods} from us. Do not miss it!",
    "I saw your address on a list about {thing} and thought you might like {goods}.",
]


def fill(pattern: str, dice: random.Random) -> str:
    """A pattern with its words chosen."""
    chosen = {name: dice.choice(words) for name, words in WORDS.items()}
    return pattern.format(number=dice.randint(10, 9999), **chosen)


def write_message(label: str, dice: random.Random) -> dict[str, str]:
    """Subject, sender and text of one message."""
    person = dice.choice(WORDS["person"])
    lines = [fill(dice.choice(LEGITIMATE if label == "legitimate" else SPAM), dice) for _ in range(dice.randint(1, 6))]
    if label == "legitimate":
        subject = dice.choice(["Re: ", "", "[list] "]) + fill("{thing} {fault}", dice)
        return {
            "subject": subject,
            "sender": f"{person} <{person.lower()}@example.org>",
            "text": "\n".join([*lines, "--", person]),
        }
    text = "\n".join(lines)
    if dice.random() < 0.5:
        text = "<html><body><font color=red>" + "<br>".join(lines) + "</font></body></html>"
    return {
        "subject": fill(dice.choice(["{goods} {lure}", "{person}, your {goods}", "Re: your order"]), dice),
        "sender": f"{person.lower()}{dice.randint(1, 999)}@hotmail.example.com",
        "text": text if dice.random() > 0.02 else "",
    }


def make_mail(count: int = 1500, seed: int = 2002) -> pd.DataFrame:
    """A table of messages in the columns that 01-collect expects."""
    dice = random.Random(seed)
    rows = []
    for number in range(count):
        label = "spam" if dice.random() < 0.3 else "legitimate"
        date = datetime(2001, 7, 1) + timedelta(minutes=dice.randrange(520 * 24 * 60))
        if dice.random() < 0.01:
            date = date.replace(year=dice.choice([1980, 1999, 2028]), day=1)
        row = {"id": f"{number:05d}", "group": f"made-up-{label}", "label": label, "date": date}
        rows.append(row | write_message(label, dice))
        if label == "spam" and dice.random() < 0.1:
            rows.append(rows[-1] | {"id": f"{number:05d}-again", "date": date + timedelta(days=1)})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    target = Path(__file__).resolve().parent.parent / "data/mail.parquet"
    target.parent.mkdir(exist_ok=True)
    make_mail().to_parquet(target, index=False)
    print(f"wrote {target}")
