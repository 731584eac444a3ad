"""The cases: so many rules, each of another caller and path, and requests that fit one of them or none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """One request, and what every engine has to say of it."""

    caller: str
    method: str
    path: str
    allowed: bool


def caller(number: int) -> str:
    return f"cluster.local/ns/team-{number}/sa/client"


def path(number: int) -> str:
    return f"/v1/models/{number}/predict"


def requests(rules: int, count: int) -> list[Request]:
    """Half are allowed, by rules from all over; a quarter ask for a path of nobody's, a quarter are strangers."""
    made = []
    for number in range(count):
        # A stride that meets every rule, since it shares no factor with their number.
        rule = number * 7919 % rules
        if number % 4 < 2:
            made.append(Request(caller(rule), "POST", path(rule), True))
        elif number % 4 == 2:
            made.append(Request(caller(rule), "POST", "/v1/models/none/predict", False))
        else:
            made.append(Request(caller(rules + number), "POST", path(rule), False))
    return made


def istio_yaml(rules: int) -> str:
    """The rules as AuthorizationPolicies of a hundred rules each."""
    lines: list[str] = []
    for rule in range(rules):
        if rule % 100 == 0:
            lines += [
                "---",
                "apiVersion: security.istio.io/v1",
                "kind: AuthorizationPolicy",
                f"metadata: {{ name: callers-{rule // 100}, namespace: ml-inference }}",
                "spec:",
                "  action: ALLOW",
                "  rules:",
            ]
        lines += [
            f'  - from: [{{ source: {{ principals: ["{caller(rule)}"] }} }}]',
            f'    to: [{{ operation: {{ methods: ["POST"], paths: ["{path(rule)}"] }} }}]',
        ]
    return "\n".join(lines) + "\n"


REFERENCE = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: only-api-gateway, namespace: ml-inference }
spec:
  action: ALLOW
  rules:
  - from:
    - source:
        principals: ["cluster.local/ns/ml-api/sa/api-gateway"]
    to:
    - operation:
        methods: ["POST"]
        paths: ["/v1/predict", "/v1/stream"]
"""

GATEWAY = "cluster.local/ns/ml-api/sa/api-gateway"

REFERENCE_REQUESTS = [
    Request(GATEWAY, "POST", "/v1/predict", True),
    Request(GATEWAY, "POST", "/v1/stream", True),
    Request(GATEWAY, "GET", "/v1/predict", False),
    Request(GATEWAY, "GET", "/v1/models", False),
    Request("cluster.local/ns/ml-training/sa/training-pipeline", "POST", "/v1/predict", False),
    Request("cluster.local/ns/ml-training/sa/training-pipeline", "DELETE", "/v1/models", False),
]


def write_requests(file: Path, made: list[Request]) -> Path:
    file.write_text("".join(json.dumps(vars(request)) + "\n" for request in made))
    return file
