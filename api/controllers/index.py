"""Where things are, for whoever opens the address of the server."""

from litestar import Controller, MediaType, Response
from litestar.response import Redirect

from api.credential import for_operators
from api.openapi import DOCS_PATH, DOCUMENT_PATH
from api.request import ApiRequest
from api.routes import documented_get
from api.schemas import About, Links

VARY = {"Vary": "Accept"}


class IndexController(Controller):
    """The root, outside the versioned API."""

    path = "/"
    opt = {"credential": for_operators}  # noqa: RUF012  # Litestar reads this class attribute as it is

    @documented_get("/", operation_id="getIndex")
    async def index(self, request: ApiRequest) -> Response[About]:
        """Name the service and link its documentation and health; a browser is led to the documentation."""
        root = request.root_path
        if request.accept.best_match([MediaType.JSON, MediaType.HTML]) == MediaType.HTML:
            return Redirect(root + DOCS_PATH, headers=VARY)
        config = request.app.openapi_config
        assert config is not None  # the app has one
        links = Links(docs=root + DOCS_PATH, openapi=root + DOCUMENT_PATH, health=f"{root}/health/ready")
        return Response(About(config.title, config.version, links), headers=VARY)
