"""Secrets at rest: encrypted with a key made from the service's secret key."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from contentsvc.errors import ConfigError

__all__ = ["seal", "unseal"]

#: Bytes of the number that no two messages under one key may share; random ones of this length
#: may be used for 2^32 messages (NIST SP 800-38D §8.3).
_NONCE_BYTES = 12


def seal(secrets: Mapping[str, str], secret_key: str) -> bytes:
    """Encrypt *secrets*."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(secret_key).encrypt(nonce, json.dumps(dict(secrets)).encode(), None)


def unseal(sealed: bytes, secret_key: str) -> dict[str, str]:
    """Decrypt what `seal` made; ConfigError where the secret key is another one now."""
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return dict(json.loads(_cipher(secret_key).decrypt(nonce, rest, None)))
    except (InvalidTag, ValueError) as error:
        # ValueError: too short for a nonce.
        raise ConfigError(
            "CONTENTSVC_SECRET_KEY",
            "a channel's secrets were encrypted with another key; set that key again, or enter "
            "the secrets anew",
        ) from error


@lru_cache(maxsize=8)
def _cipher(secret_key: str) -> AESGCM:
    # The key also signs sessions; a derived one keeps the two uses apart.
    derived = HKDF(SHA256(), 32, salt=None, info=b"contentsvc channel secrets").derive(
        secret_key.encode()
    )
    return AESGCM(derived)
