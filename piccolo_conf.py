"""Where Piccolo looks for its engine and its apps."""

import os
from typing import TYPE_CHECKING

from db.engine import engine_from

if TYPE_CHECKING:
    from piccolo.conf.apps import AppRegistry

DB = engine_from(os.environ)


def __getattr__(name: str) -> "AppRegistry":
    """Give Piccolo's commands their registry, whose module brings a code formatter that no other process needs."""
    if name != "APP_REGISTRY":
        raise AttributeError(name)
    from piccolo.conf.apps import AppRegistry

    return AppRegistry(apps=["db.piccolo_app"])
