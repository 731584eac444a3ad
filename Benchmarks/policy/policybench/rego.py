"""Rego, from PyPI's `regopy`: an interpreter in C++, with the policy compiled to a bundle once."""

from __future__ import annotations

import json

from .cases import Request, caller, path
from .engine import Engine

MODULE = """package policy

default allow := false

allow if {
  some rule in data.rules
  rule.caller == input.caller
  input.method in rule.methods
  input.path in rule.paths
}
"""


class Rego(Engine):
    name = "regopy"
    remark = "the rules are data that one Rego rule walks; compiled once"

    @classmethod
    def missing(cls) -> str | None:
        try:
            import regopy  # noqa: F401
        except ImportError:
            return "regopy is not installed; run Benchmarks/policy/setup"
        return None

    def load(self, rules: int) -> None:
        import regopy

        self.interpreter = regopy.Interpreter()
        self.interpreter.add_module("policy", MODULE)
        self.interpreter.add_data(
            {
                "rules": [
                    {"caller": caller(rule), "methods": ["POST"], "paths": [path(rule)]} for rule in range(rules)
                ]
            }
        )
        self.bundle = self.interpreter.build("data.policy.allow", ["policy/allow"])

    def prepare(self, request: Request) -> object:
        return json.dumps({"caller": request.caller, "method": request.method, "path": request.path})

    def decide(self, request: object) -> bool:
        self.interpreter.set_input_term(request)
        return "true" in str(self.interpreter.query_bundle(self.bundle))
