"""Headers and parameters of the operations, and the credentials."""

from api.context import VALID_REQUEST_ID
from api.errors import CHALLENGE
from api.guards import SCENARIO_HEADER
from api.idempotency import VALID_KEY
from api.openapi.examples import DELIVERY_ID as DELIVERY_ID_EXAMPLE
from api.openapi.examples import REQUEST_ID, STUDENT, TOKEN, VERIFICATION, Json
from assessment.notices import CURSOR, Event
from providers.vendors.sandbox.scenarios import SCENARIOS

API_KEY = "PlatformApiKey"
SESSION = "SessionToken"

SECURITY_SCHEMES: Json = {
    API_KEY: {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "The platform's API key, `sk_live_…` or `sk_test_…`. Its prefix decides the mode. Keep it on "
        "your server: it is never for a browser.",
    },
    SESSION: {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "The session token that `POST /verify` returned, in the same header. It opens one verification "
        "for 40 days.",
    },
}

REQUEST_ID_PARAMETER: Json = {
    "name": "x-request-id",
    "in": "header",
    "description": "Your id of this request; kept when it is 1 to 128 of `A-Z a-z 0-9 . _ : -`, replaced otherwise. "
    "It comes back in the same header, in errors as `requestId`, and stands in the log.",
    "schema": {"type": "string", "pattern": f"^{VALID_REQUEST_ID.pattern}$"},
    "example": REQUEST_ID,
}
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Repeat a request with the same key and body to get the first answer again (marked with the header "
    "`idempotent-replayed: true`), for 24 hours. Bound to the credential. An answer of 500 or above is not kept. While "
    "the first request is worked on, a repeat waits; when its server has died, it is carried out some 8 seconds later.",
    "schema": {"type": "string", "pattern": f"^{VALID_KEY.pattern}$"},
    "example": "2f7d5c1e-retake-1",
}
SCENARIO: Json = {
    "name": SCENARIO_HEADER,
    "in": "header",
    "description": "Test mode only: rehearse what a vendor may do. `slow` takes seconds, `fail` gives no question, "
    "`partial` gives fewer at first, and with `marked` the text of every right option ends with `(right)`.",
    "schema": {"type": "string", "enum": sorted(SCENARIOS)},
    # no example: tools would send it with every call, and a live key is refused with it
}


SESSION_TOKEN: Json = {
    "name": "sessionToken",
    "in": "path",
    "required": True,
    "description": "The credential of this call.",
    "schema": {"type": "string", "minLength": 1},
    "example": TOKEN,
}
RECORD_USER_ID: Json = {
    "name": "recordUserId",
    "in": "path",
    "required": True,
    "description": "The student's id as `/verify` returned it.",
    "schema": {"type": "string", "minLength": 1},
    "example": STUDENT,
}
RECORD_VERIFICATION_ID: Json = {
    "name": "recordVerificationId",
    "in": "path",
    "required": True,
    "description": "The verification's id as `/verify` returned it.",
    "schema": {"type": "string", "minLength": 1},
    "example": VERIFICATION,
}
DELIVERY_ID: Json = {
    "name": "deliveryId",
    "in": "path",
    "required": True,
    "description": "The delivery's id, which receivers see as `webhook-id`.",
    "schema": {"type": "string", "minLength": 1},
    "example": DELIVERY_ID_EXAMPLE,
}
DELIVERY_FILTERS: tuple[Json, ...] = (
    {
        "name": "state",
        "in": "query",
        "description": "Only those in this state.",
        "schema": {"type": "string", "enum": ["pending", "delivered", "undeliverable"]},
    },
    {
        "name": "event",
        "in": "query",
        "description": "Only those of this event.",
        "schema": {"type": "string", "enum": [event.value for event in Event]},
    },
    {
        "name": "recordVerificationId",
        "in": "query",
        "description": "Only those of this verification.",
        "schema": {"type": "string", "minLength": 1},
    },
    {
        "name": "cursor",
        "in": "query",
        "description": "`nextCursor` of the page before.",
        "schema": {"type": "string", "pattern": f"^{CURSOR.pattern}$"},
    },
)
ATTEMPT_NUMBER: Json = {
    "name": "number",
    "in": "path",
    "required": True,
    "description": "The attempt's number, from 1.",
    "schema": {"type": "integer", "minimum": 1},
    "example": 1,
}
SKILL_ID: Json = {
    "name": "skillId",
    "in": "path",
    "required": True,
    "description": "The skill's id, of at most 200 characters without a slash: one of your own, or of the catalogue.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "example": "acme-star-schemas",
}
KEYWORD: Json = {
    "name": "keyword",
    "in": "query",
    "required": True,
    "description": "Part of a skill's name: at least 3 characters, not only special ones.",
    "schema": {"type": "string", "minLength": 3, "maxLength": 100},
    "example": "sql",
}
PAGE: Json = {
    "name": "page",
    "in": "query",
    "description": "Ten skills per page.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 5, "default": 1},
    "example": 1,
}
HEADERS: Json = {
    "RequestId": {
        "description": "The id of this request.",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    },
    "Challenge": {
        "description": "Which header the credential belongs in.",
        "required": True,
        "schema": {"type": "string", "const": CHALLENGE},
    },
    "RetryAfter": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
}
