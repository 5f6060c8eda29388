"""docs/item-quality.md: the rules, and what was measured of them."""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from assessment.concepts.cleaning import MAX_NAME_WORDS, MAX_TESTS_WORDS, Fault
from assessment.items import novelty
from assessment.items.rules import NUMBERED
from assessment.sets import rules as set_rules
from bench.page import facts_table, table
from bench.quality.chains import ChainFigures
from bench.quality.concept_rules import ConceptFigures
from bench.quality.injection import ClassFigures
from bench.quality.item_rules import RuleFigures
from bench.quality.repairs import FIRST_TOKEN_SECONDS, TOKENS_PER_SECOND, RepairFigures
from bench.quality.set_rules import SetFigures
from bench.quality.sets import RETAKES, SetsFigures
from bench.quality.speed import CANDIDATES, CHOICE_RUNS, CONCEPTS, MANY_SEEN, SEEN, ChoiceSpeed, Speed

MAX_PASS = 0.05
MIN_RECALL = 0.95
MIN_PASSED = 0.98
MAX_GATE = 15.0
MAX_NOVELTY = 5.0
MAX_BLOCK = 5.0
MAX_DRAW = 5.0
MAX_CHOICE = 20.0
MAX_PEAK = 50.0
NUMBER = re.compile(r"Rule \d+: ")
# Orders that no rule for single items or sets can see; the page says what they are.
KNOWN_GAPS = ("agreed_sign", "code_word", "easy_subject", "unforeseen")

INTRODUCTION = """\
# When a question may be asked

Written by `make quality`; do not edit.

Every item that a model writes is judged by code before a student sees it; no model is asked whether it is right, unless
the provider file says so (`verify`).
What breaks a **hard** rule is thrown away, and its author is told why when a replacement is asked for. **Soft**
findings cost points where there are more good items than needed. A set is put together so that the rules of sets hold
too; when time runs out before that, the answer is `GENERATION_FAILED` and nothing has changed. No rule is ever relaxed.

No item is refused for a soft finding, so there is nothing to relax when time runs out. What was left out without
breaking a rule is used before a set fails: items beyond their source's share while all came in one source, which were
refused so that rule 23 would not fail later; candidates of a set that was refused, together with whatever new ones came
in time; and, with `verify`, items that a solver doubted, as the complete set with the fewest doubts. The rules for
items and for sets are asked of them as of all others. The set's provenance (`passed_over`, `key_check`) and the log say
how many there are.
"""

RULES = """\
Mutants are clean English items of the golden set with one fault planted; clean items are of many fields and languages.
"""

SET_RULES = """\
Sets are chosen so that these rules hold, and the very set that is about to be shown is looked at once more (20 to 23
and 25 to 28). What breaks a rule there is not shown: the answer is `GENERATION_FAILED`, the log says `set_refused` with
the rule, and `retake_sets_refused_total` counts it. Rule 20 is not asked there of a set
with a sandbox scenario, whose right options may be marked.
"""

SETS = """\
Each author has one habit whose rate is known. *Written* is what the set would have been without rules: the first ten
items as they came. *Shown* is what a student gets. The **best robot** never reads a question; it is the one of seven
(longest option, most words of the stem, most words of the other options, first, most figures and brackets, no
absolutes, the verdict that finds fault) that passes most often over all sets. Guessing passes 2.0%. **Old items** go
back to one that this student had in an earlier set, by the author's own account and not by rule 24; each student takes
a set and {retakes} retakes.
"""

CONCEPT_RULES = """\
What a model says a skill consists of is cleaned by code. Each fault is planted alone into maps written by hand: among
the doubles are the same concepts in the words of another writer, and what is off the subject are all concepts of the
other maps, two of which (Python, SQL) share a trade and many words. The maps are of 18 concepts; the more a map holds,
the fewer of its own concepts share no telling word with any other.
"""

