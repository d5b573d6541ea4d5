"""What stands between a collector and AWS and can go wrong: a relay of bytes, its certificates, and a login portal."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BLINK = 0.1


class Relay:
    """Bytes to and from a port of this machine. `silent`: it takes everything and passes nothing on, and nobody hangs up."""

    def __init__(self, to: int, tls: ssl.SSLContext | None = None) -> None:
        self.to, self.tls, self.silent = to, tls, False
        self.passed = bytearray()
        """Everything that went through, in both directions."""
        self.port = 0
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self.open()

    def open(self) -> None:
        """Listen, again at the same port."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Nobody listens, and every connection ends."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self) -> None:
        """Every connection ends; new ones may come."""
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            near.settimeout(30)
            if self.tls is not None:
                near = self.tls.wrap_socket(near, server_side=True)
            with near, socket.create_connection(("127.0.0.1", self.to)) as far:
                self._open |= {near, far}
                back = threading.Thread(target=self._pump, args=(far, near), daemon=True)
                back.start()
                self._pump(near, far)
                back.join()
                self._open -= {near, far}

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        source.settimeout(BLINK)
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    if not (body := source.recv(65536)):
                        break
                    while self.silent:
                        time.sleep(BLINK)
                    self.passed += body
                    target.sendall(body)
        except OSError:
            pass
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


class Authority:
    """Certificates for this machine, and the file with which a client believes in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.bundle = folder / "ca.pem"
        root = self._certificate(self.name, self.key, timedelta(days=1), root=True)
        self.bundle.write_bytes(root.public_bytes(serialization.Encoding.PEM))

    def context(self, left: timedelta = timedelta(days=1)) -> ssl.SSLContext:
        """Of a server whose certificate is good for that long still; negative: it was."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        made = self._certificate(name, key, left)
        path = self.folder / f"{made.serial_number}.pem"
        path.write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _certificate(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, left: timedelta, *, root: bool = False
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = (
            x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=30)).not_valid_after(now + left)
            .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )  # fmt: skip
        if not root:
            builder = builder.add_extension(here, critical=False)
        return builder.sign(self.key, hashes.SHA256())


class Portal:
    """AWS's SSO portal as far as a login that is there needs it: a role's keys for a token, or *no longer*."""

    def __init__(self, access_key: str) -> None:
        portal = self
        self.well = True

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                later = int((time.time() + 3600) * 1000)
                keys = {"accessKeyId": access_key, "secretAccessKey": "demo", "sessionToken": "demo"}
                body = json.dumps({"roleCredentials": {**keys, "expiration": later}})
                if not portal.well:
                    body = json.dumps({"message": "Session token not found or invalid"})
                self.send_response(200 if portal.well else 401)
                if not portal.well:
                    self.send_header("x-amzn-ErrorType", "UnauthorizedException")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
