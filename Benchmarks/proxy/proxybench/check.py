"""What must hold of a proxy before it is measured: a proxy that lets anything through is fast, and of no interest."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from pathlib import Path

from .certificates import Credential
from .job import ANSWER_BYTES, CALLER, METHOD, PREDICT, SERVICE, STREAM
from .proxy import Proxy
from .tools import UpstreamServer

BODY = b'{"model": "fraud", "inputs": [0.25, 0.5, 1]}'
REFUSED_IN_TLS = "refused in the handshake"


class Answer:
    """What came back: a status, or that the handshake was refused."""

    def __init__(self, status: int | str, body: bytes, server_names: list[str]) -> None:
        self.status = status
        self.body = body
        self.server_names = server_names


def ask(
    proxy: Proxy,
    credential: Credential | None,
    method: str = METHOD,
    path: str = PREDICT,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # An X.509-SVID names its holder by URI, which `proxy_presents_its_id` reads.
    context.check_hostname = False
    context.load_verify_locations(proxy.bundle)
    if credential:
        context.load_cert_chain(credential.certificate, credential.key)
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, context=context, timeout=10)
    try:
        connection.connect()
        names = [name for kind, name in connection.sock.getpeercert().get("subjectAltName", ()) if kind == "URI"]
        body = None if method == "GET" else BODY
        connection.request(method, path, body=body, headers={"Content-Type": "application/json"} | (headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(), names)
    except (ssl.SSLError, ConnectionError, http.client.BadStatusLine):
        # In TLS 1.3 a client learns that its certificate was refused when it first reads.
        return Answer(REFUSED_IN_TLS, b"", [])
    finally:
        connection.close()


def identity_at_upstream(proxy: Proxy, upstream: UpstreamServer) -> list[str]:
    """The values of the identity header in the last request that the upstream saw."""
    prefix = proxy.identity_header.lower() + ":"
    lines = upstream.last_head().split("\r\n")
    return [line[len(prefix) :].strip() for line in lines if line.lower().startswith(prefix)]


def check_proxy(proxy: Proxy, upstream: UpstreamServer, say: Callable[[str], None]) -> list[str]:
    """Tries what must pass and what must not. Returns what went wrong."""
    failures: list[str] = []

    def expect(what: str, holds: bool, seen: object) -> None:
        if not holds:
            failures.append(f"{proxy.name}: {what}; saw {seen}")
        say(f"  {'ok  ' if holds else 'FAIL'} {what}" + ("" if holds else f"; saw {seen}"))

    named = CALLER.spiffe_id if proxy.reads_spiffe_id else CALLER.common_name

    answer = ask(proxy, proxy.caller)
    expect("the right caller is answered", (answer.status, len(answer.body)) == (200, ANSWER_BYTES), answer.status)
    expect("the proxy presents its SPIFFE ID", answer.server_names == [SERVICE.spiffe_id], answer.server_names)
    seen = identity_at_upstream(proxy, upstream)
    expect("the upstream is told who called", len(seen) == 1 and named in seen[0], seen)

    forged = "spiffe://cluster.local/ns/ml-admin/sa/root"
    answer = ask(proxy, proxy.caller, headers={proxy.identity_header: forged})
    seen = identity_at_upstream(proxy, upstream)
    expect(
        "a forged identity header does not reach it",
        (answer.status == 200 and len(seen) == 1 and forged not in seen[0]) or answer.status in (400, 403),
        (answer.status, seen),
    )

    answer = ask(proxy, proxy.caller, path=STREAM)
    events = answer.body.count(b"\n\n")
    expect("a stream comes through whole", (answer.status, events) == (200, upstream.address.events), events)

    before = upstream.answered()
    refused: list[tuple[str, Answer, tuple[int | str, ...]]] = [
        ("a wrong caller gets 403", ask(proxy, proxy.wrong_caller), (403,)),
        ("a wrong path gets 403", ask(proxy, proxy.caller, path="/v1/models"), (403,)),
        ("a path below the right one gets 403", ask(proxy, proxy.caller, path=PREDICT + "/../admin"), (403, 400)),
        ("a wrong method gets 403", ask(proxy, proxy.caller, method="GET"), (403,)),
        ("no certificate, no answer", ask(proxy, None), (REFUSED_IN_TLS, 400)),
        ("another authority's certificate, no answer", ask(proxy, proxy.foreign_caller), (REFUSED_IN_TLS, 400)),
    ]
    for what, answer, right in refused:
        expect(what, answer.status in right, answer.status)
    reached = upstream.answered() - before
    expect("nothing that was refused reached the upstream", reached == 0, f"{reached} requests")
    return failures


def filesystem_of(path: Path) -> str:
    """The kind of file system that holds a path: a sync on tmpfs costs nothing."""
    best, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text().splitlines():
        fields = line.split()
        mount = fields[1].replace("\\040", " ")
        inside = str(path.resolve()) == mount or str(path.resolve()).startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, fields[2]
    return kind
