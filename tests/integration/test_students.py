"""A student is found again by e-mail address or phone number, within one platform and mode."""

from uuid import uuid4

import httpx
import pytest

from tests.journey import Journey


async def student(client: httpx.AsyncClient, api_key: str, **changes: str | None) -> str:
    journey = Journey(client, api_key)
    (await journey.verify(**changes)).raise_for_status()
    return journey.student_id


@pytest.mark.parametrize("form", ["{}@example.com", "JOSÉ-{}@exämple.com", "ẞ{}@example.com", "\u0130{}@example.com"])
async def test_an_email_address_counts_without_regard_to_case(
    client: httpx.AsyncClient, test_key: str, form: str
) -> None:
    email = form.format(uuid4().hex)
    first = await student(client, test_key, email=email, phoneNumber=None)
    assert await student(client, test_key, email=email, phoneNumber=None) == first
    assert (
        await student(client, test_key, email=email.replace("example", "EXAMPLE"), phoneNumber="+1-555-0143") == first
    )


async def test_without_an_email_address_the_phone_number_counts(client: httpx.AsyncClient, test_key: str) -> None:
    first = await student(client, test_key, email=None, phoneNumber="+47 555 01 42")
    assert await student(client, test_key, email=None, phoneNumber="+47 555 01 42") == first
    assert await student(client, test_key, email=None, phoneNumber="+47 555 01 43") != first


async def test_someone_known_by_email_is_found_by_the_phone_number_alone(
    client: httpx.AsyncClient, test_key: str
) -> None:
    first = await student(client, test_key, email=f"{uuid4().hex}@example.com", phoneNumber="+47 555 02 42")
    assert await student(client, test_key, email=None, phoneNumber="+47 555 02 42") == first


async def test_two_email_addresses_are_two_students_even_with_one_phone(
    client: httpx.AsyncClient, test_key: str
) -> None:
    one, other = [
        await student(client, test_key, email=f"{uuid4().hex}@example.com", phoneNumber="+47 555 03 42")
        for _ in range(2)
    ]
    assert one != other


async def test_the_other_mode_does_not_know_the_student(
    client: httpx.AsyncClient, test_key: str, live_key: str
) -> None:
    email = f"{uuid4().hex}@example.com"
    assert await student(client, test_key, email=email) != await student(client, live_key, email=email)
