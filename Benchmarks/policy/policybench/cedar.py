"""Cedar, from PyPI's `cedarpy`: the engine is Rust, and the policies are parsed once."""

from __future__ import annotations

from .cases import Request, caller, path
from .engine import Engine


class Cedar(Engine):
    name = "cedarpy"
    remark = "policies and entities parsed once; includes the step from Python to Rust"

    @classmethod
    def missing(cls) -> str | None:
        try:
            import cedarpy  # noqa: F401
        except ImportError:
            return "cedarpy is not installed; run Benchmarks/policy/setup"
        return None

    def load(self, rules: int) -> None:
        import cedarpy

        self.cedar = cedarpy
        text = "\n".join(
            f'permit(principal == Workload::"{caller(rule)}", action == Action::"POST", resource) '
            f'when {{ context.path == "{path(rule)}" }};'
            for rule in range(rules)
        )
        self.policies = cedarpy.PolicySet.from_str(text)
        self.entities = cedarpy.Entities.from_json_str("[]")

    def prepare(self, request: Request) -> object:
        return {
            "principal": f'Workload::"{request.caller}"',
            "action": f'Action::"{request.method}"',
            "resource": 'Service::"inference"',
            "context": {"path": request.path},
        }

    def decide(self, request: object) -> bool:
        return self.cedar.is_authorized(request, self.policies, self.entities).allowed
