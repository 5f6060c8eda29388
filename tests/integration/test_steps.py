"""The way to an assessment: open a verification, choose skills and method, attach source items."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar

from api.services import Services
from tests.journey import Journey, Json

FORTY_DAYS = timedelta(days=40)
JUST_NOW = timedelta(minutes=1)


def data_of(response: httpx.Response) -> Json:
    assert response.status_code == 200, response.text
    body: Json = response.json()
    assert set(body) == {"success", "data", "message", "executionTime"}
    assert body["success"] is True
    assert re.fullmatch(r"\d+ms", body["executionTime"])
    data: Json = body["data"]
    return data


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


async def contents(journey: Journey) -> Json:
    return data_of(await journey.client.get(f"/step3/store-verification-items/session/{journey.token}"))


async def test_verify_answers_with_a_session_of_forty_days(journey: Journey) -> None:
    response = await journey.verify()
    data = data_of(response)
    expires_at = datetime.fromisoformat(data.pop("expiresAt"))
    assert abs(expires_at - datetime.now(UTC) - FORTY_DAYS) < JUST_NOW
    assert data.pop("expiresIn") == 3456000 == FORTY_DAYS.total_seconds()
    assert data.pop("externalStudentId") == "stu-da-1187"
    for field, form in {
        "sessionToken": r"st_test_\S{43}",
        "recordVerificationId": r"ver_test_[0-9a-f]+",
        "recordUserId": r"usr_test_[0-9a-f]+",
        "keyId": r"key_test_[0-9a-f]+",
    }.items():
        assert re.fullmatch(form, data.pop(field))
    assert data == {}


async def test_ids_of_a_live_key_say_live(client: httpx.AsyncClient, live_key: str) -> None:
    data = data_of(await Journey(client, live_key).verify())
    assert data["recordVerificationId"].startswith("ver_live_")
    assert data["recordUserId"].startswith("usr_live_")


MISSING = {"studentId": "", "callbackWebhookUrl": None, "name": " ", "email": None, "phoneNumber": "", "projects": 7}
VERIFY_ORDER = [
    ("studentId", "MISSING_STUDENT_ID"),
    ("callbackWebhookUrl", "MISSING_CALLBACK_WEBHOOK_URL"),
    ("name", "MISSING_NAME"),
    ("email", "MISSING_CONTACT"),
    ("phoneNumber", "MISSING_CONTACT"),
    ("projects", "INVALID_DATA_FORMAT"),
]


@pytest.mark.parametrize("position", range(len(VERIFY_ORDER)))
async def test_verify_names_the_first_field_that_is_missing(journey: Journey, position: int) -> None:
    wrong = [name for name, _ in VERIFY_ORDER[position:]]
    if "phoneNumber" in wrong and "email" not in wrong:
        wrong.append("email")  # one contact is enough
    response = await journey.verify(**{name: MISSING[name] for name in wrong})
    assert code_of(response) == (400, VERIFY_ORDER[position][1])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"projects": [], "experience": [], "certificates": []}, "NO_DATA"),
        ({"projects": [], "experience": [], "certificates": [], "skillIds": "sql"}, "NO_DATA"),
        ({"experience": None}, "INVALID_DATA_FORMAT"),
        ({"certificates": {}}, "INVALID_DATA_FORMAT"),
        ({"skillIds": "sql"}, "INVALID_SKILL_IDS"),
        ({"skillIds": [7]}, "INVALID_SKILL_IDS"),
        ({"skillIds": [""]}, "INVALID_SKILL_IDS"),
        ({"projects": [{"name": "no id"}]}, "INVALID_INPUT"),
        ({"projects": [{"projectId": "p", "name": "a"}, {"projectId": "p", "name": "b"}]}, "INVALID_INPUT"),
        ({"callbackWebhookUrl": "ftp://example.com"}, "INVALID_INPUT"),
        ({"callbackWebhookUrl": 7}, "INVALID_INPUT"),
        ({"email": "no address"}, "INVALID_INPUT"),
    ],
    ids=str,
)
async def test_verify_refuses_what_does_not_fit(journey: Journey, changes: Json, code: str) -> None:
    assert code_of(await journey.verify(**changes)) == (400, code)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]", "receiver", "hooks.internal", "10.0.0.8"])
async def test_verify_refuses_a_callback_that_can_never_be_delivered(
    app: Litestar, services: Services, journey: Journey, host: str
) -> None:
    url = f"http://{host}/hook"
    assert (await journey.verify(callbackWebhookUrl=url)).status_code == 200  # where the operator allows it
    app.state.services = msgspec.structs.replace(services, private_webhooks=False)
    answer = await journey.verify(callbackWebhookUrl=url)
    assert code_of(answer) == (400, "INVALID_INPUT")
    (detail,) = answer.json()["error"]["details"]
    assert detail["field"] == "callbackWebhookUrl"
    assert "reached from the internet" in detail["reason"]
    assert host not in detail["reason"]


async def test_verify_accepts_a_callback_whose_name_does_not_resolve_yet(
    app: Litestar, services: Services, journey: Journey
) -> None:
    app.state.services = msgspec.structs.replace(services, private_webhooks=False)
    assert (await journey.verify(callbackWebhookUrl="https://not-there-yet.example/hook")).status_code == 200


async def test_what_verify_received_is_shown_again_with_fields_of_the_platforms_own(journey: Journey) -> None:
    sent = journey.profile["verify"]
    sent["projects"][0]["internal"] = {"rating": 4.5, "tags": ["ä", None]}
    await journey.verify(unknownField="accepted")
    shown = await contents(journey)
    assert shown.pop("recordVerificationId") == journey.verification_id
    assert shown.pop("recordUserId") == journey.student_id
    assert shown.pop("externalStudentId") == sent["studentId"]
    received = ("callbackWebhookUrl", "email", "phoneNumber", "name", "projects", "experience", "certificates")
    assert shown == {field: sent[field] for field in received}


async def test_a_session_is_asked_for_with_a_token(journey: Journey) -> None:
    path = "/step3/store-verification-items/session"
    assert code_of(await journey.client.get(path)) == (400, "MISSING_SESSION_TOKEN")
    assert code_of(await journey.client.get(f"{path}/st_test_unknown")) == (404, "SESSION_NOT_FOUND")


async def test_storing_skills_echoes_them_merged_and_in_order(journey: Journey) -> None:
    await journey.verify()
    urls = ["https://example.com/a", "https://example.com/b"]
    sent: list[Json] = [
        {"skillId": "sql", "proofUrls": urls[:1]},
        {"skillId": "python"},
        {"skillId": "sql", "proofUrls": urls},
    ]
    response = await journey.store_skills(sent)
    assert response.json()["message"] == "Skill verifications replaced successfully"
    assert data_of(response) == {
        "recordVerificationId": journey.verification_id,
        "skills": [
            {"skillId": "sql", "proofUrls": urls, "totalUrls": 2},
            {"skillId": "python", "proofUrls": [], "totalUrls": 0},
        ],
        "totalProcessed": 2,
    }


async def skills_of(journey: Journey) -> list[Json]:
    path = f"/metadata/user/{journey.student_id}"
    rows: list[Json] = (await journey.client.get(path, headers={"x-api-key": journey.api_key})).json()["data"]
    return rows


async def test_storing_skills_replaces_those_stored_before(journey: Journey) -> None:
    await journey.verify()
    await journey.store_skills([{"skillId": "sql"}, {"skillId": "python"}])
    await journey.store_skills([{"skillId": "java"}])
    assert [row["skillId"] for row in await skills_of(journey)] == ["java"]


async def test_refused_skills_leave_those_stored_before(journey: Journey) -> None:
    await journey.verify()
    await journey.store_skills([{"skillId": "sql"}])
    response = await journey.store_skills([{"skillId": "python"}, {"skillId": "of-nobody-knows-what"}])
    assert code_of(response) == (400, "INVALID_INPUT")
    assert response.json()["error"]["details"][0]["field"] == "skills[1].name"
    assert [row["skillId"] for row in await skills_of(journey)] == ["sql"]


async def test_a_name_given_with_a_session_holds_for_its_verification_alone(
    client: httpx.AsyncClient, journey: Journey, test_key: str
) -> None:
    await journey.verify()
    data_of(await journey.store_skills([{"skillId": "of-nobody-knows-what", "name": "First Name"}]))
    other = Journey(client, test_key)
    await other.verify()
    unnamed = await other.store_skills([{"skillId": "of-nobody-knows-what"}])
    assert code_of(unnamed) == (400, "INVALID_INPUT")
    data_of(await other.store_skills([{"skillId": "of-nobody-knows-what", "name": "Second Name"}]))
    assert (await skills_of(journey))[0]["skillName"] == "First Name"
    assert (await skills_of(other))[0]["skillName"] == "Second Name"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"recordVerificationId": None, "skills": None}, "MISSING_VERIFICATION_ID"),
        ({"skills": None}, "MISSING_SKILLS"),
        ({"skills": []}, "MISSING_SKILLS"),
        ({"skills": {"skillId": "sql"}}, "MISSING_SKILLS"),
        ({"skills": [{"proofUrls": 7}]}, "MISSING_SKILL_ID"),
        ({"skills": [{"skillId": " "}]}, "MISSING_SKILL_ID"),
        ({"skills": [{"skillId": "sql", "proofUrls": ["not a url"]}]}, "INVALID_INPUT"),
        ({"recordUserId": None}, "INVALID_INPUT"),
    ],
    ids=str,
)
async def test_skills_that_do_not_fit_are_refused(journey: Journey, body: Json, code: str) -> None:
    await journey.verify()
    fits = {
        "recordVerificationId": journey.verification_id,
        "recordUserId": journey.student_id,
        "skills": [{"skillId": "sql"}],
    }
    response = await journey.client.post("/step1/storeskills/store", json={**fits, **body}, headers=journey.headers)
    assert code_of(response) == (400, code)


@pytest.mark.parametrize("method", ["human", "assessment"])
async def test_choosing_a_method_echoes_it(journey: Journey, method: str) -> None:
    await journey.verify()
    response = await journey.choose_method(method)
    assert response.json()["message"] == "Verification method stored successfully"
    assert data_of(response) == {"recordVerificationId": journey.verification_id, "verificationMethod": method}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "MISSING_VERIFICATION_ID"),
        ({"recordVerificationId": ...}, "MISSING_VERIFICATION_METHOD"),
        ({"recordVerificationId": ..., "verificationMethod": " "}, "MISSING_VERIFICATION_METHOD"),
        ({"recordVerificationId": ..., "verificationMethod": "Human"}, "INVALID_VERIFICATION_METHOD"),
        ({"recordVerificationId": ..., "verificationMethod": ["human"]}, "INVALID_VERIFICATION_METHOD"),
    ],
    ids=str,
)
async def test_a_method_that_does_not_fit_is_refused(journey: Journey, body: dict[str, Any], code: str) -> None:
    await journey.verify()
    sent = {name: journey.verification_id if value is ... else value for name, value in body.items()}
    response = await journey.client.post("/step2/verification-method", json=sent, headers=journey.headers)
    assert code_of(response) == (400, code)


async def test_attaching_items_shows_them_by_kind(journey: Journey) -> None:
    await journey.verify()
    await journey.choose_method()
    response = await journey.attach({"projectIds": ["prj-da-2"], "workExperienceIds": ["exp-da-1"]})
    assert response.json()["message"] == "Verification items synced successfully"
    data = data_of(response)
    project, job = data["stored"]["projects"][0], data["stored"]["experience"][0]
    assert project.pop("recordProjectId").startswith("prj_test_")
    assert job.pop("recordExperienceId").startswith("exp_test_")
    assert data == {
        "recordVerificationId": journey.verification_id,
        "recordUserId": journey.student_id,
        "stored": {
            "projects": [{"externalProjectId": "prj-da-2", "projectName": "Library loans warehouse"}],
            "experience": [
                {
                    "externalExperienceId": "exp-da-1",
                    "role": "Junior Data Analyst",
                    "companyName": "Kestrel & Moor Grocers",
                }
            ],
            "certificates": [],
        },
    }


async def test_attaching_items_removes_those_not_named_again(journey: Journey) -> None:
    await journey.verify()
    await journey.choose_method()
    first = data_of(await journey.attach({"projectIds": ["prj-da-1", "prj-da-2"]}))["stored"]["projects"]
    again = data_of(await journey.attach({"projectIds": ["prj-da-2"], "credentialIds": ["crt-da-1"]}))["stored"]
    assert again["projects"] == first[1:]
    (certificate,) = again["certificates"]
    assert certificate.pop("recordCertificateId").startswith("crt_test_")
    assert certificate == {
        "externalCertificateId": "crt-da-1",
        "certificateName": "Applied Data Analytics Certificate",
    }


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"sessionToken": None, "projectIds": []}, 400, "MISSING_SESSION_TOKEN"),
        ({"sessionToken": "st_test_unknown", "projectIds": []}, 404, "SESSION_NOT_FOUND"),
        ({"sessionToken": 7}, 400, "INVALID_INPUT"),
        ({}, 400, "NO_ITEMS_SELECTED"),
        ({"projectIds": [], "workExperienceIds": [], "credentialIds": []}, 400, "NO_ITEMS_SELECTED"),
        ({"projectIds": "prj-da-1"}, 400, "INVALID_INPUT"),
        ({"projectIds": ["unknown"]}, 400, "VERIFICATION_METHOD_NOT_SET"),
    ],
    ids=str,
)
async def test_items_are_refused_in_the_order_of_the_contract(
    journey: Journey, body: Json, status: int, code: str
) -> None:
    await journey.verify()
    assert code_of(await journey.attach(body)) == (status, code)


async def test_an_item_that_verify_did_not_bring_is_unknown_and_the_attached_ones_stay(journey: Journey) -> None:
    await journey.prepared()
    for unknown in ({"projectIds": ["prj-da-1", "crt-da-1"]}, {"credentialIds": ["nothing"]}):
        assert code_of(await journey.attach(unknown)) == (400, "UNKNOWN_ITEM")
    assert (await journey.generate()).is_success


async def test_a_refusal_names_the_items_that_were_not_sent_ten_at_most(journey: Journey) -> None:
    await journey.prepared()
    unknown = [f"prj-{number:03}" for number in range(200)]
    response = await journey.attach({"projectIds": ["prj-da-1", *unknown], "credentialIds": ["crt-x"]})
    details = response.json()["error"]["details"]
    assert [detail["field"] for detail in details] == [f"projectIds[{position}]" for position in range(1, 11)]
    assert {detail["reason"] for detail in details} == {"was not sent to /verify"}
    alone = (await journey.attach({"projectIds": ["prj-da-1"], "credentialIds": ["crt-x"]})).json()
    assert alone["error"]["details"] == [{"field": "credentialIds[0]", "reason": "was not sent to /verify"}]
