"""API keys and session tokens."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.credentials import (
    ALPHABET,
    digest,
    is_well_formed,
    new_api_key,
    new_id,
    new_session_token,
    new_webhook_secret,
    sealing_key,
)
from assessment.models import Mode

KEYS = [new_api_key(mode) for mode in Mode for _ in range(50)]
modes = st.sampled_from(Mode)


@pytest.mark.parametrize("mode", Mode)
def test_a_new_key_is_well_formed_and_names_its_mode(mode: Mode) -> None:
    key = new_api_key(mode)
    assert re.fullmatch(rf"sk_{mode}_[0-9A-Za-z]{{36}}", key)
    assert is_well_formed(key)


@given(st.sampled_from(KEYS), st.integers(0, 43), st.sampled_from(ALPHABET + "_- é\x00"))
def test_the_checksum_catches_every_change_of_one_character(key: str, position: int, character: str) -> None:
    position %= len(key)
    changed = key[:position] + character + key[position + 1 :]
    assert is_well_formed(changed) is (changed == key)


@given(st.sampled_from(KEYS), st.integers(0, 42))
def test_two_neighbours_that_changed_places_are_caught(key: str, position: int) -> None:
    swapped = key[:position] + key[position + 1] + key[position] + key[position + 2 :]
    assert is_well_formed(swapped) is (swapped == key)


@given(st.sampled_from(KEYS))
def test_a_key_of_the_other_mode_is_not_made_by_changing_the_prefix(key: str) -> None:
    other = key.replace("sk_live_", "sk_test_") if key.startswith("sk_live_") else key.replace("sk_test_", "sk_live_")
    assert not is_well_formed(other)


@given(st.one_of(st.text(), st.sampled_from(KEYS).flatmap(lambda key: st.sampled_from([key[:-1], key + "0", key[1:]]))))
def test_anything_else_is_no_key(text: str) -> None:
    assert not is_well_formed(text)


@given(modes)
def test_tokens_ids_and_secrets_have_their_form(mode: Mode) -> None:
    assert re.fullmatch(rf"st_{mode}_[\w-]{{43}}", new_session_token(mode))
    assert re.fullmatch(rf"ver_{mode}_[0-9a-f]{{24}}", new_id("ver", mode))
    assert re.fullmatch(r"msg_[0-9a-f]{24}", new_id("msg"))
    secret = new_webhook_secret()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32


def test_no_two_credentials_are_alike() -> None:
    made = [new_api_key(Mode.LIVE) for _ in range(200)]
    made += [new_session_token(Mode.LIVE) for _ in range(200)]
    made += [new_webhook_secret() for _ in range(200)]
    assert len(set(made)) == 600


@given(st.text())
def test_digest_and_sealing_key_have_32_bytes_each_and_tell_nothing_of_each_other(credential: str) -> None:
    assert len(digest(credential)) == len(sealing_key(credential)) == 32
    assert digest(credential) != sealing_key(credential)


@given(st.text(), st.text())
def test_other_credentials_have_other_digests(one: str, other: str) -> None:
    assert (digest(one) == digest(other)) is (one == other)


@given(st.binary())
def test_bytes_that_are_no_text_can_be_digested(raw: bytes) -> None:
    assert len(digest(raw.decode("utf-8", "surrogateescape"))) == 32
