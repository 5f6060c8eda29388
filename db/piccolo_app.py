"""Piccolo's view of this room."""

from piccolo.conf.apps import AppConfig

from db.migrations import APP_NAME, FOLDER
from db.tables import TABLES

APP_CONFIG = AppConfig(
    app_name=APP_NAME,
    migrations_folder_path=str(FOLDER),
    table_classes=list(TABLES),
)
