"""The OpenAPI document, served with Scalar at /docs."""

from dataclasses import dataclass

from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, ScalarRenderPlugin
from litestar.openapi.spec import Operation


@dataclass
class Documented(Operation):
    """An operation with its request body, examples and errors."""


def openapi_config(version: str) -> OpenAPIConfig:
    """Describe the API."""
    return OpenAPIConfig(
        title="Retake",
        version=version,
        path="/docs",
        render_plugins=[ScalarRenderPlugin(), JsonRenderPlugin()],
        use_handler_docstrings=True,
    )
