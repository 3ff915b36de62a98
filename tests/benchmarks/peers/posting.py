"""The task of every peer: post the same body to the same receiver.

It uses the client of the standard library, which needs a third of the CPU of the service's client.
"""

import http.client
import os

__all__ = ["post"]

_PORT = int(os.environ["BENCH_PORT"])
_BODY = os.environ["BENCH_BODY"].encode()


def post(key: str) -> None:
    """Post the body with *key* as its `webhook-id`."""
    connection = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=30)
    try:
        headers = {"Content-Type": "application/json", "webhook-id": key}
        connection.request("POST", "/hook", body=_BODY, headers=headers)
        connection.getresponse().read()
    finally:
        connection.close()
