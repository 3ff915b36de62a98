"""The names through which the service loads and calls plugins. Plugins do not import them."""

from __future__ import annotations

from contentsvc.channels.answers import verify_answer
from contentsvc.channels.contributions import CalendarTemplate, DeliveryListener
from contentsvc.channels.default_rendering import fill_words, notice_placeholders
from contentsvc.channels.identity import verify_identity
from contentsvc.channels.masked_answers import masked_hand_off, masked_receipt
from contentsvc.channels.parts import publish_part, split_rendition
from contentsvc.channels.quality import (
    Assessment,
    ContractRun,
    Declaration,
    Finding,
    assess,
    gather_facts,
    read_declaration,
)
from contentsvc.channels.registry import PluginInfo, Registry, load_plugin_beside, load_plugins
from contentsvc.channels.rendering import render_entry
from contentsvc.channels.settings import (
    FormField,
    SettingsError,
    form_fields,
    parse_settings,
    resolve_secrets,
    secret_fields,
    secret_values,
    typed_settings,
    upgraded_settings,
)
from contentsvc.channels.support import supports

__all__ = [
    "Assessment",
    "CalendarTemplate",
    "ContractRun",
    "Declaration",
    "DeliveryListener",
    "Finding",
    "FormField",
    "PluginInfo",
    "Registry",
    "SettingsError",
    "assess",
    "fill_words",
    "form_fields",
    "gather_facts",
    "load_plugin_beside",
    "load_plugins",
    "masked_hand_off",
    "masked_receipt",
    "notice_placeholders",
    "parse_settings",
    "publish_part",
    "read_declaration",
    "render_entry",
    "resolve_secrets",
    "secret_fields",
    "secret_values",
    "split_rendition",
    "supports",
    "typed_settings",
    "upgraded_settings",
    "verify_answer",
    "verify_identity",
]