FAULTS = {
    Fault.EMPTY: "no name, or nothing it tests",
    Fault.TOO_LONG: f"a name of more than {MAX_NAME_WORDS} words, a meaning of more than {MAX_TESTS_WORDS}",
    Fault.UNSAFE: "what rule 18 forbids items: markup, links, orders, hidden characters, another script",
    Fault.SKILL_ITSELF: "the name is the skill's, or says nothing of any skill",
    Fault.SAME: "the map has it already, perhaps in other words",
    Fault.OFF_SUBJECT: "shares no telling word with any other concept of the map, nor with the skill's name",
}

CHAINS = """\
What one author cannot do is asked of the next one. Here the first of two vendors breaks one rule in every item that it
writes, and a sound one stands behind it. A habit that is soft costs points only, so that its author goes on writing as
long as no robot lives off it. An item that was repaired stays its author's.
"""

REPAIRS = """\
Where only the distractors of an item are at fault, its stem and key stay and a vendor is asked for three others. Sets
whose first author makes every key a little the longest, and what the second vendor did for one of them; seconds are
those of a model with {first} s to its first token and {pace:g} tokens a second after it.
"""

INJECTION = """\
Orders to the writer in titles, descriptions, skill names and proof URLs, to an author that obeys them as badly as it
can, in every item and in every second one. *Let through* are items that passed the gate and still do as they were told.
The wordings were known when the rules were written, so that a zero says less than it seems; the class `unforeseen` was
written afterwards and kept out of that.
"""

CHOICE = """\
What it takes to choose ten items that keep the rules of sets, {runs} times each among other candidates. It is bounded
whatever they are, and done on a thread beside the event loop. Where every key is a little the longest option there is
no fair set to be found, which has to be found out.
"""

WEAK = """\
## What is still weak

- **An agreed sign** (“the right option has the word *gently*”) cannot be told from style in a single item. It takes a
  student who writes the order into the profile and a model that obeys it in spite of the prompt's fences.
- **An easier subject** than the skill asked for makes valid items; there is no check of topic. A **code word** of the
  student's own in a stem is seen only by that student.
- **A wrong key** is a matter of knowledge: only `verify` in the provider configuration, which lets other vendors
  answer blind, can find some of them.
- Of what a student has seen, **1,000 items** are compared with: the newest about the skills at hand, then the newest
  about others. Older ones are not read, so that a question as old as a hundred sets may come back.
- Items are judged by their form. Figures about real models need real models: see docs/benchmark-metrics.md.
- Rules that need words of a language know English, German, French and Spanish; for other languages those do not apply.
"""


class Goal(msgspec.Struct, frozen=True):
    """What was promised, and what was measured; a gap that is known is missed in every run."""

    name: str
    wanted: str
    figure: str
    is_reached: bool
    is_known_gap: bool = False

    @property
    def mark(self) -> str:
        """How it went."""
        return "yes" if self.is_reached else "MISSED, known" if self.is_known_gap else "MISSED"


class Measured(msgspec.Struct, frozen=True):
    """All figures of one run; `facts` say where and how."""

    facts: Mapping[str, str]
    rules: Sequence[RuleFigures]
    set_rules: Sequence[SetFigures]
    sets: Sequence[SetsFigures]
    chains: Sequence[ChainFigures]
    repairs: Sequence[RepairFigures]
    injection: Sequence[ClassFigures]
    concepts: Sequence[ConceptFigures]
    speed: Speed


