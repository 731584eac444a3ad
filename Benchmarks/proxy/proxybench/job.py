"""The job that every proxy does, in one place so that all configurations say the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TRUST_DOMAIN = "cluster.local"


@dataclass(frozen=True)
class Workload:
    """A workload of the reference scenario: its SPIFFE ID, and its subject for a proxy that cannot read URI SANs."""

    namespace: str
    service_account: str

    @property
    def spiffe_id(self) -> str:
        return f"spiffe://{TRUST_DOMAIN}/ns/{self.namespace}/sa/{self.service_account}"

    @property
    def common_name(self) -> str:
        return f"{self.service_account}.{self.namespace}"


#: The workload behind the proxy; its SVID is the server's certificate.
SERVICE = Workload("ml-inference", "inference-service")
#: The one caller that may.
CALLER = Workload("ml-api", "api-gateway")
#: A caller with a good certificate that may not.
WRONG_CALLER = Workload("ml-training", "training-pipeline")

#: The one method and the two paths that the caller may use.
METHOD = "POST"
PREDICT = "/v1/predict"
STREAM = "/v1/stream"

#: The size of a prediction's answer, as the upstream makes it.
ANSWER_BYTES = 1024


@dataclass(frozen=True)
class Upstream:
    """Where the upstream listens; `kind` says which of the two the proxies use."""

    kind: str
    socket: Path
    port: int
    events: int
