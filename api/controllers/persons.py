"""A person's data: all of it as one document, and its erasure."""

import msgspec
from litestar import Controller, delete, get
from litestar.params import FromPath

from api.envelope import Success
from api.openapi import Documented
from api.request import ApiRequest
from api.schemas import PersonErased, PersonExport
from api.session_auth import by_api_key
from assessment.errors import UserNotFound


class PersonsController(Controller):
    path = "/users"
    opt = {"credential": by_api_key}  # noqa: RUF012  # Litestar reads this class attribute as it is

    @get("/{record_user_id:str}/export", operation_id="exportPerson", operation_class=Documented)
    async def export(self, request: ApiRequest, record_user_id: FromPath[str]) -> Success[PersonExport]:
        """Give all that is stored of a student."""
        found = await request.services.persons.export(request.platform_access, record_user_id, by=request.actor)
        if found is None:
            raise UserNotFound
        return request.success(msgspec.convert(found, PersonExport), "Person exported successfully")

    @delete("/{record_user_id:str}", operation_id="erasePerson", operation_class=Documented, status_code=200)
    async def erase(self, request: ApiRequest, record_user_id: FromPath[str]) -> Success[PersonErased]:
        """Erase a student with everything that belongs to them."""
        erased = await request.services.persons.erase(request.platform_access, record_user_id, by=request.actor)
        if erased is None:
            raise UserNotFound
        return request.success(PersonErased(record_user_id, erased), "Person erased successfully")
