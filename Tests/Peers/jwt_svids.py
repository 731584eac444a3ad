"""py-spiffe's JWT profile against the Workload API: fetches, validates and keeps tokens, and prints what came as JSON.

The endpoint comes from SPIFFE_ENDPOINT_SOCKET. PyJWT verifies each token once more, as a reader who knows no SPIFFE.
"""

import json

import jwt
from cryptography.hazmat.primitives import serialization
from spiffe import JwtSource, JwtSvid, SpiffeId, TrustDomain, WorkloadApiClient


def failure(call):
    """The name of what a call raises, or `none`."""
    try:
        call()
        return "none"
    except Exception as error:  # noqa: BLE001  any kind is told by its name
        return type(error).__name__


def by_pyjwt(token, bundle, audience):
    """The subject, as PyJWT verifies it by the key of the bundle that the header names."""
    header = jwt.get_unverified_header(token)
    key = bundle.get_jwt_authority(header["kid"])
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    claims = jwt.decode(
        token,
        pem,
        algorithms=[header["alg"]],
        audience=audience,
        options={"require": ["exp", "iat", "sub", "aud", "jti"]},
    )
    return claims["sub"]


def main():
    domain = TrustDomain("cluster.local")
    with WorkloadApiClient() as client:
        svid = client.fetch_jwt_svid(audience={"shop"})
        other = client.fetch_jwt_svid(
            audience={"shop"}, subject=SpiffeId("spiffe://cluster.local/b")
        )
        every = client.fetch_jwt_svids(audience={"shop", "bank"})
        bundles = client.fetch_jwt_bundles()
        bundle = bundles.get_bundle_for_trust_domain(domain)
        validated = client.validate_jwt_svid(svid.token, "shop")
        local = JwtSvid.parse_and_validate(svid.token, bundle, {"shop"})
        found = {
            "default": str(svid.spiffe_id),
            "subject": str(other.spiffe_id),
            "svids": sorted(str(each.spiffe_id) for each in every),
            "audience": sorted(svid.audience),
            "keys": len(bundle.jwt_authorities),
            "validated": str(validated.spiffe_id),
            "local": str(local.spiffe_id),
            "pyjwt": by_pyjwt(svid.token, bundle, "shop"),
            "header": jwt.get_unverified_header(svid.token),
            "wrong_audience": failure(lambda: client.validate_jwt_svid(svid.token, "bank")),
            "tampered": failure(lambda: client.validate_jwt_svid(svid.token[:-8] + "AAAAAAAA", "shop")),
            "no_audience": failure(lambda: client.fetch_jwt_svid(audience=set())),
            "not_entitled": failure(
                lambda: client.fetch_jwt_svid(
                    audience={"shop"}, subject=SpiffeId("spiffe://cluster.local/other")
                )
            ),
        }
    with JwtSource(timeout_in_seconds=20) as source:
        found["source"] = str(source.fetch_svid(audience={"shop"}).spiffe_id)
        found["source_keys"] = len(source.get_bundle_for_trust_domain(domain).jwt_authorities)
    print(json.dumps(found))


main()
