"""Encrypt channels' secrets with a key derived from the service's secret key."""

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

__all__ = ["is_sealed_with", "seal", "unseal"]

#: Bytes of the nonce, which must be unique per key. Random nonces of this length are safe for 2^32
#: messages (NIST SP 800-38D §8.3).
_NONCE_BYTES = 12


def seal(secrets: Mapping[str, str], secret_key: str) -> bytes:
    """Return *secrets* encrypted with the first key: a nonce, then the ciphertext of their JSON."""
    nonce = os.urandom(_NONCE_BYTES)
    cipher = _ciphers(secret_key)[0]
    return nonce + cipher.encrypt(nonce, json.dumps(dict(secrets)).encode(), None)


def unseal(sealed: bytes, secret_key: str) -> dict[str, str]:
    """Return the secrets that `seal` has encrypted as *sealed* with one of the keys.

    *secret_key* has one or more keys, one a line.

    Raises:
        ConfigError: the secrets were encrypted with another secret key.
    """
    for cipher in _ciphers(secret_key):
        try:
            return _decrypted(sealed, cipher)
        except (InvalidTag, ValueError):
            # AESGCM raises ValueError if the nonce is too short.
            continue
    raise ConfigError("CONTENTSVC_SECRET_KEY", "secrets-sealed-with-other-key")


def is_sealed_with(sealed: bytes, secret_key: str) -> bool:
    """Return whether *sealed* was encrypted with the first key."""
    try:
        _decrypted(sealed, _ciphers(secret_key)[0])
    except (InvalidTag, ValueError):
        return False
    return True


def _decrypted(sealed: bytes, cipher: AESGCM) -> dict[str, str]:
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    return dict(json.loads(cipher.decrypt(nonce, rest, None)))


def _ciphers(secret_key: str) -> list[AESGCM]:
    return [_cipher(key) for key in secret_key.splitlines()]


@lru_cache(maxsize=8)
def _cipher(secret_key: str) -> AESGCM:
    # The secret key also signs sessions; a derived key separates the two uses.
    derived = HKDF(SHA256(), 32, salt=None, info=b"contentsvc channel secrets").derive(
        secret_key.encode()
    )
    return AESGCM(derived)
