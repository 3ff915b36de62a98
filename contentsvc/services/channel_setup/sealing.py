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

__all__ = ["seal", "unseal"]

#: Bytes of the nonce, which must be unique per key. Random nonces of this length are safe for 2^32
#: messages (NIST SP 800-38D §8.3).
_NONCE_BYTES = 12


def seal(secrets: Mapping[str, str], secret_key: str) -> bytes:
    """Return *secrets* encrypted: a nonce, then the ciphertext of their JSON."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(secret_key).encrypt(nonce, json.dumps(dict(secrets)).encode(), None)


def unseal(sealed: bytes, secret_key: str) -> dict[str, str]:
    """Return the secrets that `seal` has encrypted as *sealed*.

    Raises:
        ConfigError: the secrets were encrypted with another secret key.
    """
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return dict(json.loads(_cipher(secret_key).decrypt(nonce, rest, None)))
    except (InvalidTag, ValueError) as error:
        # AESGCM raises ValueError if the nonce is too short.
        raise ConfigError("CONTENTSVC_SECRET_KEY", "secrets-sealed-with-other-key") from error


@lru_cache(maxsize=8)
def _cipher(secret_key: str) -> AESGCM:
    # The secret key also signs sessions; a derived key separates the two uses.
    derived = HKDF(SHA256(), 32, salt=None, info=b"contentsvc channel secrets").derive(
        secret_key.encode()
    )
    return AESGCM(derived)
