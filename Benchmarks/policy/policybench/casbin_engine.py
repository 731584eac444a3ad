"""Casbin, from PyPI's `casbin`: an access control list of caller, method and path, in Python."""

from __future__ import annotations

from .cases import Request, caller, path
from .engine import Engine

MODEL = """
[request_definition]
r = sub, act, obj
[policy_definition]
p = sub, act, obj
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.act == p.act && r.obj == p.obj
"""


class Casbin(Engine):
    name = "casbin"
    remark = "in Python"

    @classmethod
    def missing(cls) -> str | None:
        try:
            import casbin  # noqa: F401
        except ImportError:
            return "casbin is not installed; run Benchmarks/policy/setup"
        return None

    def load(self, rules: int) -> None:
        import casbin

        model = casbin.Model()
        model.load_model_from_text(MODEL)
        self.enforcer = casbin.Enforcer(model)
        self.enforcer.add_policies([[caller(rule), "POST", path(rule)] for rule in range(rules)])

    def prepare(self, request: Request) -> object:
        return (request.caller, request.method, request.path)

    def decide(self, request: object) -> bool:
        return self.enforcer.enforce(*request)
