"""The operation class that the controllers name: it replaces what Litestar derives by the operation's page."""

from dataclasses import dataclass

from litestar.openapi.spec import Operation

from api.openapi.examples import Json
from api.openapi.page import operation_of
from api.openapi.pages import PAGES


@dataclass
class Documented(Operation):
    """An operation with its request body, parameters, examples and errors, found by its id."""

    def to_schema(self) -> Json:
        assert self.operation_id is not None  # every handler of ours names it
        return operation_of(self.operation_id, PAGES[self.operation_id])
