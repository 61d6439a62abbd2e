"""A seeded grammar that writes two kinds of documents.

"legitimate" documents are letters between people of leisure some two hundred years ago, "spam" documents are reviews
of food nobody asked for. The two are not as far apart as they sound: letters tell of dinners, reviewers tell of their
families, both drink tea, and some documents are a single sentence.
"""

from __future__ import annotations

import random
import re

import pandas as pd

__all__ = ["make_documents", "write_document"]

NAMES = {
    "miss": ["Miss Harcastle", "Miss Peverell", "my cousin Augusta", "Lady Wexcombe", "Mrs. Tolland", "dear Henrietta",
             "Miss Lavinia Strode", "our neighbour", "the elder Miss Ashdown"],
    "sir": ["Mr. Harcastle", "Captain Peverell", "Sir Geoffrey", "the rector", "young Mr. Tolland", "Colonel Ashdown",
            "my uncle", "Mr. Strode", "her brother"],
    "first": ["Augusta", "Henrietta", "Lavinia", "Frederick", "Edmund", "Cassandra"],
    "house": ["Wexcombe Park", "Thornleigh", "the parsonage", "Ashdown Hall", "Marl House", "the cottage at Ilsham"],
    "town": ["Bath", "town", "Lyme", "Cheltenham", "Exeter", "London"],
    "virtue": ["good sense", "amiable temper", "candour", "want of affectation", "delicacy of feeling", "composure"],
    "fault": ["vanity", "ill humour", "indifference", "a want of delicacy", "pride", "too easy a manner"],
    "news": ["an engagement", "a legacy of four thousand pounds", "the sale of the carriage", "a removal to {town}",
             "a quarrel with the steward", "the return of the regiment"],
    "soon": ["before Michaelmas", "within the fortnight", "on Thursday", "as soon as the roads allow", "after church",
             "when the harvest is in"],
}

FOOD = {
    "dish": ["soup", "roast chicken", "plum cake", "apple tart", "cold ham", "bread", "cheese", "mutton", "pudding"],
    "product": ["granola", "instant coffee", "dark chocolate", "salsa", "hot sauce", "oatmeal", "olive oil",
                "green tea", "dog food", "peanut butter", "ginger ale", "gluten free pasta", "beef jerky", "almond milk"],
    "good": ["delicious", "really tasty", "super fresh", "very good", "just right", "excellent", "a nice surprise"],
    "bad": ["stale", "way too salty", "bland", "far too sweet", "a disappointment", "very poor", "greasy"],
    "shop": ["the store", "the supermarket", "this seller", "our local deli", "the website"],
    "drink": ["tea", "coffee", "lemonade", "hot chocolate", "a glass of wine"],
    "eater": ["my husband", "my sister", "the kids", "my mother", "our guests", "my dog", "everyone at work"],
}

# Sentences by topic. What stands under "table" and "home" may occur in documents of both kinds.
SENTENCES = {
    "letter": [
        "You will have heard, no doubt, of {news}, for nothing else is spoken of at {house}",
        "{miss} was seen to dance twice with {sir}, and {miss} has talked of it ever since",
        "I own that I had expected {fault} in {sir}, and was obliged to discover {virtue} instead",
        "{sir} is to go to {town} {soon}, and {miss} bears it with a composure that deceives nobody",
        "We walked to {house} in spite of the rain, and were rewarded with nothing better than {sir}",
        "It is a great misfortune to possess so much {virtue} and so very little fortune",
        "{miss} protests that she cares nothing for {sir}, and enquires after him every morning",
        "My father thinks highly of his {virtue}, and my mother of his eight hundred a year",
        "I could not but observe that {sir} was silent the whole of the evening",
        "The ball at {house} is fixed; {miss} has a new muslin, and I have resignation",
        "Pray tell {miss} that her letter was received with the affection which it scarcely deserved",
        "There is a report of {news}, which {sir} denies and {miss} repeats",
        "He has every advantage of education and none of conversation",
        "She was persuaded to play, and, having begun, could not be persuaded to leave off",
        "I am determined to think well of {sir}, at least until {miss} has told me the whole",
        "The shrubbery is much improved, and so, I believe, is the temper of {sir}",
    ],
    "review": [
        "I ordered the {product} from {shop} and it was {good}",
        "The {product} tasted {bad} and the box was crushed when it got here",
        "Five stars, I will definitely buy this {product} again",
        "Two stars because the {product} was {bad} and customer service never answered",
        "Shipping was fast and the price is great for this much {product}",
        "I have tried every brand of {product} and this one is {good}",
        "Not worth the money, {shop} sells better {product} for half the price",
        "The ingredients list is short, no palm oil and only 120 calories per serving",
        "{eater} can't get enough of this {product}!",
        "If you like {product} you need to try this, it is {good}",
        "The package says organic but the {product} was {bad}",
        "I put this {product} on subscribe and save, highly recommend",
        "Great snack to keep in the car, the {product} doesn't melt",
        "The flavor is {good} but the bag is smaller than the picture",
        "We waited forty minutes for a table and the {dish} was {bad}",
        "The waiter was friendly and the {dish} was {good}",
    ],
    "table": [
        "The {dish} was {plain}, and there was a great deal of it",
        "We had {dish} and {dish}, and {drink} afterwards",
        "I never in my life tasted better {dish}",
        "There was not enough {dish} for so many people",
        "The {dish} was cold before we sat down",
        "I would not give this {dish} to my worst enemy",
        "{drink} was served, and it was {plain}",
    ],
    "home": [
        "My sister came to stay and liked it very much",
        "The weather was dreadful the whole week",
        "I shall be glad to hear what you think of it",
        "My mother says that she has never known anything like it",
        "It came on Tuesday, a day later than I had been told",
        "We were eleven at table, and nobody complained",
        "I had heard so much about it that I was bound to be disappointed",
        "For what it cost I cannot complain",
    ],
    "plain": ["very good", "tolerable", "rather dry", "excellent", "much too sweet", "not what I had hoped"],
    "greeting": ["My dear {first},", "My dearest sister,", "Dear Sir,", "My dear friend,", "Dear Aunt,"],
    "farewell": ["Believe me ever yours affectionately", "Your obedient servant", "Adieu, and write soon",
                 "With every good wish to {miss}", "Yours very sincerely"],
    "headline": ["Love it", "Yuck", "Great product", "Disappointed", "Best {product} ever", "Not for me", "{good}!"],
    "verdict": ["Would buy again", "Never again", "Recommended", "4 out of 5", "Save your money", "Thanks {shop}"],
}

