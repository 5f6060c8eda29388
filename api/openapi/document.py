"""The document around the operations, and where it is served."""

import re
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router
from litestar.exceptions import NotFoundException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, ScalarRenderPlugin
from litestar.openapi.spec import License, OpenAPI

from api.context import root_path_of
from api.credential import for_operators
from api.envelope import ErrorDetail
from api.openapi.examples import Json
from api.openapi.pages import PAGES, TAGS
from api.openapi.parameters import HEADERS, SECURITY_SCHEMES
from api.openapi.schemas import component_schemas
from api.openapi.webhooks import CompletedEvent, InitiatedEvent, webhooks

DOCS_PATH = "/docs"
DOCUMENT_PATH = f"{DOCS_PATH}/openapi.json"
NOT_FOUND = 404

DESCRIPTION = """
AI skill assessments for platforms: open a verification for a student, let an LLM write questions about the student's
own projects, jobs and certificates, score the answers, and give a fresh set after a fail.

**Way.** `POST /verify` → skills → method → source items → `generate` → `submit`, and after a fail
`retakeassessment` → `submit`, as often as needed.

**Envelope.** Success is `{"success": true, "data": …, "message": …, "executionTime": "41ms"}`, an error is
`{"success": false, "error": {"code": …, "message": …, "requestId": …}}`, whatever raised it: an unknown path is 404
`NOT_FOUND`, a wrong method 405 `METHOD_NOT_ALLOWED`, a request that does not arrive whole in time 408
`REQUEST_TIMEOUT`, too long an address 414 `URI_TOO_LONG`, too long a head 431 `HEADERS_TOO_LARGE`. `details` name field
and reason of bad input.

**Modes.** A test key or the session it opened never meets live data. Test mode answers from an offline sandbox.

**HEAD** answers wherever GET does, with the same headers.

**Overlap and repetition.** Overlapping calls of `generate` or `retakeassessment` share one generation. Every POST takes
an `Idempotency-Key`.

Right answers are shown only for submitted attempts, at `/assessment/attempts/{number}`.

This page loads its viewer from a CDN (cdn.jsdelivr.net); without it, read the document itself at
`/docs/openapi.json` or print it with `retake openapi`.
""".strip()


@dataclass
class _Document(OpenAPI):
    """Litestar's document with our components and webhooks in the place of what it derives from signatures."""

    def to_schema(self) -> Json:
        document = super().to_schema()
        document["paths"] = {_camel(path): item for path, item in sorted(document["paths"].items(), key=_place)}
        document["components"] = {
            "schemas": component_schemas(
                received=[page.body for page in PAGES.values() if page.body],
                sent=[*(page.data for page in PAGES.values()), ErrorDetail, InitiatedEvent, CompletedEvent],
            ),
            "headers": HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        }
        document["tags"] = [{"name": name, "description": description} for name, description in TAGS.items()]
        document["webhooks"] = webhooks()
        return document


class _Config(OpenAPIConfig):
    def to_openapi_schema(self) -> OpenAPI:
        made = super().to_openapi_schema()
        return _Document(info=made.info, servers=made.servers, components=made.components)


class _Viewer(ScalarRenderPlugin):
    """The page, which finds the document also behind a proxy that serves us under a path of its own."""

    @staticmethod
    def get_openapi_json_route(request: Request[Any, Any, Any]) -> str:
        return root_path_of(request.scope) + DOCUMENT_PATH


class _Json(JsonRenderPlugin):
    """The document, whose server is where it was asked for."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        servers = [{"url": root_path_of(request.scope) or "/"}]
        return super().render(request, {**openapi_schema, "servers": servers})


def openapi_config(version: str) -> OpenAPIConfig:
    """Describe the API."""
    return _Config(
        title="Retake",
        version=version,
        summary="Self-hosted AI skill assessments with fair retakes",
        description=DESCRIPTION,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        path=DOCS_PATH,
        openapi_router=Router(
            DOCS_PATH,
            route_handlers=[],
            include_in_schema=False,
            after_request=_no_page_of_its_own,
            opt={"credential": for_operators},
        ),
        render_plugins=[_Viewer(), _Json()],
    )


def _no_page_of_its_own(response: Response[Any]) -> Response[Any]:
    """Litestar answers an unknown path below /docs with HTML; it gets the envelope like any other."""
    if response.status_code == NOT_FOUND:
        raise NotFoundException
    return response


def _place(path: tuple[str, Json]) -> int:
    """Where a path stands: as our pages do, in the order in which a client calls them."""
    return min(list(PAGES).index(operation["operationId"]) for operation in path[1].values())


def _camel(path: str) -> str:
    """Name path parameters as the contract does: handlers name them as Python does."""
    return re.sub(r"_([a-z])(?=[a-z_]*\})", lambda match: match[1].upper(), path)
