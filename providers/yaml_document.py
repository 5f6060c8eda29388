"""A YAML file that still knows on which line each key stood."""

import re
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec
import yaml

Target = TypeVar("Target")

_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null"))
_MESSAGE = re.compile(r"(?P<text>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.*)`", re.DOTALL)


class ConfigError(Exception):
    """A configuration that cannot be used; the message names file, line and key, and holds no secret."""


class _Refused(Exception):
    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.line = line
        self.reason = reason


class Document:
    """Parsed YAML and the line of every path in it, written as in `vendors[0].model`."""

    def __init__(self, label: str, node: yaml.Node | None) -> None:
        self._label = label
        self._lines: dict[str, int] = {}
        try:
            self._data = {} if node is None else self._plain(node, "")
        except _Refused as error:
            raise self._error(error.line, error.path, error.reason) from None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. Raises ConfigError when it cannot be read or is no YAML."""
        try:
            return cls(str(path), yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader))
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{path}: is not UTF-8 text") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ConfigError(f"{path}:{line}: is not valid YAML: {error.problem}") from None
        except (yaml.YAMLError, RecursionError):
            raise ConfigError(f"{path}: is not valid YAML") from None

    def convert(self, target: type[Target]) -> Target:
        """Give the content as a struct. Raises ConfigError."""
        self._refuse_references()
        try:
            return msgspec.convert(self._data, target)
        except msgspec.ValidationError as error:
            raise self._explained(str(error)) from None

    def error(self, path: str, reason: str) -> ConfigError:
        """An error that names the place of a path, or of the nearest one above it that stands in the file."""
        place = path
        while place and place not in self._lines:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        return self._error(self._lines.get(place, 1), path, reason)

    def _error(self, line: int, path: str, reason: str) -> ConfigError:
        return ConfigError(f"{self._label}:{line}: {path or 'the file'}: {reason}")

    def _explained(self, message: str) -> ConfigError:
        match = _MESSAGE.fullmatch(message)
        text, path = (match["text"], match["path"] or "") if match else (message, "")
        if unknown := _UNKNOWN.fullmatch(text):
            return self.error(_join(path, unknown["key"]), "unknown key")
        return self.error(path, text)

    def _refuse_references(self) -> None:
        for path, value in _leaves(self._data, ""):
            if "${" in value and not path.endswith(".api_key"):
                raise self.error(path, "only api_key may refer to the environment")

    def _plain(self, node: yaml.Node, path: str) -> Any:
        self._lines[path] = node.start_mark.line + 1
        if node.tag not in _TAGS:
            raise _Refused(path, node.start_mark.line + 1, "this YAML tag is not supported")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(child, f"{path}[{index}]") for index, child in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        mapping = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            place = _join(path, key)
            if key in mapping:
                raise _Refused(place, key_node.start_mark.line + 1, "this key stands here twice")
            mapping[key] = self._plain(value_node, place)
            self._lines[place] = key_node.start_mark.line + 1
        return mapping


def _scalar(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    finally:
        loader.dispose()


def _leaves(value: Any, path: str) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [leaf for key, child in value.items() for leaf in _leaves(child, _join(path, key))]
    if isinstance(value, list):
        return [leaf for index, child in enumerate(value) for leaf in _leaves(child, f"{path}[{index}]")]
    return [(path, value)] if isinstance(value, str) else []


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
