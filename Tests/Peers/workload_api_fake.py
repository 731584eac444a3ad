"""A Workload API that may misbehave, in the place of SPIRE's: for whoever takes an identity from one.

    workload_api_fake.py SOCKET SPIFFE_ID

It serves FetchX509SVID and FetchJWTBundles as py-spiffe's own protocol buffers describe them, and takes one command a line,
each answered by the serial number of what it sent:

    good [SECONDS]   an SVID as it should be, that lives so long
    expired          one whose life is over
    early            one whose life has not begun
    wrong-key        one with another's private key
    unknown-ca       one whose authority is not in the bundle
    other-id         one under another name than the certificate's
    other-domain     one of another trust domain under ours
    no-key           one without a private key
    empty            no SVID at all
    garbage          bytes
"""

import datetime
import queue
import sys
import threading
from concurrent import futures

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from spiffe._proto import workload_pb2

SOCKET, ID = sys.argv[1], sys.argv[2]
DOMAIN = "/".join(ID.split("/")[:3])
streams = []
lock = threading.Lock()
current = None


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Authority:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SPIRE")])
        use = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.certificate = self.sign(
            self.key.public_key(), self.name, DOMAIN, x509.BasicConstraints(True, None), use, now(), 86400
        )

    def sign(self, public, subject, uri, constraints, use, start, life, *more):
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(start - datetime.timedelta(seconds=10))
        builder = builder.not_valid_after(start + datetime.timedelta(seconds=life))
        builder = builder.add_extension(constraints, True).add_extension(use, True)
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
        builder = builder.add_extension(names, False)
        for extension in more:
            builder = builder.add_extension(extension, False)
        return builder.sign(self.key, hashes.SHA256())

    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)


ours, stranger = Authority(), Authority()


def response(kind, life):
    authority = stranger if kind == "unknown-ca" else ours
    key = ec.generate_private_key(ec.SECP256R1())
    start = now()
    if kind == "expired":
        start -= datetime.timedelta(seconds=life + 60)
    if kind == "early":
        start += datetime.timedelta(seconds=600)
    uri = "spiffe://other.example/x" if kind == "other-domain" else ID
    use = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    extended = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    leaf = authority.sign(
        key.public_key(),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "workload")]),
        uri,
        x509.BasicConstraints(False, None),
        use,
        start,
        life,
        extended,
    )
    if kind == "wrong-key":
        key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    svid = workload_pb2.X509SVID(
        spiffe_id=ID + "x" if kind == "other-id" else ID,
        x509_svid=leaf.public_bytes(serialization.Encoding.DER),
        x509_svid_key=b"" if kind == "no-key" else private,
        bundle=ours.der(),
    )
    if kind == "garbage":
        svid.x509_svid = b"\x30\x82garbage"
    message = workload_pb2.X509SVIDResponse(svids=[] if kind == "empty" else [svid])
    return message, format(leaf.serial_number, "x")


def fetch(request, context):
    if dict(context.invocation_metadata()).get("workload.spiffe.io") != "true":
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the header is missing")
    mine = queue.Queue()
    with lock:
        streams.append(mine)
        mine.put(current)
    while context.is_active():
        try:
            message = mine.get(timeout=0.2)
        except queue.Empty:
            continue
        if message is not None:
            yield message


def jwt_bundles(request, context):
    yield workload_pb2.JWTBundlesResponse(bundles={DOMAIN: b'{"keys":[]}'})
    while context.is_active():
        threading.Event().wait(0.2)


handlers = grpc.method_handlers_generic_handler(
    "SpiffeWorkloadAPI",
    {
        "FetchX509SVID": grpc.unary_stream_rpc_method_handler(
            fetch,
            request_deserializer=workload_pb2.X509SVIDRequest.FromString,
            response_serializer=workload_pb2.X509SVIDResponse.SerializeToString,
        ),
        "FetchJWTBundles": grpc.unary_stream_rpc_method_handler(
            jwt_bundles,
            request_deserializer=workload_pb2.JWTBundlesRequest.FromString,
            response_serializer=workload_pb2.JWTBundlesResponse.SerializeToString,
        ),
    },
)
server = grpc.server(futures.ThreadPoolExecutor(max_workers=32))
server.add_generic_rpc_handlers((handlers,))
server.add_insecure_port("unix:" + SOCKET)
server.start()
print("ready", flush=True)
for line in sys.stdin:
    kind, _, life = line.strip().partition(" ")
    if kind == "quit":
        break
    with lock:
        current, serial = response(kind, int(life or "3600"))
        for stream in streams:
            stream.put(current)
    print(serial, flush=True)
server.stop(0)
