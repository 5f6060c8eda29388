"""Request bodies are read as the document describes them: there is one description, and it is what is checked."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import validator_for
from msgspec import json

from api import received
from api.fields import Body
from api.intake import opening
from api.openapi import examples
from api.received import Received
from assessment.errors import InvalidInput

BODIES = (
    received.Project,
    received.Experience,
    received.Certificate,
    received.VerifyRequest,
    received.SkillToStore,
    received.StoreSkillsRequest,
    received.NameSkillRequest,
    received.StoreItemsRequest,
)
PHONES = ("+49 (0)30 1234567", "030/123-45 x7", "none", "12\u00a034", "12\n34", "")
EMAILS = ("a@b", "jörg@exämple.de", "a@b@c", "a b@c", "nobody")


def bounded_texts() -> Iterator[tuple[type[Received], str, int]]:
    """Every text that the document gives a longest length."""
    for kind in BODIES:
        for name, schema in properties(kind).items():
            options = schema.get("anyOf", [schema])
            for option in options:
                if option.get("type") == "string" and "maxLength" in option:
                    yield kind, name, option["maxLength"]


def properties(kind: type[Received]) -> dict[str, Any]:
    found: dict[str, Any] = json.schema(kind)["$defs"][kind.__name__]["properties"]
    return found


@pytest.mark.parametrize(("kind", "name", "longest"), list(bounded_texts()))
def test_a_text_is_as_long_as_the_document_says(kind: type[Received], name: str, longest: int) -> None:
    attribute = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    assert Body(kind, {name: "x" * longest}).optional_text(attribute) == "x" * longest
    with pytest.raises(InvalidInput):
        Body(kind, {name: "x" * (longest + 1)}).optional_text(attribute)


@pytest.mark.parametrize(("name", "text"), [*(("phoneNumber", it) for it in PHONES), *(("email", it) for it in EMAILS)])
def test_a_contact_is_taken_exactly_when_the_document_allows_it(name: str, text: str) -> None:
    contacts = {"email": "somebody@example.com", "phoneNumber": "+1-555-0142", name: text}
    try:
        opening({**examples.VERIFY_REQUEST, **contacts}, private_webhooks=True)
    except InvalidInput:
        is_taken = False
    else:
        is_taken = bool(text)  # an empty one counts as absent
    assert is_taken == validator_for(properties(received.VerifyRequest)[name]).is_valid(text)
