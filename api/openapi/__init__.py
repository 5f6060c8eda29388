"""The OpenAPI document, served with Scalar at /docs.

Handlers read raw JSON and answer errors through one catalogue, so Litestar cannot derive bodies and errors from their
signatures. The pages of this package say them, and tests/integration/test_openapi.py holds them to what the service
does.
"""

from api.openapi.document import DOCS_PATH, DOCUMENT_PATH, openapi_config
from api.openapi.operation import Documented

__all__ = ("DOCS_PATH", "DOCUMENT_PATH", "Documented", "openapi_config")
