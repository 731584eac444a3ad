"""Asks a secret discovery service as Envoy does, with Envoy's own messages: a line of JSON in, a line of JSON out.

In:  {"names": [...]}               opens a stream and asks for these
     {"ack": true} / {"ack": false}  takes or refuses the last answer; no answer is awaited
     {"ask": [...]}                  asks for other names on the open stream
     {"next": true}                  awaits an answer
     {"fetch": [...]}                one call without a stream
Out: {"version": ..., "nonce": ..., "secrets": {name: {...}}} or {"error": CODE, "message": ...}
"""

import json
import os
import queue
import sys

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2, tls_spiffe_validator_config_pb2
from envoy.service.discovery.v3 import discovery_pb2
from envoy.service.secret.v3 import sds_pb2_grpc

TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"


def roots(data):
    return len(x509.load_pem_x509_certificates(data.inline_bytes))


def show(response):
    secrets = {}
    for resource in response.resources:
        secret = secret_pb2.Secret()
        assert resource.Unpack(secret), resource.type_url
        if secret.HasField("tls_certificate"):
            chain = x509.load_pem_x509_certificates(secret.tls_certificate.certificate_chain.inline_bytes)
            key = serialization.load_pem_private_key(secret.tls_certificate.private_key.inline_bytes, None)
            names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            secrets[secret.name] = {
                "id": names.get_values_for_type(x509.UniformResourceIdentifier)[0],
                "serial": f"{chain[0].serial_number:x}",
                "matches": key.public_key() == chain[0].public_key(),
            }
        else:
            context = secret.validation_context
            if context.HasField("custom_validator_config"):
                config = tls_spiffe_validator_config_pb2.SPIFFECertValidatorConfig()
                assert context.custom_validator_config.typed_config.Unpack(config)
                domains = {d.name: roots(d.trust_bundle) for d in config.trust_domains}
                secrets[secret.name] = {"validator": context.custom_validator_config.name, "domains": domains}
            else:
                secrets[secret.name] = {"roots": roots(context.trusted_ca)}
    return {"version": response.version_info, "nonce": response.nonce, "type": response.type_url, "secrets": secrets}


def say(value):
    print(json.dumps(value), flush=True)


def main():
    channel = grpc.insecure_channel(os.environ["SPIFFE_ENDPOINT_SOCKET"])
    stub = sds_pb2_grpc.SecretDiscoveryServiceStub(channel)
    requests = answers = None
    last = (discovery_pb2.DiscoveryResponse(), [])
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if "fetch" in command:
                say(show(stub.FetchSecrets(discovery_pb2.DiscoveryRequest(type_url=TYPE, resource_names=command["fetch"]))))
                continue
            if "names" in command:
                requests = queue.Queue()
                answers = stub.StreamSecrets(iter(requests.get, None))
                kind = command.get("type", TYPE)
                requests.put(discovery_pb2.DiscoveryRequest(type_url=kind, resource_names=command["names"]))
                last = (discovery_pb2.DiscoveryResponse(), command["names"])
            if "ack" in command or "ask" in command:
                names = command.get("ask", last[1])
                request = discovery_pb2.DiscoveryRequest(
                    type_url=TYPE,
                    resource_names=names,
                    version_info=last[0].version_info,
                    response_nonce=command.get("nonce", last[0].nonce),
                )
                if command.get("ack") is False:
                    request.error_detail.message = "a certificate that Envoy\ndoes not like"
                requests.put(request)
                last = (last[0], names)
            if "names" in command or "ask" in command or "next" in command:
                last = (next(answers), last[1])
                say(show(last[0]))
        except grpc.RpcError as error:
            say({"error": error.code().name, "message": error.details()})


main()