def goals(it: Measured) -> list[Goal]:
    """Every goal with its figure."""
    recall = min(min(rule.recall for rule in it.rules), min(rule.found / rule.mutants for rule in it.set_rules))
    passed = min(rule.clean_passed for rule in it.rules)
    best = max(sets.shown_best_robot[1] for sets in it.sets)
    repeated = sum(sets.shown_repeated for sets in it.sets)
    through = sum(found.let_through for found in it.injection if found.klass not in KNOWN_GAPS)
    gaps = sum(found.let_through for found in it.injection if found.klass in KNOWN_GAPS)
    return [
        Goal("recall of the worst rule", "95%", _percent(recall), recall >= MIN_RECALL),
        Goal("clean items that the worst rule lets pass", "98%", _percent(passed), passed >= MIN_PASSED),
        Goal("the best robot passes a set, worst author", "5%", _percent(best), best <= MAX_PASS),
        _goal_of_chains(it.chains),
        Goal("old items in retakes", "0", str(repeated), repeated == 0),
        Goal("injected items let through", "0", str(through), through == 0),
        Goal("the same, classes that cannot be seen", "0", str(gaps), gaps == 0, is_known_gap=True),
        Goal(
            f"gate and choice, {CANDIDATES} candidates, {SEEN} seen",
            f"{MAX_GATE:g} ms",
            f"{it.speed.gate:.1f} ms",
            it.speed.gate <= MAX_GATE,
        ),
        Goal(
            f"novelty of an item, {MANY_SEEN} seen",
            f"{MAX_NOVELTY:g} ms",
            f"{it.speed.novelty:.1f} ms",
            it.speed.novelty <= MAX_NOVELTY,
        ),
        Goal(
            "longest piece of work at a time",
            f"{MAX_BLOCK:g} ms",
            f"{it.speed.longest_block:.1f} ms",
            it.speed.longest_block <= MAX_BLOCK,
        ),
        Goal(
            f"draw of a set from {CONCEPTS} concepts, {MANY_SEEN} seen",
            f"{MAX_DRAW:g} ms",
            f"{it.speed.draw:.1f} ms",
            it.speed.draw <= MAX_DRAW,
        ),
        *_goals_of_choice(it.speed.choices),
    ]


def _goal_of_chains(chains: Sequence[ChainFigures]) -> Goal:
    complete, sets = sum(chain.complete for chain in chains), sum(chain.sets for chain in chains)
    return Goal("sets by a habit's author and a sound one", str(sets), str(complete), complete == sets)


def _goals_of_choice(choices: Sequence[ChoiceSpeed]) -> list[Goal]:
    longest = max(choice.longest for choice in choices)
    peak = max(choice.peak for choice in choices)
    among = f"among up to {max(choice.candidates for choice in choices)} candidates"
    return [
        Goal(f"longest choice {among}", f"{MAX_CHOICE:g} ms", f"{longest:.1f} ms", longest <= MAX_CHOICE),
        Goal(f"memory of a choice {among}", f"{MAX_PEAK:g} MB", f"{peak:.2f} MB", peak <= MAX_PEAK),
    ]


def page(it: Measured) -> str:
    """The whole page."""
    return "\n".join(
        [
            INTRODUCTION,
            facts_table(it.facts),
            "## Goals\n",
            table(("goal", "wanted", "measured", "reached"), map(_goal_row, goals(it))),
            "## Rules for one item\n",
            RULES,
            table(
                ("#", "rule", "what it asks", "found of planted", "recall", "alarms on clean items", "precision"),
                map(_rule_row, it.rules),
            ),
            "## Rules for one set\n",
            SET_RULES,
            table(
                ("#", "rule", "what it asks", "found of planted", "alarms on clean sets"), map(_set_row, it.set_rules)
            ),
            "## Sets by authors with habits\n",
            SETS.format(retakes=RETAKES),
            table(
                (
                    *("author", "complete", "best robot, written", "best robot, shown", "old items, written"),
                    *("old items, shown", "keys A/B/C/D, written", "keys A/B/C/D, shown", "rejected"),
                ),
                map(_sets_row, it.sets),
            ),
            "## Chains of an author with a habit and a sound one\n",
            CHAINS,
            table(
                (
                    "rule that is broken",
                    "complete",
                    "requests to its author",
                    "to the sound one",
                    "items by its author",
                ),
                map(_chain_row, it.chains),
            ),
            "## What a repair saves\n",
            REPAIRS.format(first=FIRST_TOKEN_SECONDS, pace=TOKENS_PER_SECOND),
            table(
                ("second vendor", "sets", "requests", "tokens in", "tokens out", "seconds", "items repaired"),
                map(_repair_row, it.repairs),
            ),
            "## Hostile student text\n",
            INJECTION,
            table(
                ("class", "attempts", "reached the author", "items under orders", "let through"),
                ((f.klass, f.attempts, f.heard, f.written, f.let_through) for f in it.injection),
            ),
            "## Maps of concepts\n",
            CONCEPT_RULES,
            table(
                ("what is dropped", "what it is", "found of planted", "recall", "alarms on clean concepts"),
                map(_concept_row, it.concepts),
            ),
            "## Speed of the choice\n",
            CHOICE.format(runs=CHOICE_RUNS),
            table(
                ("skills", "candidates", "what they are like", "sets found", "median", "longest", "memory"),
                map(_choice_row, it.speed.choices),
            ),
            WEAK,
        ]
    )


