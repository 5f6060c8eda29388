"""Items made from what a request itself says, as a model would: good ones, and each kind of bad one."""

from typing import Any

from fakes.item_maker import make
from fakes.vendor_server.asked import Asked

Item = dict[str, Any]

DIFFICULTIES = ("easy", "medium", "hard")


def items_for(asked: Asked, seed: int, number: int | None = None) -> list[Item]:
    """One valid item for each one wanted; seed and number of the call make its stems differ from all others."""
    turn = asked.number if number is None else number
    items = [
        {**_item(skill, source, f"{seed:x}-{turn}-{index}"), "difficulty": DIFFICULTIES[index % 3]}
        for index, (skill, source) in enumerate(asked.pairs)
    ]
    refs = asked.concept_refs if len(asked.concept_refs) == len(items) else [""] * len(items)
    return [{"concept": concept, **item} if concept else item for item, concept in zip(items, refs, strict=True)]


def one_broken(items: list[Item]) -> list[Item]:
    """The first key is the text of no option; the others are good."""
    return [{**item, "key": "as said above"} if index == 0 else item for index, item in enumerate(items)]


def duplicates(items: list[Item]) -> list[Item]:
    """All of them ask what the first one asks."""
    same = ("stem", "options", "key", "rationale")
    return [{**item, **{name: items[0][name] for name in same}} for item in items]


def three_options(items: list[Item]) -> list[Item]:
    """One wrong option is missing everywhere."""
    return [{**item, "options": _without_one(item), "key": min(item["key"], 2)} for item in items]


def key_out_of_range(items: list[Item]) -> list[Item]:
    """The keys point past the options."""
    return [{**item, "key": 7} for item in items]


def key_as_letter(items: list[Item]) -> list[Item]:
    """The keys are letters."""
    return [{**item, "key": "ABCD"[item["key"]]} for item in items]


def key_as_text(items: list[Item]) -> list[Item]:
    """The keys are the right options themselves."""
    return [{**item, "key": item["options"][item["key"]]} for item in items]


def wrong_language(items: list[Item]) -> list[Item]:
    """German, with stems that differ as those of the good items do."""
    options = ["Zuerst die Ursache messen", "Den Dienst neu schreiben", "Alle Werte löschen", "Auf Meldungen warten"]
    return [
        {
            **item,
            "stem": f"Der Vorgang {_case(item)} wird immer langsamer: Was würden Sie als Nächstes tun?",
            "options": options,
            "key": 0,
            "rationale": "Nur so zeigt sich, wo der Fehler beginnt, bevor etwas geändert wird.",
        }
        for item in items
    ]


def longest_keys(items: list[Item]) -> list[Item]:
    """The keys say a word more than they would."""
    return [
        {**item, "options": [f"{it} again" if place == item["key"] else it for place, it in enumerate(item["options"])]}
        for item in items
    ]


def other_keys(items: list[Item]) -> list[Item]:
    """The content is good and the names of the fields are not those of the schema."""
    return [
        {"question": item["stem"], "choices": item["options"], "answer": item["options"][item["key"]]} for item in items
    ]


def _without_one(item: Item) -> list[str]:
    right = item["options"][item["key"]]
    wrong = [option for option in item["options"] if option != right][:2]
    wrong.insert(min(item["key"], 2), right)
    return wrong


def _case(item: Item) -> str:
    return str(item["stem"]).removeprefix("In case ").partition(",")[0]


def _item(skill: str, source: str, case: str) -> Item:
    return {"skill": skill, "source": source, **make(case, case)}
