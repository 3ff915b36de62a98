"""Create many applications in one process without doing the same work for each of them."""

from __future__ import annotations

from functools import cache

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.security import generate_password_hash

from contentsvc import assembly
from contentsvc.services import accounts
from tests.factories import cached_plugins

__all__ = ["create_apps_quickly"]


def create_apps_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load plugins, hash a password and compile a template once per process, not in each test."""
    monkeypatch.setattr(assembly, "load_plugins", cached_plugins)
    monkeypatch.setattr(accounts, "generate_password_hash", _password_hash)
    # Flask takes this for the templates of every application that it creates.
    monkeypatch.setitem(Flask.jinja_options, "bytecode_cache", _TEMPLATES)


_password_hash = cache(generate_password_hash)


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
