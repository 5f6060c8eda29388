"""The application."""

from functools import partial
from importlib.metadata import version

from litestar import Litestar, Router
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from litestar.plugins.prometheus import PrometheusController

from api.body import DEFAULT_MAX_BYTES
from api.context import RequestContext
from api.controllers import CONTROLLERS, HealthController, IndexController
from api.cors import CorsByCredential, cors_config
from api.credential import for_operators, handlers_of, require_declared
from api.errors import HANDLERS
from api.head import HeadAsGet
from api.logs import configure_logging
from api.openapi import openapi_config
from api.request import ApiRequest
from api.session_auth import CredentialMiddleware
from api.settings import Settings, settings_from
from api.wiring import running_services
from assessment.deadline import Clock, SystemClock

BASE_PATH = "/api/v1"


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Litestar:
    """Build the application; nothing is opened before it starts. Raises SettingsError."""
    settings = settings or settings_from()
    clock = clock or SystemClock()
    configure_logging(settings.log_format)
    app = _Application(
        route_handlers=[
            Router(BASE_PATH, route_handlers=CONTROLLERS, middleware=[CredentialMiddleware()]),
            IndexController,
            HealthController,
            _Metrics,
        ],
        lifespan=[partial(running_services, settings=settings, clock=clock)],
        cors_config=cors_config(settings),
        exception_handlers=HANDLERS,
        request_class=ApiRequest,
        request_max_body_size=DEFAULT_MAX_BYTES,
        openapi_config=openapi_config(version("retake")),
        logging_config=None,
    )
    # Litestar's own middleware does not see requests that find no route; request id and log line are for all
    require_declared(handlers_of(app))
    app.asgi_handler = RequestContext(HeadAsGet(CorsByCredential(app.asgi_handler, app)), clock)
    return app


class _Application(Litestar):
    """Litestar without its plugins for pydantic and attrs: bodies are msgspec's, and importing those costs 12 MB."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


class _Metrics(PrometheusController):
    """Prometheus metrics, outside the documented API."""

    path = "/metrics"
    opt = {"credential": for_operators}  # noqa: RUF012  # Litestar reads this class attribute as it is
    include_in_schema = False
