"""What is measured, in words. The formulas are computed in `bench.models.estimates`."""

from types import MappingProxyType
from typing import Literal

import msgspec

Unit = Literal["share", "seconds", "usd", "count", "grade", "p"]
Better = Literal["higher", "lower", "none"]


class Metric(msgspec.Struct, frozen=True):
    """How a figure is called, what it is, and which way is good."""

    title: str
    formula: str
    unit: Unit
    better: Better


METRICS = MappingProxyType(
    {
        "schema_yield": Metric(
            "Answers that follow the schema",
            "valid write calls / write calls, without those Retake itself ended or never sent",
            "share",
            "higher",
        ),
        "accepted_rate": Metric(
            "Items accepted",
            "items that pass every hard rule / items written, before any repair",
            "share",
            "higher",
        ),
        "flaws_per_item": Metric("Flaws per item", "soft findings / items written", "count", "lower"),
        "worst_robot": Metric(
            "Best robot passes",
            "mean chance to pass of the robot with the highest mean, over complete sets; of each the first items "
            "as they were written, before any rule",
            "share",
            "lower",
        ),
        "key_position_distance": Metric(
            "Key positions: distance from even",
            "half the sum of |share - 1/4| over the four positions of the keys as written",
            "share",
            "lower",
        ),
        "key_position_chi2": Metric(
            "Key positions: chi-square",
            "p value of the chi-square test against even positions, from 20 items on",
            "p",
            "none",
        ),
        "skill_coverage": Metric(
            "Skills covered", "skills asked / skills wanted, over complete sets", "share", "higher"
        ),
        "source_coverage": Metric(
            "Source items covered", "source items asked / source items wanted, over complete sets", "share", "higher"
        ),
        "duplication": Metric(
            "Repeated items", "items of retakes that rule 24 calls known / items of retakes", "share", "lower"
        ),
        "key_suspicion": Metric(
            "Suspicious keys",
            "items where more than half of all blind answers agree on one option that is not the key / items solved",
            "share",
            "lower",
        ),
        "ambiguity": Metric(
            "Ambiguous items",
            "items where one solver's choice changes with the order of the options / items a solver answered twice",
            "share",
            "lower",
        ),
        "choices_only": Metric(
            "Right without the stem", "right answers / answers wanted when only the options are shown", "share", "lower"
        ),
        "informativity": Metric(
            "Gain from the profile",
            "share of right answers with the student's text minus the share without it, on the same items",
            "share",
            "none",
        ),
        "injection_success": Metric(
            "Planted orders obeyed",
            "items that did what a planted order asked for / items of the variant `injected`",
            "share",
            "lower",
        ),
        "fairness_difficulty": Metric(
            "Fairness: difficulty",
            "share of wrong blind answers for counterparts minus the share for the profiles as they stand",
            "share",
            "none",
        ),
        "fairness_grade": Metric(
            "Fairness: reading grade",
            "mean Flesch-Kincaid grade of stems for counterparts minus the mean for the profiles as they stand",
            "grade",
            "none",
        ),
        "first_item_p50": Metric(
            "First item, median", "seconds to the first item, where one came: median", "seconds", "lower"
        ),
        "first_item_p95": Metric(
            "First item, p95", "seconds to the first item, where one came: 95th percentile", "seconds", "lower"
        ),
        "form_p50": Metric("Set, median", "seconds to a complete set: median", "seconds", "lower"),
        "form_p95": Metric("Set, p95", "seconds to a complete set: 95th percentile", "seconds", "lower"),
        "within_budget": Metric("Inside the budget", "sets complete within the budget / sets", "share", "higher"),
        "complete_rate": Metric("Complete sets", "complete sets / sets", "share", "higher"),
        "tokens_per_accepted": Metric(
            "Tokens per accepted item", "input and output tokens of all write calls / accepted items", "count", "lower"
        ),
        "usd_per_accepted": Metric(
            "Price per accepted item", "US dollars of all write calls / accepted items", "usd", "lower"
        ),
        "valid_per_budget": Metric(
            "Sets per budget",
            "complete sets x budget / seconds of all sets: what one budget yields, sets written one after the other",
            "count",
            "higher",
        ),
        "valid_per_usd": Metric(
            "Sets per US dollar", "complete sets / US dollars of all write calls", "count", "higher"
        ),
    }
)
