#!/usr/bin/env python3
"""Judges resources as Kubernetes and Istio would: shapes by Kubernetes' own schemas (kubernetes-validate) and by Istio's
CustomResourceDefinitions, admission rules by running them (cel-python).

    kubernetes_resources.py [ISTIO_CRDS] < question.json > answer.json

The question is {"resources": [YAML, …], "pods": [{"namespace": NAME, "pod": POD}, …]}. The answer has `problems`, what is wrong
with resources; `kinds`, how many of each were judged; and `denials`, for each pod the messages of the rules that refuse it.
"""

import collections
import json
import sys

import celpy
import kubernetes_validate
import yaml
from celpy.celtypes import ListType, MapType, StringType
from jsonschema import Draft202012Validator

VERSION = "1.32"
# libyaml, where PyYAML was built with it: the definitions are a megabyte.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
question = json.load(sys.stdin)
resources = [part for text in question["resources"] for part in yaml.load_all(text, Loader=LOADER) if part]
problems, kinds = [], collections.Counter()


def strict(schema):
    """The schema, in which nothing may stand that it does not name."""
    if isinstance(schema, dict):
        inner = {key: strict(value) for key, value in schema.items()}
        if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
            inner["additionalProperties"] = False
        return inner
    return [strict(value) for value in schema] if isinstance(schema, list) else schema


definitions = {}
if len(sys.argv) > 1:
    with open(sys.argv[1]) as file:
        for definition in yaml.load_all(file, Loader=LOADER):
            if definition:
                for version in definition["spec"]["versions"]:
                    name = (definition["spec"]["group"] + "/" + version["name"], definition["spec"]["names"]["kind"])
                    definitions[name] = version["schema"]["openAPIV3Schema"]["properties"].get("spec", {})

for resource in resources:
    kind = resource["kind"]
    name = f"{kind} {resource['metadata'].get('namespace', '')}/{resource['metadata']['name']}"
    if "istio.io" in resource["apiVersion"]:
        schema = definitions.get((resource["apiVersion"], kind))
        if schema is None:
            if definitions:
                problems.append(f"{name}: Istio has no such kind")
            continue
        for error in Draft202012Validator(strict(schema)).iter_errors(resource.get("spec", {})):
            problems.append(f"{name}: {error.json_path}: {error.message[:200]}")
    else:
        try:
            kubernetes_validate.validate(resource, VERSION, strict=True)
        except Exception as error:
            problems.append(f"{name}: {error}"[:300])
    kinds[kind] += 1


def split(text, separator):
    """What Kubernetes has beside the standard's functions."""
    return ListType([StringType(part) for part in str(text).split(str(separator))])


environment = celpy.Environment()
programs = {}


def evaluate(expression, activation):
    if expression not in programs:
        programs[expression] = environment.program(environment.compile(expression), functions={"split": split})
    return programs[expression].evaluate(activation)


def selects(policy, namespace):
    selector = policy["spec"]["matchConstraints"].get("namespaceSelector", {})
    return all(
        namespace in term["values"]
        for term in selector.get("matchExpressions", [])
        if term["key"] == "kubernetes.io/metadata.name" and term["operator"] == "In"
    )


bound = {r["spec"]["policyName"] for r in resources if r["kind"] == "ValidatingAdmissionPolicyBinding"}
policies = [r for r in resources if r["kind"] == "ValidatingAdmissionPolicy" and r["metadata"]["name"] in bound]
denials = []
for case in question["pods"]:
    messages = []
    for policy in policies:
        if not selects(policy, case["namespace"]):
            continue
        activation = {"object": celpy.json_to_cel(case["pod"]), "variables": MapType({})}
        for variable in policy["spec"]["variables"]:
            activation["variables"][StringType(variable["name"])] = evaluate(variable["expression"], activation)
        for rule in policy["spec"]["validations"]:
            try:
                holds = bool(evaluate(rule["expression"], activation))
            except celpy.CELEvalError as error:
                # What cannot be decided is refused: failurePolicy is Fail.
                holds, rule = False, {"message": f"error: {error}"}
            if not holds:
                messages.append(rule["message"])
    denials.append(messages)
json.dump({"problems": problems, "kinds": dict(kinds), "denials": denials}, sys.stdout)
