"""The one shape of every answer."""

from typing import Generic, TypeVar

import msgspec

from assessment.deadline import Deadline

Data = TypeVar("Data")


class Success(msgspec.Struct, Generic[Data], frozen=True, rename="camel", kw_only=True):
    """An answer; `execution_time` is the server-side time of this request, as whole milliseconds and `ms`."""

    success: bool = True
    data: Data
    message: str
    execution_time: str


class ErrorDetail(msgspec.Struct, frozen=True, rename="camel"):
    """Where bad input stands and what is wrong with it."""

    field: str
    reason: str


class ErrorBody(msgspec.Struct, frozen=True, rename="camel"):
    """What went wrong; `request_id` is also in the x-request-id header."""

    code: str
    message: str
    request_id: str
    details: list[ErrorDetail] | msgspec.UnsetType = msgspec.UNSET


class Failure(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An answer to a request that was refused or failed."""

    success: bool = False
    error: ErrorBody


def success(data: Data, message: str, deadline: Deadline) -> Success[Data]:
    """Wrap data for the client."""
    return Success(data=data, message=message, execution_time=f"{int(deadline.elapsed * 1000)}ms")
