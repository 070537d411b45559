"""Google's discovery documents as JSON Schema, so that the sandbox's replies are checked against Google's own words.

What belongs here: the conversion, strict on unknown fields. What does not: any reply.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

_KEPT = {"description", "enum", "pattern", "minimum", "maximum"}


def _converted(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind = schema.get("type")
    if kind == "any":
        return {}
    made: dict[str, Any] = {"type": kind, **{name: value for name, value in schema.items() if name in _KEPT}}
    if kind == "array":
        made["items"] = _converted(schema["items"])
    elif kind == "object" and "properties" in schema:
        made["properties"] = {name: _converted(value) for name, value in schema["properties"].items()}
        made["additionalProperties"] = False
    elif kind == "object":
        made["additionalProperties"] = _converted(schema.get("additionalProperties", {"type": "any"}))
    elif schema.get("format") in {"int64", "uint64"} and kind == "string":
        made["pattern"] = r"^-?\d+$"
    return made


def validator(document: str, schema: str) -> Draft202012Validator:
    """A validator for one schema of a document such as ``analyticsdata.v1beta``."""
    source = files("googleapiclient.discovery_cache.documents") / f"{document}.json"
    schemas = json.loads(source.read_text(encoding="utf-8"))["schemas"]
    definitions = {name: _converted(body) for name, body in schemas.items()}
    whole = {"$ref": f"#/$defs/{schema}", "$defs": definitions}
    Draft202012Validator.check_schema(whole)
    return Draft202012Validator(whole)
