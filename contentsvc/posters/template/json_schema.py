"""The JSON schema of templates, by which editors complete and check what an author types."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from contentsvc.posters.template.layers import Layer
from contentsvc.posters.template.schema import Template

__all__ = ["template_json_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def template_json_schema() -> str:
    """Give the schema as JSON text; a variant's `set` may hold any key of its layer."""
    template: dict[str, Any] = Template.model_json_schema()
    layers = TypeAdapter(list[Layer]).json_schema(ref_template="#/$defs/{model}")
    template["$defs"] |= layers.pop("$defs")
    template["properties"]["layers"] |= {"items": layers["items"]}
    schema = {"$schema": _DIALECT, **template, "title": "Poster template"}
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
