"""Pushes and pulls with oras-py, and reads with MLflow's client, over mutual TLS through the gateway.

usage: registry_clients.py PORT SVIDS WRITER READER SOURCE TARGET

SVIDS is a folder of `lapwing identity svid fetch --write`; WRITER and READER are numbers of SVIDs in it. Prints a line
for each thing that was done, and fails at the first that was not.
"""

import os
import sys

port, svids, writer, reader, source, target = sys.argv[1:]
host = f"localhost:{port}"

# The files of this installation are to count, and no others.
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
    os.environ.pop(name, None)
both = os.path.join(svids, "both.pem")
with open(both, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
    for part in ("pem", "key"):
        with open(os.path.join(svids, f"svid.{reader}.{part}")) as piece:
            file.write(piece.read())
os.environ["MLFLOW_TRACKING_CLIENT_CERT_PATH"] = both
os.environ["MLFLOW_TRACKING_SERVER_CERT_PATH"] = os.path.join(svids, f"bundle.{reader}.pem")
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"

import mlflow
import oras.client


def oras_client(number):
    client = oras.client.OrasClient(hostname=host, tls_verify=os.path.join(svids, f"bundle.{number}.pem"))
    client.session.cert = tuple(os.path.join(svids, f"svid.{number}.{part}") for part in ("pem", "key"))
    return client


os.chdir(source)
files = sorted(os.listdir("."))
for tag, chunked in (("whole", False), ("chunked", True)):
    answer = oras_client(writer).push(
        target=f"{host}/fraud/oras:{tag}", files=files, do_chunked=chunked, chunk_size=1 << 16, quiet=True
    )
    assert answer.status_code == 201, answer.text
    print("pushed", tag)
assert oras_client(reader).get_tags(f"{host}/fraud/oras") == ["chunked", "whole"]
oras_client(reader).pull(target=f"{host}/fraud/oras:chunked", outdir=target)
for name in files:
    with open(name, "rb") as one, open(os.path.join(target, name), "rb") as other:
        assert one.read() == other.read(), name
print("pulled", len(files))

client = mlflow.MlflowClient(tracking_uri=f"https://{host}", registry_uri=f"https://{host}")
models = client.search_registered_models()
assert [model.name for model in models] == ["fraud/scorer"], models
model = client.get_registered_model("fraud/scorer")
assert model.aliases == {"v1": "1"}, model
version = client.get_model_version("fraud/scorer", "1")
assert version.status == "READY" and version.aliases == ["v1"], version
uri = client.get_model_version_download_uri("fraud/scorer", "1")
assert uri.startswith(f"oci://{host}/fraud/scorer@sha256:"), uri
assert len(client.search_model_versions("name='fraud/scorer'")) == 1
try:
    client.create_registered_model("other")
    raise SystemExit("a model was made through MLflow's API")
except mlflow.exceptions.RestException as error:
    assert error.error_code == "ENDPOINT_NOT_FOUND", error
print("read", uri.rpartition("@")[2])
