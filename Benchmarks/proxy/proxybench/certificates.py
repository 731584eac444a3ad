"""The benchmark's own certificate authority, made with the openssl command: P-256 throughout, for two days."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .job import CALLER, SERVICE, TRUST_DOMAIN, WRONG_CALLER, Workload


@dataclass(frozen=True)
class Credential:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Certificates:
    """All that the benchmark presents and trusts."""

    authority: Credential
    service: Credential
    caller: Credential
    wrong_caller: Credential
    #: The right caller's SPIFFE ID, issued by an authority that nobody trusts.
    foreign_caller: Credential

    @property
    def bundle(self) -> Path:
        """The authority's certificate: what clients and proxies trust."""
        return self.authority.certificate


def openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed:\n{done.stderr}")


def make_request(directory: Path, name: str, subject: str) -> tuple[Path, Path]:
    """A key and a certificate request."""
    key, request = directory / f"{name}.key", directory / f"{name}.csr"
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(directory / f"{name}.sec1"))
    # PKCS #8, which every proxy reads.
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", str(directory / f"{name}.sec1"), "-out", str(key))
    (directory / f"{name}.sec1").unlink()
    openssl("req", "-new", "-key", str(key), "-subj", subject, "-out", str(request))
    key.chmod(0o600)
    return key, request


def make_authority(directory: Path, name: str) -> Credential:
    key, request = make_request(directory, name, f"/O={TRUST_DOMAIN}/CN={name}")
    certificate, extensions = directory / f"{name}.pem", directory / f"{name}.ext"
    extensions.write_text(
        "basicConstraints=critical,CA:true\n"
        "keyUsage=critical,keyCertSign,cRLSign\n"
        "subjectKeyIdentifier=hash\n"
        f"subjectAltName=URI:spiffe://{TRUST_DOMAIN}\n"
    )
    openssl(
        "x509", "-req", "-in", str(request), "-key", str(key), "-days", "2", "-sha256",
        "-extfile", str(extensions), "-out", str(certificate),
    )  # fmt: skip
    return Credential(certificate, key)


def make_leaf(directory: Path, name: str, authority: Credential, workload: Workload) -> Credential:
    """An X.509-SVID with the workload's SPIFFE ID, and the name by which nginx knows it."""
    key, request = make_request(directory, name, f"/CN={workload.common_name}")
    certificate, extensions = directory / f"{name}.pem", directory / f"{name}.ext"
    extensions.write_text(
        "basicConstraints=critical,CA:false\n"
        "keyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=serverAuth,clientAuth\n"
        "subjectKeyIdentifier=hash\n"
        "authorityKeyIdentifier=keyid\n"
        f"subjectAltName=URI:{workload.spiffe_id}\n"
    )
    openssl(
        "x509", "-req", "-in", str(request), "-CA", str(authority.certificate), "-CAkey", str(authority.key),
        "-CAcreateserial", "-days", "2", "-sha256", "-extfile", str(extensions), "-out", str(certificate),
    )  # fmt: skip
    return Credential(certificate, key)


def make_certificates(directory: Path) -> Certificates:
    """Makes everything anew in an empty directory."""
    directory.mkdir(parents=True)
    authority = make_authority(directory, "authority")
    foreign = make_authority(directory, "foreign-authority")
    return Certificates(
        authority=authority,
        service=make_leaf(directory, "service", authority, SERVICE),
        caller=make_leaf(directory, "caller", authority, CALLER),
        wrong_caller=make_leaf(directory, "wrong-caller", authority, WRONG_CALLER),
        foreign_caller=make_leaf(directory, "foreign-caller", foreign, CALLER),
    )