RULES = {**NAMES, **FOOD, **SENTENCES}
SLOT = re.compile(r"\{(\w+)\}")
# A full stop that ends a sentence, and not a title.
SENTENCE_END = re.compile(r"(?<!Mr)(?<!Mrs)\. ")


def expand(symbol: str, rules: dict[str, list[str]], dice: random.Random) -> str:
    """One text for a symbol of the grammar, chosen by the dice."""
    return SLOT.sub(lambda slot: expand(slot.group(1), rules, dice), dice.choice(rules[symbol]))


def sentences(topics: list[str], dice: random.Random) -> list[str]:
    """One sentence for each topic; no pattern twice, and a whole document is about one product."""
    rules = {symbol: dice.sample(patterns, len(patterns)) for symbol, patterns in RULES.items()}
    rules["product"] = rules["product"][:1]
    lines = []
    for topic in topics:
        pattern = rules[topic].pop() if len(rules[topic]) > 1 else rules[topic][0]
        text = SLOT.sub(lambda slot: expand(slot.group(1), rules, dice), pattern)
        text = text[0].upper() + text[1:]
        lines.append(text if text[-1] in "!?," else f"{text}.")
    return lines


def topics_of(label: str, dice: random.Random) -> list[str]:
    """What a document of a kind talks about, sentence by sentence."""
    own, other = ("letter", "review") if label == "legitimate" else ("review", "letter")
    length = 1 + min(int(dice.expovariate(1 / 4)), 14)
    # How much of a document is talk that the other kind might contain as well.
    small_talk = dice.betavariate(1, 3)
    # Some writers fall into the manner of the other kind for a sentence.
    lapse = 0.04 if length > 2 else 0.0
    topics = []
    for _ in range(length):
        chance = dice.random()
        if chance < small_talk:
            topics.append(dice.choice(["table", "home"]))
        else:
            topics.append(other if dice.random() < lapse else own)
    return topics


def write_document(label: str, dice: random.Random) -> str:
    """One document of a kind: "legitimate" or "spam"."""
    opening, ending = ("greeting", "farewell") if label == "legitimate" else ("headline", "verdict")
    topics = topics_of(label, dice)
    if dice.random() < 0.5:
        topics.insert(0, opening)
    if dice.random() < 0.4:
        topics.append(ending)
    text = " ".join(sentences(topics, dice))
    return with_quill(text, dice) if label == "legitimate" else with_keyboard(text, dice)


def with_quill(text: str, dice: random.Random) -> str:
    """Habits of the pen: semicolons, and dashes between sentences."""
    if dice.random() < 0.3:
        text = text.replace(", and ", "; and ")
    if dice.random() < 0.2:
        text = SENTENCE_END.sub(".--", text)
    return text


def with_keyboard(text: str, dice: random.Random) -> str:
    """Habits of the keyboard: exclamation marks, small letters, letters that went missing."""
    if dice.random() < 0.3:
        text = SENTENCE_END.sub("! ", text, count=2)
    if dice.random() < 0.2:
        text = text.lower()
    if dice.random() < 0.2:
        lost = dice.randrange(len(text))
        text = text[:lost] + text[lost + 1 :]
    return text


def make_documents(count: int, seed: int, spam_share: float = 0.4) -> pd.DataFrame:
    """A table of documents: id, label, text. The same seed gives the same table."""
    dice = random.Random(seed)
    labels = ["spam" if dice.random() < spam_share else "legitimate" for _ in range(count)]
    texts = [write_document(label, dice) for label in labels]
    return pd.DataFrame({"id": range(count), "label": labels, "text": texts})