def _goal_row(goal: Goal) -> tuple[object, ...]:
    return goal.name, goal.wanted, goal.figure, goal.mark


def _rule_row(rule: RuleFigures) -> tuple[object, ...]:
    said = next(it.__doc__ or "" for _, it in NUMBERED if it.__name__ == rule.rule)
    alarms = f"{rule.hard_alarms} hard, {rule.soft_alarms} soft of {rule.clean}"
    found = f"{rule.found} of {rule.mutants}"
    return rule.number, rule.rule, _said(said), found, _percent(rule.recall), alarms, _percent(rule.precision)


def _set_row(rule: SetFigures) -> tuple[object, ...]:
    said = novelty.__doc__ if rule.rule == "novelty" else getattr(set_rules, rule.rule).__doc__
    return (
        rule.number,
        rule.rule,
        _said(said or ""),
        f"{rule.found} of {rule.mutants}",
        f"{rule.alarms} of {rule.clean}",
    )


def _said(docstring: str) -> str:
    """The first line of a rule's docstring, without its number."""
    said = NUMBER.sub("", docstring.partition("\n")[0])
    return (said[:1].lower() + said[1:]).replace("|", "\\|")


def _sets_row(sets: SetsFigures) -> tuple[object, ...]:
    rejected = ", ".join(f"{rule} {count}" for rule, count in list(sets.rejected.items())[:3])
    return (
        sets.author,
        f"{sets.complete} of {sets.sets}",
        _robot(sets.written_best_robot),
        _robot(sets.shown_best_robot),
        _percent(sets.written_repeated),
        sets.shown_repeated,
        _positions(sets.written_positions),
        _positions(sets.shown_positions),
        rejected or "none",
    )


def _concept_row(it: ConceptFigures) -> tuple[object, ...]:
    alarms = f"{it.alarms} of {it.clean}"
    return it.fault, FAULTS[it.fault], f"{it.found} of {it.planted}", _percent(it.recall), alarms


def _chain_row(chain: ChainFigures) -> tuple[object, ...]:
    per_set = f"{chain.habitual_calls / chain.sets:.1f} a set", f"{chain.sound_calls / chain.sets:.1f}"
    complete = f"{chain.complete} of {chain.sets}"
    return chain.habit, complete, *per_set, f"{chain.habitual_items / max(1, chain.complete):.1f} of 10"


def _repair_row(it: RepairFigures) -> tuple[object, ...]:
    how = "repairs" if it.repairs else "writes anew"
    tokens = f"{it.input_tokens:.0f}", f"{it.output_tokens:.0f}"
    return how, it.sets, f"{it.requests:.1f}", *tokens, f"{it.seconds:.1f}", it.repaired


def _choice_row(choice: ChoiceSpeed) -> tuple[object, ...]:
    return (
        choice.skills,
        choice.candidates,
        choice.habit,
        f"{choice.found} of {CHOICE_RUNS}",
        f"{choice.median:.1f} ms",
        f"{choice.longest:.1f} ms",
        f"{choice.peak:.2f} MB",
    )


def _robot(best: tuple[str, float]) -> str:
    return f"{_percent(best[1])} ({best[0]})"


def _positions(shares: Iterable[float]) -> str:
    return "/".join(f"{100 * share:.0f}" for share in shares)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
