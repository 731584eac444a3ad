"""An issuer of tokens with its keys behind HTTPS, and a model that says what it was sent: issuer_and_model.py FOLDER SOCKET

Writes into the folder `roots.pem`, `url` (where the keys are) and `token.1` to `token.3`: of the key that is published, of
the key that is published from the first line on standard input on, and of a key that never is. The model listens at the
socket and answers each request with its headers. Prints `ready`, and stops when standard input ends.
"""

import base64
import datetime
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

ISSUER = "https://issuer.example"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A key of the issuer."""

    def __init__(self, name: str):
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())

    @property
    def published(self):
        numbers = self.key.public_key().public_numbers()
        place = {name: encoded(value.to_bytes(32, "big")) for name, value in (("x", numbers.x), ("y", numbers.y))}
        return {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.name} | place

    def token(self) -> str:
        claims = {"iss": ISSUER, "sub": "alice", "exp": int(time.time()) + 600}
        parts = [encoded(json.dumps(part).encode()) for part in ({"alg": "ES256", "kid": self.name}, claims)]
        signature = self.key.sign(".".join(parts).encode(), ec.ECDSA(hashes.SHA256()))
        both = b"".join(number.to_bytes(32, "big") for number in utils.decode_dss_signature(signature))
        return ".".join(parts + [encoded(both)])


def certify(folder: Path):
    """Makes a certificate for `localhost` that vouches for itself, and writes it down; returns the file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    text = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "roots.pem").write_bytes(text)
    file = folder / "issuer.pem"
    file.write_bytes(text + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))
    return file


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def address_string(self):
        return "client"

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Model(Quiet):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", "0")))
        self.answer({name.lower(): value for name, value in self.headers.items()})


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def main(folder: Path, socket: str):
    keys = [Key(f"{number}") for number in range(1, 4)]
    published = [keys[0].published]

    class Issuer(Quiet):
        def do_GET(self):
            self.answer({"keys": published})

    for key in keys:
        (folder / f"token.{key.name}").write_text(key.token())
    issuer = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certify(folder))
    issuer.socket = context.wrap_socket(issuer.socket, server_side=True)
    (folder / "url").write_text(f"https://localhost:{issuer.server_port}/jwks")
    for server in (issuer, UnixServer(socket, Model)):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    while sys.stdin.readline():
        published.append(keys[1].published)
    os._exit(0)


main(Path(sys.argv[1]), sys.argv[2])
