"""The JSON schema of templates. Editors use it for completion and validation."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from contentsvc.posters.template.layers import Layer
from contentsvc.posters.template.schema import Template

__all__ = ["template_json_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def template_json_schema() -> str:
    """Return the JSON schema of poster templates, as JSON text.

    The `set` of a variant accepts any key, although a template accepts only keys of the layer.
    """
    template: dict[str, Any] = Template.model_json_schema()
    layers = TypeAdapter(list[Layer]).json_schema(ref_template="#/$defs/{model}")
    template["$defs"] |= layers.pop("$defs")
    template["properties"]["layers"] |= {"items": layers["items"]}
    schema = {"$schema": _DIALECT, **template, "title": "Poster template"}
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
