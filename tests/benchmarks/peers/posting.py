"""What every peer's task does: post the same body to the same receiver.

By the standard library's client, which costs a third of what the service's own client does.
"""

import http.client
import os

__all__ = ["post"]

_PORT = int(os.environ["BENCH_PORT"])
_BODY = os.environ["BENCH_BODY"].encode()


def post(key: str) -> None:
    """Post the body under a key."""
    connection = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=30)
    try:
        headers = {"Content-Type": "application/json", "webhook-id": key}
        connection.request("POST", "/hook", body=_BODY, headers=headers)
        connection.getresponse().read()
    finally:
        connection.close()
