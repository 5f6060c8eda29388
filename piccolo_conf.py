"""Where Piccolo looks for its engine and its apps."""

import os

from piccolo.conf.apps import AppRegistry

from db.engine import engine_from

DB = engine_from(os.environ)
APP_REGISTRY = AppRegistry(apps=["db.piccolo_app"])
