"""JSON Schemas of the structs that travel, made by msgspec, which also writes them."""

from typing import Any

import msgspec

from api.envelope import Failure, Success
from api.openapi.examples import Json

REFERENCES = "#/components/schemas/{name}"


def reference(section: str, name: str) -> Json:
    """Point at a component."""
    return {"$ref": f"#/components/{section}/{name}"}


def schema_of(kind: Any) -> Json:
    """The schema of a type, with references into the components."""
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REFERENCES)
    return schema


def success_of(data: Any) -> Json:
    """The envelope around data, written out: a component for each kind of data would say no more."""
    _, components = msgspec.json.schema_components([Success[Any]], ref_template=REFERENCES)
    (envelope,) = components.values()
    sent = _sent(envelope)
    return {
        "type": "object",
        "properties": {**sent["properties"], "data": schema_of(data)},
        "required": sent["required"],
    }


def failure_of(codes: list[str]) -> Json:
    """The envelope around an error with one of these codes.

    Written out, and without a title that others have too: generators of clients lose what stands beside a reference,
    and make one type of all that have one title.
    """
    _, components = msgspec.json.schema_components([Failure], ref_template=REFERENCES)
    envelope, error = _untitled(_sent(components["Failure"])), _untitled(components["ErrorBody"])
    code = {**error["properties"]["code"], "enum": codes}
    closed = {**error, "properties": {**error["properties"], "code": code}}
    return {**envelope, "properties": {**envelope["properties"], "error": closed}}


def component_schemas(received: list[Any], sent: list[Any]) -> Json:
    """All structs by name, as the components of a document."""
    _, of_received = msgspec.json.schema_components(received, ref_template=REFERENCES)
    _, of_sent = msgspec.json.schema_components(sent, ref_template=REFERENCES)
    schemas = {name: _without_defaults(schema) for name, schema in of_received.items()}
    return dict(sorted({**schemas, **{name: _sent(schema) for name, schema in of_sent.items()}}.items()))


def _sent(schema: Json) -> Json:
    """Mark what has a default as always there: msgspec leaves out only UNSET, and that has no default."""
    always = [name for name, field in schema.get("properties", {}).items() if "default" in field]
    required = [*schema.get("required", []), *always]
    return {**_without_defaults(schema), "required": required} if required else schema


def _without_defaults(schema: Json) -> Json:
    """Leave the defaults out: that an absent field counts as null need not be said of every field."""
    properties = {
        name: {key: value for key, value in field.items() if key != "default"}
        for name, field in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties}


def _untitled(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if key != "title"}
