"""A workload that does what it is told, line by line, and prints one line for each.

fetch            asks for its X.509-SVID through py-spiffe: `svid ID SERIAL DIGEST SIGNER`, or `error CODE`
child fetch      the same in a child of its own
orphan fetch     the same in a grandchild whose parent has ended
watch            follows its SVIDs: `svids …` for each message, `error …` at the end of the stream
prove DIGEST     tries to prove that it has loaded a model itself: `held`, or `error CODE`
read PATH        reads a file: `read N`, or `errno N`
call PORT        calls https://127.0.0.1:PORT/ over a connection of its own: `status N`, or `refused …`; with the SVID
                 that it fetched first, also where that was withdrawn
serve PLACE      serves HTTP at a Unix socket or a loopback port: `serving PLACE`
hold PORT        calls over a connection that it keeps: `open N`; prints `closed` when the other end closes it
"""

import http.server
import os
import re
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from spiffe import WorkloadApiClient

MODEL = x509.ObjectIdentifier("2.25.1186934735.1")
HEADER = (("workload.spiffe.io", "true"),)


def say(text):
    print(text.replace("\n", " "), flush=True)


def status(error):
    """The gRPC status that lies beneath an error of py-spiffe's."""
    seen = error
    while seen is not None:
        if isinstance(seen, grpc.RpcError):
            return seen.code().name
        seen = seen.__cause__ or seen.__context__
    found = re.search(r"StatusCode\.([A-Z_]+)", str(error))
    return found.group(1) if found else str(error)


def claim(certificate):
    """Digest and signer of the model that a certificate names."""
    try:
        value = certificate.extensions.get_extension_for_oid(MODEL)
    except x509.ExtensionNotFound:
        return "-", "-"
    assert not value.critical
    tag, fields, rest = element(value.value.value)
    assert tag == 0x30 and not rest
    tags, texts = [], []
    while fields:
        tag, text, fields = element(fields)
        tags.append(tag)
        texts.append(text.decode())
    assert tags == [0x0C, 0x0C]
    return tuple(texts)


def element(der):
    """The tag and content of the first element of some DER, and what follows it."""
    length, start = der[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(der[2:start], "big")
    return der[0], der[start : start + length], der[start + length :]


def fetch():
    try:
        with WorkloadApiClient() as client:
            svid = client.fetch_x509_svid()
        digest, signer = claim(svid.leaf)
        return f"svid {svid.spiffe_id} {svid.leaf.serial_number:x} {digest} {signer}"
    except Exception as error:
        return f"error {status(error)}"


def watch():
    def on_success(context):
        say("svids " + " ".join(str(each.spiffe_id) for each in context.x509_svids))

    def on_error(error):
        say(f"error {status(error)} {time.time()}")

    client = WorkloadApiClient()
    client.stream_x509_contexts(on_success, on_error, retry_connect=False)
    return client


def field(number, content):
    if isinstance(content, int):
        return bytes([number << 3]) + varint(content)
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def prove(digest):
    """Poses as a loader, with a proof of a child of its own that claims whatever is wanted."""
    child = subprocess.Popen(["sleep", "30"])
    proof = (
        field(1, digest.encode()) + field(2, b"anybody") + field(3, b"key") + field(4, child.pid)
    )
    try:
        with grpc.insecure_channel(os.environ["SPIFFE_ENDPOINT_SOCKET"]) as channel:
            call = channel.stream_stream(
                "/lapwing.loader.v1.Loader/HoldProof",
                request_serializer=None,
                response_deserializer=None,
            )
            for _ in call(iter([field(1, proof)]), metadata=HEADER, timeout=10):
                return "held"
            return "ended"
    except grpc.RpcError as error:
        return f"error {error.code().name}"
    finally:
        child.kill()
        child.wait()


def connection(port):
    """A TLS connection with this workload's SVID; who answers is not of interest here."""
    if not first:
        with WorkloadApiClient() as client:
            first.append(client.fetch_x509_svid())
    svid = first[0]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with tempfile.NamedTemporaryFile() as chain:
        for certificate in svid.cert_chain:
            chain.write(certificate.public_bytes(Encoding.PEM))
        chain.write(
            svid.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        chain.flush()
        context.load_cert_chain(chain.name)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10))


def exchange(stream):
    stream.sendall(b"GET / HTTP/1.1\r\nhost: example.com\r\n\r\n")
    answer = stream.recv(4096)
    return int(answer.split(b" ")[1]) if answer else None


kept = []
first = []


def call(port):
    try:
        with connection(int(port)) as stream:
            number = exchange(stream)
        return f"status {number}" if number else "refused"
    except Exception as error:
        return f"refused {status(error)}"


def hold(port):
    stream = connection(int(port))
    kept.append(stream)
    number = exchange(stream)

    def wait():
        try:
            stream.settimeout(60)
            while stream.recv(4096):
                pass
        except Exception:
            pass
        say("closed")

    threading.Thread(target=wait, daemon=True).start()
    return f"open {number}"


class Answers(http.server.BaseHTTPRequestHandler):
    """Says hello to everybody, over connections that stay."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")

    def address_string(self):
        return "local"

    def log_message(self, *arguments):
        pass


class UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


def serve(place):
    if place.isdigit():
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(place)), Answers)
    else:
        server = UnixServer(place, Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"serving {place}"


def read(path):
    try:
        with open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            total = 0
            while part := file.read(1 << 16):
                total += len(part)
        return f"read {total}"
    except OSError as error:
        return f"errno {error.errno}"


def main():
    if sys.argv[1:] == ["once"]:
        say(fetch())
        return
    say(f"ready {os.getpid()} {os.environ.get('LAPWING_MODEL_PATH', '-')}")
    for line in sys.stdin:
        words = line.split()
        if words == ["fetch"]:
            say(fetch())
        elif words == ["child", "fetch"]:
            subprocess.run([sys.executable, __file__, "once"], check=False)
        elif words == ["orphan", "fetch"]:
            script = '("$0" -c "import time; time.sleep(0.5)"; "$0" "$1" once) & exit 0'
            subprocess.run(["/bin/sh", "-c", script, sys.executable, __file__], check=False)
        elif words == ["watch"]:
            kept.append(watch())
        elif words[:1] == ["prove"]:
            say(prove(words[1]))
        elif words[:1] == ["read"]:
            say(read(words[1]))
        elif words[:1] == ["call"]:
            say(call(words[1]))
        elif words[:1] == ["serve"]:
            say(serve(words[1]))
        elif words[:1] == ["hold"]:
            say(hold(words[1]))
        else:
            break
    os._exit(0)


main()
