"""A Kubernetes API server of the tests' own: pods (get, list, watch), TokenReview, keys, and the kubelet's list.

    kubernetes_api.py DIRECTORY

It writes `ca.crt` and `token` (of the caller that it knows) into the directory, prints its port, and then takes one
command a line, each answered by one line of JSON:

    {"put": POD}                          makes or changes a pod
    {"delete": [NAMESPACE, NAME]}
    {"token": {"namespace", "pod", ...}}  mints a projected token, as the API server would
    {"compact": true}                     forgets the events so far: an old watch is answered 410
    {"fail": STATUS}                      answers every request so, until {"fail": null}
    {"cut": true}                         breaks every watch
    {"asked": true}                       what was asked since the last time
    {"agree": true}                       has the Python client of Kubernetes do what Lapwing does
"""

import base64
import copy
import datetime
import ipaddress
import json
import ssl
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

ISSUER = "https://kubernetes.default.svc.cluster.local"
CALLER = "the-token-of-the-authority"

directory = Path(sys.argv[1])
lock = threading.Condition()
pods = {}
events = []
version = 100
oldest = 100
fail = None
cuts = 0
asked = []
keys = {"first": rsa.generate_private_key(public_exponent=65537, key_size=2048)}


def certificates():
    """A certificate authority and a server's certificate by it."""
    now = datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def certificate(public, subject, signer, extensions):
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(name)
        builder = builder.public_key(public).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(minutes=5))
        builder = builder.not_valid_after(now + datetime.timedelta(hours=2))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    key_use = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    ca = certificate(
        ca_key.public_key(), name, ca_key, [(x509.BasicConstraints(True, None), True), (key_use, True)]
    )
    address = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "apiserver")])
    server = certificate(
        key.public_key(), subject, ca_key, [(x509.BasicConstraints(False, None), True), (address, False)]
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "ca.crt").write_bytes(ca)
    (directory / "server.pem").write_bytes(server + pem)
    (directory / "token").write_text(CALLER + "\n")


def stamp(pod):
    """Fills in what the API server fills in, and returns the pod as it is kept."""
    global version
    version += 1
    pod = copy.deepcopy(pod)
    pod.setdefault("apiVersion", "v1")
    pod.setdefault("kind", "Pod")
    metadata = pod["metadata"]
    metadata.setdefault("namespace", "default")
    metadata.setdefault("uid", str(uuid.uuid4()))
    metadata["resourceVersion"] = str(version)
    metadata.setdefault("creationTimestamp", "2026-11-26T05:00:00Z")
    # What is managed by whom is nested deeply.
    field = {"f:ready": {}}
    for name in ("k:{\"name\":\"model\"}", "f:containers", "f:spec", "f:x", "f:y"):
        field = {name: field}
    metadata.setdefault(
        "managedFields",
        [{"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": field}],
    )
    pod.setdefault("spec", {}).setdefault("containers", [{"name": "model"}])
    pod.setdefault("status", {}).setdefault("phase", "Running")
    return pod


def tell(kind, pod):
    events.append((int(pod["metadata"]["resourceVersion"]), {"type": kind, "object": pod}))
    lock.notify_all()


def jwks():
    def number(value):
        data = value.to_bytes((value.bit_length() + 7) // 8, "big")
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    return {
        "keys": [
            {"use": "sig", "kty": "RSA", "kid": kid, "alg": "RS256", "n": number(k.public_key().public_numbers().n), "e": "AQAB"}
            for kid, k in keys.items()
        ]
    }


def mint(wish):
    """A projected token with the claims that a real one has."""
    now = int(time.time())
    pod = pods[(wish["namespace"], wish["pod"])]
    account = pod["spec"].get("serviceAccountName", "default")
    claims = {
        "aud": wish.get("aud", ["lapwing"]),
        "exp": now + wish.get("life", 3600),
        "iat": now,
        "nbf": now,
        "iss": ISSUER,
        "jti": str(uuid.uuid4()),
        "kubernetes.io": {
            "namespace": wish["namespace"],
            "node": {"name": pod["spec"].get("nodeName", ""), "uid": str(uuid.uuid4())},
            "pod": {"name": wish["pod"], "uid": pod["metadata"]["uid"]},
            "serviceaccount": {"name": account, "uid": str(uuid.uuid4())},
            "warnafter": now + 3000,
        },
        "sub": f"system:serviceaccount:{wish['namespace']}:{account}",
    }
    for path, value in wish.get("claims", {}).items():
        place, *rest = path.split("/")
        target = claims
        while rest:
            target = target[place]
            place, *rest = rest
        if value is None:
            target.pop(place, None)
        else:
            target[place] = value
    kid = wish.get("kid", "first")
    key = keys.get(kid)
    if wish.get("forged") or key is None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if wish.get("publish"):
            keys[kid] = key
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid, "typ": None})


