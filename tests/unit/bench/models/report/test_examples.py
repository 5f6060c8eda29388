from assessment.findings import hard
from bench.models.report.examples import PER_KIND, Examples, choose
from tests.unit.bench.models.summary_factory import item


def test_good_items_come_from_different_profiles_before_one_profile_fills_up() -> None:
    offered = [item(profile="nurse", number=number) for number in range(5)] + [item(profile="marketer", number=9)]
    chosen = choose(offered)["mini"].good
    assert [each.profile for each in chosen] == ["nurse", "marketer", "nurse"]


def test_rejected_items_show_different_rules_first() -> None:
    rules = ["size", "size", "size", "markup"]
    offered = [item(findings=(hard(rule, "x"),), accepted=False, in_form=False) for rule in rules]
    assert [each.findings[0].rule for each in choose(offered)["mini"].rejected] == ["size", "markup", "size"]


def test_no_more_than_three_of_a_kind_are_kept() -> None:
    offered = (item(profile=f"profile-{number}") for number in range(50))
    assert len(choose(offered)["mini"].good) == PER_KIND


def test_items_of_changed_profiles_are_no_examples() -> None:
    assert choose([item(variant="injected"), item(variant="counterpart", accepted=False)]) == {}


def test_an_accepted_item_that_was_not_asked_is_no_example() -> None:
    assert choose([item(in_form=False)]).get("mini", Examples()) == Examples()
