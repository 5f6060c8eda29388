"""The smallest Litestar application: what the framework and the machine can do at best."""

from litestar import Litestar, get


@get("/", sync_to_thread=False)
def hello() -> dict[str, str]:
    return {"status": "ok"}


app = Litestar([hello], openapi_config=None, logging_config=None)
