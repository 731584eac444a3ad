#!/usr/bin/env python3
"""Asks an SMT solver what one IAM policy allows and another does not: cvc5, or z3 with --solver z3.

    compare_policies.py [--solver cvc5|z3] [--milliseconds 5000] < pairs.jsonl > verdicts.jsonl

Each line is {"id": N, "new": POLICY, "old": POLICY, "actions": ["s3:getobject", …]}: is there a request with one of these
actions, on a resource of S3's, that `new` allows and `old` does not? Each answer is {"id": N, "verdict": "more" | "no
more" | "unknown", "seconds": S, "request": …}. It knows the operators that its users draw, and stops at any other. It was
written from AWS's documentation, and not from Lapwing's evaluator.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import sys
import time


class Model:
    """One request: an action, a resource, and for each key whether it is there, and its value."""

    def __init__(self, api) -> None:
        self.api = api
        self.action = api.string("action")
        self.resource = api.string("resource")
        self.keys: dict[str, tuple] = {}
        self.rules: list = []

    def key(self, name: str, kind: str):
        name = name.lower()
        if name not in self.keys:
            value = {"string": self.api.string, "number": self.api.number, "address": self.api.bits}[kind](name)
            version = self.api.boolean(name + " is v4")
            self.keys[name] = (self.api.boolean(name + " is there"), value, version)
            if name == "aws:securetransport":
                self.rules.append(self.api.either([self.api.equal(value, "true"), self.api.equal(value, "false")]))
        return self.keys[name]

    # Patterns.

    def pieces(self, text: str, star, one) -> list:
        found, literal = [], ""
        for letter in text:
            if letter in "*?":
                if literal:
                    found.append(self.api.literal(literal))
                literal = ""
                found.append(star if letter == "*" else one)
            else:
                literal += letter
        return found + ([self.api.literal(literal)] if literal else [])

    def glob(self, text: str):
        return self.api.sequence(self.pieces(text, self.api.anything(), self.api.any_letter()))

    def arn(self, text: str):
        """A wildcard of the first five parts goes over no colon (IAM User Guide, policy elements, Resource)."""
        if set(text) == {"*"}:
            return self.api.anything()
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            raise SystemExit(f"compare_policies: an ARN of six parts is expected, and not {text!r}")
        expression: list = []
        for part in parts[:5]:
            expression += self.pieces(part, self.api.no_colons(), self.api.no_colon()) + [self.api.literal(":")]
        return self.api.sequence(expression + [self.glob(parts[5])])

    # Statements.

    def holds(self, operation: str, name: str, values: list[str]):
        api = self.api
        if operation == "Null":
            there = self.key(name, "string" if name.lower() not in KINDS else KINDS[name.lower()])[0]
            return api.either([api.negated(there) if value == "true" else there for value in values])
        plain = operation.removesuffix("IfExists")
        kind = {"Numeric": "number", "IpAddre": "address", "NotIpAd": "address"}.get(plain[:7], "string")
        there, value, is_v4 = self.key(name, kind)
        negated = "Not" in plain
        if plain in ("StringEquals", "StringNotEquals", "Bool"):
            fits = [api.equal(value, text) for text in values]
        elif plain in ("StringLike", "StringNotLike"):
            fits = [api.matches(value, self.glob(text)) for text in values]
        elif plain.startswith("Numeric"):
            how = plain.removeprefix("Numeric").replace("Not", "")
            fits = [api.compare(how, value, int(text)) for text in values]
        elif plain in ("IpAddress", "NotIpAddress"):
            fits = []
            for text in values:
                block = ipaddress.ip_network(text)
                fits.append(api.both([is_v4, api.within(value, int(block[0]), int(block[-1]))]))
        else:
            raise SystemExit(f"compare_policies: `{operation}` is not known here")
        fitting = api.either(fits)
        if negated:
            return api.either([api.negated(there), api.negated(fitting)])
        if operation != plain:
            return api.either([api.negated(there), fitting])
        return api.both([there, fitting])

    def statement(self, statement: dict):
        api, parts = self.api, []
        for name, subject, pattern in (
            ("Action", self.action, lambda text: self.glob(text.lower())), ("Resource", self.resource, self.arn)
        ):
            for written in (name, "Not" + name):
                if written in statement:
                    values = statement[written]
                    values = values if isinstance(values, list) else [values]
                    fits = api.either([api.matches(subject, pattern(text)) for text in values])
                    parts.append(fits if written == name else api.negated(fits))
        for operation, keys in statement.get("Condition", {}).items():
            for name, values in keys.items():
                parts.append(self.holds(operation, name, values if isinstance(values, list) else [values]))
        return api.both(parts)

    def allowed(self, policy: dict):
        statements = policy["Statement"]
        by_effect = {
            effect: [self.statement(s) for s in statements if s["Effect"] == effect] for effect in ("Allow", "Deny")
        }
        return self.api.both([self.api.either(by_effect["Allow"]), self.api.negated(self.api.either(by_effect["Deny"]))])


KINDS = {"aws:sourceip": "address", "s3:max-keys": "number"}


class CVC5:
    def __init__(self, milliseconds: int) -> None:
        import cvc5
        from cvc5 import Kind

        self.kind = Kind
        self.manager = cvc5.TermManager()
        self.solver = cvc5.Solver(self.manager)
        self.solver.setLogic("ALL")
        self.solver.setOption("produce-models", "true")
        self.solver.setOption("strings-exp", "true")
        self.solver.setOption("tlimit-per", str(milliseconds))

    def term(self, kind, *arguments):
        return self.manager.mkTerm(kind, *arguments)

    def string(self, name):
        return self.manager.mkConst(self.manager.getStringSort(), name)

    def number(self, name):
        return self.manager.mkConst(self.manager.getIntegerSort(), name)

    def bits(self, name):
        return self.manager.mkConst(self.manager.mkBitVectorSort(32), name)

    def boolean(self, name):
        return self.manager.mkConst(self.manager.getBooleanSort(), name)

    def _many(self, kind, terms, empty):
        return self.manager.mkBoolean(empty) if not terms else terms[0] if len(terms) == 1 else self.term(kind, *terms)

    def either(self, terms):
        return self._many(self.kind.OR, terms, False)

    def both(self, terms):
        return self._many(self.kind.AND, terms, True)

    def negated(self, term):
        return self.term(self.kind.NOT, term)

    def equal(self, value, text):
        return self.term(self.kind.EQUAL, value, self.manager.mkString(text))

    def matches(self, value, expression):
        return self.term(self.kind.STRING_IN_REGEXP, value, expression)

    def compare(self, how, value, number):
        kinds = {
            "Equals": self.kind.EQUAL, "LessThan": self.kind.LT, "LessThanEquals": self.kind.LEQ,
            "GreaterThan": self.kind.GT, "GreaterThanEquals": self.kind.GEQ,
        }
        return self.term(kinds[how], value, self.manager.mkInteger(number))

    def within(self, value, low, high):
        bits = lambda number: self.manager.mkBitVector(32, number)
        return self.both([
            self.term(self.kind.BITVECTOR_UGE, value, bits(low)), self.term(self.kind.BITVECTOR_ULE, value, bits(high))
        ])

    def literal(self, text):
        return self.term(self.kind.STRING_TO_REGEXP, self.manager.mkString(text))

    def any_letter(self):
        return self.term(self.kind.REGEXP_ALLCHAR)

    def anything(self):
        return self.term(self.kind.REGEXP_ALL)

    def no_colon(self):
        return self.term(self.kind.REGEXP_DIFF, self.any_letter(), self.literal(":"))

    def no_colons(self):
        return self.term(self.kind.REGEXP_STAR, self.no_colon())

    def sequence(self, expressions):
        if not expressions:
            return self.literal("")
        return expressions[0] if len(expressions) == 1 else self.term(self.kind.REGEXP_CONCAT, *expressions)

    def solve(self, formulas, shown):
        for formula in formulas:
            self.solver.assertFormula(formula)
        result = self.solver.checkSat()
        if result.isUnsat():
            return "no more", None
        if not result.isSat():
            return "unknown", None
        return "more", {name: str(self.solver.getValue(term)) for name, term in shown.items()}


class Z3:
    def __init__(self, milliseconds: int) -> None:
        import z3

        self.z3 = z3
        # A context of its own, so that what was asked before costs nothing.
        self.context = z3.Context()
        self.solver = z3.Solver(ctx=self.context)
        self.solver.set("timeout", milliseconds)
        self.sort = z3.ReSort(z3.StringSort(self.context))

    def string(self, name):
        return self.z3.String(name, self.context)

    def number(self, name):
        return self.z3.Int(name, self.context)

    def bits(self, name):
        return self.z3.BitVec(name, 32, self.context)

    def boolean(self, name):
        return self.z3.Bool(name, self.context)

    def either(self, terms):
        return self.z3.Or(*terms) if terms else self.z3.BoolVal(False, self.context)

    def both(self, terms):
        return self.z3.And(*terms) if terms else self.z3.BoolVal(True, self.context)

    def negated(self, term):
        return self.z3.Not(term)

    def equal(self, value, text):
        return value == self.z3.StringVal(text, self.context)

    def matches(self, value, expression):
        return self.z3.InRe(value, expression)

    def compare(self, how, value, number):
        import operator

        name = {"Equals": "eq", "LessThan": "lt", "LessThanEquals": "le", "GreaterThan": "gt"}
        return getattr(operator, name.get(how, "ge"))(value, number)

    def within(self, value, low, high):
        return self.z3.And(self.z3.UGE(value, low), self.z3.ULE(value, high))

    def literal(self, text):
        return self.z3.Re(self.z3.StringVal(text, self.context))

    def any_letter(self):
        return self.z3.AllChar(self.sort)

    def anything(self):
        return self.z3.Full(self.sort)

    def no_colon(self):
        return self.z3.Diff(self.any_letter(), self.literal(":"))

    def no_colons(self):
        return self.z3.Star(self.no_colon())

    def sequence(self, expressions):
        if not expressions:
            return self.literal("")
        return expressions[0] if len(expressions) == 1 else self.z3.Concat(*expressions)

    def solve(self, formulas, shown):
        self.solver.add(*formulas)
        result = self.solver.check()
        if result == self.z3.unsat:
            return "no more", None
        if result != self.z3.sat:
            return "unknown", None
        model = self.solver.model()
        return "more", {name: str(model.eval(term)) for name, term in shown.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--solver", choices=["cvc5", "z3"], default="cvc5")
    parser.add_argument("--milliseconds", type=int, default=5000)
    arguments = parser.parse_args()
    for line in sys.stdin:
        pair = json.loads(line)
        start = time.process_time()
        api = CVC5(arguments.milliseconds) if arguments.solver == "cvc5" else Z3(arguments.milliseconds)
        model = Model(api)
        formulas = [
            model.allowed(pair["new"]), api.negated(model.allowed(pair["old"])),
            api.either([api.equal(model.action, action) for action in pair["actions"]]),
            api.matches(model.resource, model.arn(pair.get("area", "arn:aws:s3:::*"))),
        ]
        verdict, request = api.solve(formulas + model.rules, {"action": model.action, "resource": model.resource})
        answer = {"id": pair["id"], "verdict": verdict, "seconds": time.process_time() - start, "request": request}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
