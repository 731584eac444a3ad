"""Thirty-seven tokens, good and bad, and what two other readers make of each: py-spiffe, and Envoy's `jwt_authn`.

Prints one JSON object: the trust domain's JWK set, and for each token its name, the token, whether a strict reader takes
it, and the verdicts. Envoy is the one beside this Python, or the one that LAPWING_ENVOY names.
"""

import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from spiffe import JwtBundle, JwtSvid, TrustDomain

NOW = int(time.time())
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
STRANGER = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, width=None):
    return b64(value.to_bytes(width or (value.bit_length() + 7) // 8, "big"))


def point(key):
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": number(numbers.x, 32), "y": number(numbers.y, 32)}


def jwks():
    numbers = RSA.public_key().public_numbers()
    return json.dumps(
        {
            "keys": [
                point(EC) | {"kid": "ec", "use": "jwt-svid"},
                {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), "kid": "rsa", "use": "jwt-svid"},
            ]
        }
    )


def es256(text, key=EC):
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def rs256(text):
    return RSA.sign(text, padding.PKCS1v15(), hashes.SHA256())


HEADER = {"alg": "ES256", "kid": "ec", "typ": "JWT"}
CLAIMS = {"sub": "spiffe://example.org/api", "aud": ["shop"], "exp": NOW + 300, "iat": NOW}


def token(header=None, claims=None, sign=es256, drop=(), payload=None):
    header = {**HEADER, **(header or {})}
    claims = {**CLAIMS, **(claims or {})}
    for name in drop:
        header.pop(name, None)
        claims.pop(name, None)
    payload = payload or json.dumps(claims)
    text = b64(json.dumps(header).encode()) + "." + b64(payload.encode())
    return text + "." + b64(sign(text.encode()))


def tokens():
    """Name, token, and whether a strict reader takes it."""
    good = token()
    head, body, tail = good.split(".")
    signature = base64.urlsafe_b64decode(tail + "==")
    pem = EC.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    doubled = json.dumps(CLAIMS)[:-1] + ', "sub": "spiffe://example.org/admin"}'
    return [
        ("an ordinary token", good, True),
        ("RS256", token({"alg": "RS256", "kid": "rsa"}, sign=rs256), True),
        ("no typ", token(drop=["typ"]), True),
        ("typ JOSE", token({"typ": "JOSE"}), True),
        ("two audiences", token(claims={"aud": ["bank", "shop"]}), True),
        ("aud as a string", token(claims={"aud": "shop"}), True),
        ("no kid", token(drop=["kid"]), False),
        ("unknown kid", token({"kid": "other"}), False),
        ("typ at+jwt", token({"typ": "at+jwt"}), False),
        ("alg none", b64(b'{"alg":"none","kid":"ec"}') + "." + body + ".", False),
        (
            "HS256 with the public key as secret",
            token({"alg": "HS256"}, sign=lambda text: hmac.new(pem, text, hashlib.sha256).digest()),
            False,
        ),
        ("EdDSA", token({"alg": "EdDSA"}, sign=EDWARDS.sign), False),
        (
            "an embedded jwk that signed",
            token({"jwk": point(STRANGER), "kid": "x"}, sign=lambda text: es256(text, STRANGER)),
            False,
        ),
        ("RS256 named, EC key", token({"alg": "RS256"}, sign=rs256), False),
        ("ES256 named, RSA key", token({"kid": "rsa"}), False),
        ("a stranger's key under our kid", token(sign=lambda text: es256(text, STRANGER)), False),
        ("signature left out", head + "." + body + ".", False),
        ("one bit of the signature flipped", head + "." + body + "." + b64(bytes([signature[0] ^ 1]) + signature[1:]), False),
        ("another token's signature", head + "." + body + "." + token(claims={"n": 1}).split(".")[2], False),
        ("signature in DER", token(sign=lambda text: EC.sign(text, ec.ECDSA(hashes.SHA256()))), False),
        ("payload changed", head + "." + b64(json.dumps({**CLAIMS, "a": 1}).encode()) + "." + tail, False),
        ("JSON serialization", json.dumps({"payload": body, "protected": head, "signature": tail}), False),
        ("four parts", good + ".AAAA", False),
        ("padded base64", head + "=." + body + "=." + tail + "=", False),
        ("exp 30 s ago", token(claims={"exp": NOW - 30}), False),
        ("exp an hour ago", token(claims={"exp": NOW - 3600}), False),
        ("no exp", token(drop=["exp"]), False),
        ("exp as a string", token(claims={"exp": str(NOW + 300)}), False),
        ("nbf in an hour", token(claims={"nbf": NOW + 3600}), False),
        ("no sub", token(drop=["sub"]), False),
        ("sub is no SPIFFE ID", token(claims={"sub": "alice"}), False),
        ("sub is the trust domain", token(claims={"sub": "spiffe://example.org"}), False),
        ("two sub", token(payload=doubled), False),
        ("no aud", token(drop=["aud"]), False),
        ("crit that nobody knows", token({"crit": ["exp"]}), False),
        ("another header", token({"x5t": "AA"}), False),
        ("a space before it", " " + good, False),
    ]


def py_spiffe(text, bundle):
    try:
        JwtSvid.parse_and_validate(text, bundle, {"shop"})
        return True
    except Exception:  # noqa: BLE001  however it says no
        return False


class Envoy:
    """An Envoy that answers 200 to whoever has a token that its `jwt_authn` takes."""

    def __init__(self, binary, keys):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        provider = {
            "local_jwks": {"inline_string": keys},
            "audiences": ["shop"],
            "subjects": {"prefix": "spiffe://example.org/"},
            "require_expiration": True,
            "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        }
        package = "type.googleapis.com/envoy.extensions.filters"
        manager = {
            "@type": f"{package}.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "a",
            "route_config": {
                "virtual_hosts": [
                    {
                        "name": "a",
                        "domains": ["*"],
                        "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}],
                    }
                ]
            },
            "http_filters": [
                {
                    "name": "jwt",
                    "typed_config": {
                        "@type": f"{package}.http.jwt_authn.v3.JwtAuthentication",
                        "providers": {"p": provider},
                        "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "p"}}],
                    },
                },
                {"name": "router", "typed_config": {"@type": f"{package}.http.router.v3.Router"}},
            ],
        }
        address = {"socket_address": {"address": "127.0.0.1", "port_value": self.port}}
        chain = {"filters": [{"name": "hcm", "typed_config": manager}]}
        config = {"static_resources": {"listeners": [{"address": address, "filter_chains": [chain]}]}}
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "envoy.json"
        file.write_text(json.dumps(config))
        self.process = subprocess.Popen(
            [binary, "-c", str(file), "--log-level", "error", "--concurrency", "1", "--use-dynamic-base-id"],
            stdout=subprocess.DEVNULL,
            stderr=sys.stderr,
        )
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        self.stop()
        raise SystemExit("Envoy does not start")

    def takes(self, text):
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(
                f"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {text}\r\nConnection: close\r\n\r\n".encode()
            )
            return connection.recv(64).startswith(b"HTTP/1.1 200")

    def stop(self):
        self.process.kill()
        self.process.wait()


def main():
    keys = jwks()
    bundle = JwtBundle.parse(TrustDomain("example.org"), keys.encode())
    beside = Path(sys.executable).with_name("envoy")
    binary = os.environ.get("LAPWING_ENVOY") or (str(beside) if beside.exists() else None)
    envoy = Envoy(binary, keys) if binary else None
    try:
        rows = [
            {
                "name": name,
                "token": text,
                "expected": expected,
                "spiffe": py_spiffe(text, bundle),
                "envoy": envoy.takes(text) if envoy else None,
            }
            for name, text, expected in tokens()
        ]
    finally:
        if envoy:
            envoy.stop()
    print(json.dumps({"jwks": keys, "rows": rows}))


main()
