"""Puts requests to a real Envoy that has exported policies as its filters, and compares its decisions with expected ones.

    unshare --net reach_in_envoy.py ENVOY CASES

CASES has a JSON object on each line: first `{"normalization": "BASE"}`, then for each set of policies `{"filters": [...]}`,
as `lapwing policy export --to envoy` makes them, followed by its requests with what is expected of them. One Envoy carries all
sets: a header picks the route, and each route has filters of its own. Callers are told by certificates of an authority made
here, tokens are signed with a shared key, and addresses are those of a network namespace in which every address is local.
Prints each decision that differs, what was left out and why, and the count; exits with 1 where one differs.
"""

import base64
import collections
import concurrent.futures
import datetime
import hashlib
import hmac
import ipaddress
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TYPE = "type.googleapis.com/envoy.extensions"
SECRET = b"only-for-this-run-0123456789abcdef"
# Says which set of policies a request is put to; no policy looks at it.
SET = "x-lapwing-set"
FILTERS = 3


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims) -> str:
    """A token that says these claims, signed with the shared key."""
    parts = [encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT", "kid": "key"}, claims)]
    signed = ".".join(parts).encode()
    return ".".join(parts + [encoded(hmac.new(SECRET, signed, hashlib.sha256).digest())])


class Authority:
    """An authority for one run, and the client settings for each caller."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.caller_key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "check")])
        self.file = folder / "ca.pem"
        certificate = self.sign(self.name, self.key.public_key(), None)
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.contexts = {}

    def sign(self, name, key, uri):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key)
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=12))
            .add_extension(x509.BasicConstraints(ca=uri is None, path_length=None), critical=True)
        )
        if uri is not None:
            names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
            builder = builder.add_extension(names, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def write(self, file: Path, uri: str):
        """Writes a certificate with this one name, and its key."""
        certificate = self.sign(x509.Name([]), self.caller_key.public_key(), uri)
        key = self.caller_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key)

    def context(self, uri: str):
        """How a caller of this name speaks TLS."""
        if uri not in self.contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            with tempfile.NamedTemporaryFile(dir=self.folder) as file:
                self.write(Path(file.name), uri)
                context.load_cert_chain(file.name)
            self.contexts[uri] = context
        return self.contexts[uri]


def route(number, filters):
    """The route of one set of policies, with its filters."""
    overrides = {}
    for place, exported in enumerate(filters):
        rules = {key: value for key, value in exported["typedConfig"].items() if key != "@type"}
        overrides[f"rbac{place}"] = {"@type": f"{TYPE}.filters.http.rbac.v3.RBACPerRoute", "rbac": rules}
    return {
        "match": {"prefix": "/", "headers": [{"name": SET, "string_match": {"exact": str(number)}}]},
        "direct_response": {"status": 200},
        "typed_per_filter_config": overrides,
    }


def configuration(sets, normalization, ports, authority, server):
    """Envoy with a route for each set, on every address and some ports."""
    manager = {
        "@type": f"{TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "check",
        "normalize_path": normalization != "NONE",
        "merge_slashes": normalization in ("MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"),
        "path_with_escaped_slashes_action":
            "UNESCAPE_AND_FORWARD" if normalization == "DECODE_AND_MERGE_SLASHES" else "KEEP_UNCHANGED",
        "use_remote_address": False,
        "route_config": {"virtual_hosts": [{
            "name": "all", "domains": ["*"], "routes": [route(number, filters) for number, filters in enumerate(sets)],
        }]},
        "http_filters": [
            {
                "name": "jwt",
                "typed_config": {
                    "@type": f"{TYPE}.filters.http.jwt_authn.v3.JwtAuthentication",
                    "providers": {"any": {
                        "local_jwks": {"inline_string": json.dumps({"keys": [
                            {"kty": "oct", "kid": "key", "alg": "HS256", "k": encoded(SECRET)},
                        ]})},
                        "payload_in_metadata": "payload",
                        "normalize_payload_in_metadata": {"space_delimited_claims": ["scope", "permission"]},
                    }},
                    "rules": [{
                        "match": {"prefix": "/"},
                        "requires": {"requires_any": {"requirements": [
                            {"provider_name": "any"}, {"allow_missing": {}},
                        ]}},
                    }],
                },
            },
            *[
                {"name": f"rbac{place}", "typed_config": {"@type": f"{TYPE}.filters.http.rbac.v3.RBAC"}}
                for place in range(FILTERS)
            ],
            {"name": "router", "typed_config": {"@type": f"{TYPE}.filters.http.router.v3.Router"}},
        ],
    }
    tls = {
        "@type": f"{TYPE}.transport_sockets.tls.v3.DownstreamTlsContext",
        "require_client_certificate": True,
        "common_tls_context": {
            "tls_certificates": [{"certificate_chain": {"filename": str(server)}, "private_key": {"filename": str(server)}}],
            "validation_context": {"trusted_ca": {"filename": str(authority.file)}},
        },
    }
    http = {"filters": [{"name": "http", "typed_config": manager}]}
    return {"static_resources": {"listeners": [
        {
            "name": f"{address}-{port}",
            "address": {"socket_address": {"address": address, "port_value": port}},
            "listener_filters": [{
                "name": "inspector",
                "typed_config": {"@type": f"{TYPE}.filters.listener.tls_inspector.v3.TlsInspector"},
            }],
            "filter_chains": [
                http | {
                    "filter_chain_match": {"transport_protocol": "tls"},
                    "transport_socket": {"name": "tls", "typed_config": tls},
                },
                http | {"filter_chain_match": {"transport_protocol": "raw_buffer"}},
            ],
        }
        for port in ports for address in ("0.0.0.0", "::")
    ]}}


def unsayable(request):
    """Why a request cannot be sent as it stands, or None where it can."""
    source, destination = (ipaddress.ip_address(request[key]) for key in ("source", "destination"))
    for address in (source, destination):
        if address.is_unspecified or address.is_multicast or str(address) == "255.255.255.255":
            return "an address that no connection has"
        if address.version == 6 and (address.ipv4_mapped or address.is_link_local):
            return "an address that no connection has"
    if source.version != destination.version:
        return "addresses of two families"
    name = request.get("serverName")
    if request.get("caller") is None and name:
        return "a server name without TLS"
    if name:
        try:
            ipaddress.ip_address(name)
            return "a server name that a client does not send"
        except ValueError:
            pass
        # OpenSSL takes what has a colon for an address, and sends no name.
        if ":" in name or name.startswith(".") or len(name) > 253 or any(not 0 < len(part) < 64 for part in name.split(".")):
            return "a server name that a client does not send"
    audience = (request.get("token") or {}).get("aud", [])
    audiences = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(text, str) for text in audiences):
        return "an audience that is no string"
    return None


def text(number, request):
    """A request as it is sent."""
    lines = [f"{request['method']} {request['path']} HTTP/1.1", f"Host: {request['authority']}", f"{SET}: {number}"]
    lines += [f"{name}: {value}" for name, value in request["headers"]]
    if request["remote"] != request["source"]:
        lines.append(f"x-forwarded-for: {request['remote']}")
    if request.get("token") is not None:
        lines.append("authorization: Bearer " + token(request["token"]))
    return "\r\n".join(lines + ["", ""]).encode()


def status(file, method):
    """The status of the next answer, or None where there is none."""
    line = file.readline()
    if not line.startswith(b"HTTP/1"):
        return None
    length = 0
    while (header := file.readline()) not in (b"\r\n", b""):
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if method != "HEAD":
        file.read(length)
    return int(line.split()[1])


def ask(key, requests, authority):
    """The statuses of requests over connections of one kind; a connection that is closed is opened again."""
    caller, source, destination, port, name = key
    statuses = []
    connection = file = None
    for number, request in requests:
        for attempt in range(2):
            try:
                if file is None:
                    kind = socket.AF_INET6 if ":" in source else socket.AF_INET
                    connection = socket.socket(kind, socket.SOCK_STREAM)
                    connection.settimeout(20)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    connection.bind((source, 0))
                    connection.connect((destination, port))
                    if caller is not None:
                        connection = authority.context(caller).wrap_socket(connection, server_hostname=name or None)
                    file = connection.makefile("rb")
                connection.sendall(text(number, request))
                answer = status(file, request["method"])
            except OSError as error:
                answer = f"no answer: {error}"
            if not isinstance(answer, int) or answer == 400:
                if connection is not None:
                    connection.close()
                connection = file = None
            if isinstance(answer, int):
                break
        statuses.append(answer)
    if connection is not None:
        connection.close()
    return statuses


def prepare():
    """Makes every address of this network namespace local."""
    for command in (
        "ip link set lo up", "ip route add local 0.0.0.0/0 dev lo", "ip -6 route add local ::/0 dev lo",
    ):
        subprocess.run(command.split(), check=True)
    for file, value in (
        ("ipv4/ip_nonlocal_bind", "1"), ("ipv6/ip_nonlocal_bind", "1"), ("ipv4/ip_unprivileged_port_start", "0"),
    ):
        Path("/proc/sys/net", file).write_text(value)


def main():
    envoy, cases = sys.argv[1:3]
    if {name for _, name in socket.if_nameindex()} != {"lo"}:
        raise SystemExit("run me in a network namespace of my own: unshare --net")
    prepare()
    lines = [json.loads(line) for line in Path(cases).read_text().splitlines()]
    normalization = lines[0]["normalization"]
    sets, groups, skipped = [], collections.OrderedDict(), collections.Counter()
    for line in lines[1:]:
        if "filters" in line:
            sets.append(line["filters"])
            continue
        if why := unsayable(line):
            skipped[why] += 1
            continue
        key = (line.get("caller"), line["source"], line["destination"], line["port"], line.get("serverName"))
        groups.setdefault(key, []).append((len(sets) - 1, line))
    agree = collections.Counter()
    differ = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority(folder)
        server = folder / "server.pem"
        authority.write(server, "spiffe://cluster.local/ns/a/sa/server")
        ports = sorted({key[3] for key in groups})
        file = folder / "envoy.json"
        file.write_text(json.dumps(configuration(sets, normalization, ports, authority, server)))
        with open(folder / "envoy.log", "w") as log:
            process = subprocess.Popen(
                [envoy, "-c", str(file), "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"],
                stdout=log, stderr=log,
            )
        try:
            for _ in range(1200):
                if process.poll() is not None:
                    raise SystemExit(f"envoy ended with {process.returncode}: {(folder / 'envoy.log').read_text()[-3000:]}")
                try:
                    socket.create_connection(("127.0.0.1", ports[-1]), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = pool.map(lambda item: ask(*item, authority), groups.items())
                for (key, requests), statuses in zip(groups.items(), answers):
                    for (number, request), status in zip(requests, statuses):
                        expected = 200 if request["allowed"] else 403
                        if status == expected:
                            agree[request["kind"], "allowed" if request["allowed"] else "denied"] += 1
                        else:
                            differ.append((number, status, expected, request))
        finally:
            # Who started this program may have left it with signals blocked, which Envoy would inherit.
            process.kill()
            process.wait()
    for number, status, expected, request in differ[:50]:
        print(f"DIFFERS set {number}: {status}, expected {expected}: {json.dumps(request)}")
    for why, count in sorted(skipped.items()):
        print(f"left out: {count} ({why})")
    kinds = ", ".join(f"{count} {kind} {outcome}" for (kind, outcome), count in sorted(agree.items()))
    print(f"{normalization}: {len(sets)} sets of policies, {len(groups)} connections: {kinds}")
    print(json.dumps({"agree": sum(agree.values()), "differ": len(differ), "leftOut": sum(skipped.values())}))
    return 1 if differ or not agree else 0


if __name__ == "__main__":
    sys.exit(main())
