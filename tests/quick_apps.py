"""Create many applications in one process without doing the same work for each of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule
from werkzeug.security import check_password_hash, generate_password_hash

from contentsvc import assembly
from contentsvc.services import accounts
from contentsvc.web import static_files
from tests.factories import cached_plugins

__all__ = ["create_apps_quickly", "prepare_static_file"]


def create_apps_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what is the same for every application once per process.

    That is: load plugins, hash and check a password, compress the static files, compile templates
    and the rules of URLs.
    """
    monkeypatch.setattr(assembly, "load_plugins", cached_plugins)
    monkeypatch.setattr(accounts, "generate_password_hash", _password_hash)
    monkeypatch.setattr(accounts, "check_password_hash", _is_password)
    monkeypatch.setattr(static_files, "_prepare", prepare_static_file)
    monkeypatch.setattr(Rule, "_compile_builder", _url_builder)
    # Flask takes this for the templates of every application that it creates.
    monkeypatch.setitem(Flask.jinja_options, "bytecode_cache", _TEMPLATES)


_password_hash = cache(generate_password_hash)
_is_password = cache(check_password_hash)
prepare_static_file = cache(static_files._prepare)
_compile_url_builder = Rule._compile_builder
_url_builders: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}


def _url_builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002 - Werkzeug's signature
    """Return the function that builds the URLs of *rule*, compiled for an equal rule before.

    It takes the rule as its first argument. Its code depends only on what is in the key.
    """
    if rule.defaults:
        return _compile_url_builder(rule, append_unknown)
    key = (rule.rule, tuple(rule._trace), append_unknown)
    if key not in _url_builders:
        _url_builders[key] = _compile_url_builder(rule, append_unknown)
    return _url_builders[key]


class _TemplatesInMemory(BytecodeCache):
    """Stores the code of compiled templates by the names and hashes that Jinja gives them."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give *bucket* the code of its template, if it was compiled before."""
        if code := self._code.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store the code in *bucket*."""
        self._code[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_TEMPLATES = _TemplatesInMemory()
