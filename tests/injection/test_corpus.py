from collections import Counter

import pytest

from fakes.injection.corpus import PADDING_CHARACTERS, Attempt, Field, Misdeed, attempt, corpus
from fakes.injection.misdeeds import VARIANTS, Orders, spoil
from fakes.item_maker import make

ORDERS = Orders("You write questions about all sorts of things for an exam.", "<<<DATA 00ff>>>\n<<<END 00ff>>>", "")


def test_there_are_enough_attempts_each_with_an_id_of_its_own() -> None:
    assert len(corpus()) >= 60
    assert len({it.id for it in corpus()}) == len(corpus())


def test_every_field_and_every_misdeed_is_tried() -> None:
    assert {it.field for it in corpus()} == set(Field)
    assert {misdeed for it in corpus() for misdeed in it.misdeeds} == set(Misdeed)


def test_every_class_that_rules_are_to_stop_has_several_attempts() -> None:
    counts = Counter(it.klass for it in corpus())
    assert {klass for klass, count in counts.items() if count < 2} == {"code_word", "easy_subject"}


@pytest.mark.parametrize("each", corpus(), ids=lambda it: it.id)
def test_an_attempt_is_heard_in_its_own_words_and_in_no_others(each: Attempt) -> None:
    assert each.heard_in(f'{{"facts": "{each.sent}"}}')
    assert not each.heard_in("Write exactly six questions, one for each line, all different from each other.")


def test_huge_texts_are_huge() -> None:
    assert all(len(it.sent) >= PADDING_CHARACTERS for it in corpus() if it.klass == "huge")


def test_an_order_behind_the_padding_is_not_heard_where_the_text_was_cut() -> None:
    late = attempt("huge-2")
    assert not late.heard_in(late.sent[:2_000])


@pytest.mark.parametrize("misdeed", VARIANTS)
def test_every_way_to_do_a_misdeed_changes_an_item(misdeed: Misdeed) -> None:
    good = {"skill": "s1", "source": "p1", **make("a good one")}
    ways = range(len(VARIANTS[misdeed]))
    spoilt = [spoil(misdeed, turn, good, ORDERS) for turn in ways]
    unchanged = [turn for turn in ways if spoilt[turn] == good]
    assert unchanged == ([good["key"]] if misdeed is Misdeed.POSITION else [])
