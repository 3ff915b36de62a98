"""Secrets at rest: encrypted with a key made from the service's secret key."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from contentsvc.errors import ConfigError

__all__ = ["seal", "unseal"]


def seal(secrets: Mapping[str, str], secret_key: str) -> bytes:
    """Encrypt *secrets*."""
    return _fernet(secret_key).encrypt(json.dumps(dict(secrets)).encode())


def unseal(sealed: bytes, secret_key: str) -> dict[str, str]:
    """Decrypt what `seal` made; ConfigError where the secret key is another one now."""
    try:
        return dict(json.loads(_fernet(secret_key).decrypt(sealed)))
    except InvalidToken as error:
        raise ConfigError(
            "CONTENTSVC_SECRET_KEY",
            "a channel's secrets were encrypted with another key; set that key again, or enter "
            "the secrets anew",
        ) from error


@lru_cache(maxsize=8)
def _fernet(secret_key: str) -> Fernet:
    # The key also signs sessions; a derived one keeps the two uses apart.
    derived = HKDF(SHA256(), 32, salt=None, info=b"contentsvc channel secrets").derive(
        secret_key.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))