def review(body):
    """What the API server says of a token: signature, times, audience, and that the pod is there still."""
    spec = body.get("spec", {})
    wanted = spec.get("audiences") or [ISSUER]
    status = {"authenticated": False, "user": {}, "error": "[invalid bearer token]"}
    try:
        header = jwt.get_unverified_header(spec["token"])
        claims = jwt.decode(
            spec["token"], keys[header["kid"]].public_key(), algorithms=["RS256"], audience=wanted, issuer=ISSUER
        )
        own = claims["kubernetes.io"]
        pod = pods[(own["namespace"], own["pod"]["name"])]
        if pod["metadata"]["uid"] != own["pod"]["uid"]:
            raise ValueError("pod UID")
        status = {
            "authenticated": True,
            "audiences": [a for a in wanted if a in claims["aud"]],
            "user": {
                "username": claims["sub"],
                "uid": own["serviceaccount"]["uid"],
                "groups": ["system:serviceaccounts", f"system:serviceaccounts:{own['namespace']}", "system:authenticated"],
                "extra": {
                    "authentication.kubernetes.io/credential-id": ["JTI=" + claims["jti"]],
                    "authentication.kubernetes.io/node-name": [own["node"]["name"]],
                    "authentication.kubernetes.io/node-uid": [own["node"]["uid"]],
                    "authentication.kubernetes.io/pod-name": [own["pod"]["name"]],
                    "authentication.kubernetes.io/pod-uid": [own["pod"]["uid"]],
                },
            },
        }
    except Exception as error:  # whatever is wrong with it, it is not authenticated
        status["error"] = f"[invalid bearer token, {type(error).__name__}]"
    return {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "metadata": {"creationTimestamp": None},
        "spec": spec,
        "status": status,
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def problem(self, code, reason):
        self.answer(
            code,
            {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason, "code": code},
        )

    def admitted(self):
        with lock:
            asked.append(f"{self.command} {self.path}")
        if fail is not None:
            self.problem(fail, "Failed")
            return False
        if self.headers.get("authorization") != f"Bearer {CALLER}":
            self.problem(401, "Unauthorized")
            return False
        return True

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", "0"))) or b"{}")
        if not self.admitted():
            return
        if urlsplit(self.path).path != "/apis/authentication.k8s.io/v1/tokenreviews":
            return self.problem(404, "NotFound")
        with lock:
            answer = review(body)
        self.answer(201, answer)

    def do_GET(self):
        if not self.admitted():
            return
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/openid/v1/jwks":
            return self.answer(200, jwks())
        path = parts.path.strip("/").split("/")
        if path[:3] == ["api", "v1", "namespaces"] and len(path) == 6 and path[4] == "pods":
            with lock:
                pod = pods.get((path[3], path[5]))
            return self.answer(200, pod) if pod else self.problem(404, "NotFound")
        if parts.path == "/pods":
            with lock:
                return self.answer(200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": list(pods.values())})
        if parts.path != "/api/v1/pods":
            return self.problem(404, "NotFound")
        node = None
        if "fieldSelector" in query:
            name, _, node = query["fieldSelector"].partition("=")
            if name != "spec.nodeName":
                return self.problem(400, "BadRequest")
        if query.get("watch") in ("true", "1", "True"):
            return self.watch(query, node)
        with lock:
            chosen = [p for p in pods.values() if node is None or p["spec"].get("nodeName") == node]
            metadata = {"resourceVersion": str(version)}
        begin, limit = int(query.get("continue", "0")), int(query.get("limit", "0")) or len(chosen) or 1
        if begin + limit < len(chosen):
            metadata["continue"] = str(begin + limit)
        items = chosen[begin : begin + limit]
        self.answer(200, {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items or None})

    def watch(self, query, node):
        at, end = int(query.get("resourceVersion") or version), time.time() + float(query.get("timeoutSeconds", "60"))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

        def send(event):
            data = json.dumps(event).encode() + b"\n"
            # In two pieces: an event need not come whole.
            for piece in (data[: len(data) // 2], data[len(data) // 2 :]):
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                self.wfile.flush()

        with lock:
            mine = cuts
            if at < oldest:
                status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Expired", "code": 410}
                send({"type": "ERROR", "object": status})
                end = 0
        while time.time() < end:
            with lock:
                news = [event for number, event in events if number > at]
                if not news:
                    lock.wait(0.2)
                    if cuts != mine:
                        self.close_connection = True
                        return
                    continue
                at = events[-1][0]
            for event in news:
                if node is None or event["object"]["spec"].get("nodeName") == node:
                    send(event)
            bookmark = {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": str(at), "creationTimestamp": None}, "spec": {"containers": None}, "status": {}}
            if query.get("allowWatchBookmarks") in ("true", "True"):
                send({"type": "BOOKMARK", "object": bookmark})
        self.wfile.write(b"0\r\n\r\n")


def agree(port):
    """The Python client of Kubernetes does what Lapwing does, and says what it sees."""
    from kubernetes import client, watch

    configuration = client.Configuration()
    configuration.host = f"https://127.0.0.1:{port}"
    configuration.ssl_ca_cert = str(directory / "ca.crt")
    configuration.api_key = {"authorization": f"Bearer {CALLER}"}
    api = client.ApiClient(configuration)
    core, authentication = client.CoreV1Api(api), client.AuthenticationV1Api(api)
    listed = core.list_pod_for_all_namespaces(limit=1)
    names = [pod.metadata.name for pod in listed.items]
    while listed.metadata._continue:
        listed = core.list_pod_for_all_namespaces(limit=1, _continue=listed.metadata._continue)
        names += [pod.metadata.name for pod in listed.items]
    (namespace, name), pod = next(iter(pods.items()))
    one = core.read_namespaced_pod(name, namespace)
    changed = copy.deepcopy(pod)
    changed["metadata"].setdefault("labels", {})["seen"] = "yes"

    def change():
        time.sleep(0.3)
        with lock:
            kept = stamp(changed)
            pods[(namespace, name)] = kept
            tell("MODIFIED", kept)

    threading.Thread(target=change, daemon=True).start()
    seen = []
    for event in watch.Watch().stream(
        core.list_pod_for_all_namespaces, resource_version=listed.metadata.resource_version, timeout_seconds=3
    ):
        seen.append([event["type"], event["object"].metadata.labels.get("seen")])
        break
    token = mint({"namespace": namespace, "pod": name})
    spec = client.V1TokenReviewSpec(token=token, audiences=["lapwing"])
    good = authentication.create_token_review(client.V1TokenReview(spec=spec))
    spec = client.V1TokenReviewSpec(token=token, audiences=["other"])
    bad = authentication.create_token_review(client.V1TokenReview(spec=spec))
    return {
        "names": sorted(names),
        "uid": one.metadata.uid,
        "container": (one.status.container_statuses or [None])[0] and one.status.container_statuses[0].container_id,
        "watched": seen,
        "authenticated": good.status.authenticated,
        "username": good.status.user.username,
        "pod": good.status.user.extra["authentication.kubernetes.io/pod-uid"],
        "other": bad.status.authenticated,
    }


def main():
    global oldest, fail, cuts, asked
    certificates()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    print(port, flush=True)
    for line in sys.stdin:
        if line.strip() == "quit":
            return
        command = json.loads(line)
        answer = {}
        if "agree" in command:
            answer = agree(port)
        else:
            with lock:
                if "put" in command:
                    pod = stamp(command["put"])
                    name = (pod["metadata"]["namespace"], pod["metadata"]["name"])
                    kind = "MODIFIED" if name in pods else "ADDED"
                    pods[name] = pod
                    tell(kind, pod)
                    answer = {"uid": pod["metadata"]["uid"]}
                elif "delete" in command:
                    pod = stamp(pods.pop(tuple(command["delete"])))
                    tell("DELETED", pod)
                elif "token" in command:
                    answer = {"token": mint(command["token"])}
                elif "compact" in command:
                    events.clear()
                    oldest = version
                elif "fail" in command:
                    fail = command["fail"]
                elif "cut" in command:
                    cuts += 1
                    lock.notify_all()
                elif "asked" in command:
                    answer, asked = {"asked": asked}, []
        print(json.dumps(answer), flush=True)


main()
