"""The one shape of every answer."""

from typing import Annotated, Generic, TypeVar

import msgspec

from assessment.deadline import Deadline

Data = TypeVar("Data")

Yes = Annotated[bool, msgspec.Meta(extra_json_schema={"const": True})]
No = Annotated[bool, msgspec.Meta(extra_json_schema={"const": False})]
Milliseconds = Annotated[str, msgspec.Meta(pattern="^[0-9]+ms$", description="Server-side time of this request.")]


class Success(msgspec.Struct, Generic[Data], frozen=True, rename="camel", kw_only=True):
    """An answer."""

    success: Yes = True
    data: Data
    message: str
    execution_time: Milliseconds


class ErrorDetail(msgspec.Struct, frozen=True, rename="camel"):
    """Where bad input stands and what is wrong with it."""

    field: str
    reason: str


class ErrorBody(msgspec.Struct, frozen=True, rename="camel"):
    """What went wrong; the request's id is also in the x-request-id header."""

    code: str
    message: str
    request_id: str
    details: list[ErrorDetail] | msgspec.UnsetType = msgspec.UNSET


class Failure(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An answer to a request that was refused or failed."""

    success: No = False
    error: ErrorBody


def success(data: Data, message: str, deadline: Deadline) -> Success[Data]:
    """Wrap data for the client."""
    return Success(data=data, message=message, execution_time=f"{int(deadline.elapsed * 1000)}ms")
