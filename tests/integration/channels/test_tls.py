"""Tests of TLS: connections to the checked address, under the name in the URL."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contentsvc.channels import HttpClient, TemporaryError, http


def certificate(folder: Path) -> Path:
    """Write a self-signed certificate for `localhost` with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        built.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


class Greeting(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing, to keep the test's output clean."""


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return certificate(tmp_path)


@pytest.fixture
def port(pem: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Greeting)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def _trusted(pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_trusted", lambda: ssl.create_default_context(cafile=str(pem)))


@pytest.mark.usefixtures("_trusted")
def test_a_secure_call_is_made_under_its_name(port: int) -> None:
    """The certificate is verified for the name, although the address was resolved before."""
    response = HttpClient(5).request(
        "POST", f"https://localhost:{port}/", content=b"x" * 300_000, allow_private=True
    )

    assert (response.status, len(response.body)) == (200, 300_000)


@pytest.mark.usefixtures("_trusted")
def test_a_certificate_of_another_name_is_refused(port: int) -> None:
    """Nothing is sent to a server whose certificate has another name."""
    with pytest.raises(TemporaryError, match="certificate"):
        HttpClient(5).request(
            "POST", f"https://127.0.0.1:{port}/", content=b"x", allow_private=True
        )


def test_a_certificate_that_nobody_vouches_for_is_refused(port: int) -> None:
    """A certificate that no trusted authority signed is refused."""
    with pytest.raises(TemporaryError, match="certificate"):
        HttpClient(5).request(
            "POST", f"https://localhost:{port}/", content=b"x", allow_private=True
        )
