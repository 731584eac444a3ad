#!/usr/bin/env python3
"""Lints policies of AWS with parliament, each by itself, and with cfn-lint, as parts of a CloudFormation template.

    lint_policies.py < files.json > findings.json

The files are {PATH: TEXT, …}, with paths as `lapwing data emit --to aws` writes them; a finding is one line of text.

Three things that parliament 1.6.4 says are not told:
* of trust policies anything: it takes none without a `Resource`, which trust policies do not have; cfn-lint reads them;
* that `s3:GetObjectAttributes` is about access points only: its data lacks the objects (AWS Service Authorization
  Reference, "Amazon S3", has them);
* that `s3:*` takes in actions that are about something else than the resources beside it: that is what it is for.
"""

from __future__ import annotations

import json
import sys

import parliament
from cfnlint.api import ManualArgs, lint


def linted_by_parliament(path: str, text: str) -> list[str]:
    policy = parliament.analyze_policy_string(text, filepath=path)
    statements = json.loads(text)["Statement"]
    is_all = all(statement.get("Action") == "s3:*" for statement in statements)
    findings = []
    for finding in policy.findings:
        if finding.issue == "RESOURCE_MISMATCH":
            kept = [part for part in finding.detail if part["action"] != "s3:GetObjectAttributes" and not is_all]
            if not kept:
                continue
        findings.append(f"parliament: {path}: {finding.issue} {finding.detail} {finding.location}")
    return findings


def template(files: dict[str, dict]) -> dict:
    resources: dict[str, dict] = {}

    def name(*parts: str) -> str:
        return "".join(letter for part in parts for letter in part.title() if letter.isalnum())

    for path, document in sorted(files.items()):
        kind, *rest = path.split("/")
        if kind == "roles" and rest[1] == "trust.json":
            resources[name("Role", rest[0])] = {
                "Type": "AWS::IAM::Role", "Properties": {"RoleName": rest[0], "AssumeRolePolicyDocument": document}
            }
        elif kind == "roles":
            resources[name("Policy", rest[0], rest[1])] = {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {"PolicyDocument": document, "Roles": [{"Ref": name("Role", rest[0])}]},
            }
        elif kind == "buckets" and rest[1] == "policy.json":
            resources[name("BucketPolicy", rest[0])] = {
                "Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": rest[0], "PolicyDocument": document}
            }
        elif kind == "buckets":
            resources[name("Bucket", rest[0])] = {
                "Type": "AWS::S3::Bucket",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": {"BucketName": rest[0], "PublicAccessBlockConfiguration": document},
            }
        elif kind == "endpoints":
            resources[name("Endpoint", rest[0])] = {
                "Type": "AWS::EC2::VPCEndpoint",
                "Properties": {
                    "ServiceName": "com.amazonaws.eu-west-1.s3", "VpcId": "vpc-0a1b2c3d", "PolicyDocument": document
                },
            }
        else:
            raise SystemExit(f"lint_policies: what is {path}?")
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def main() -> None:
    files: dict[str, str] = json.load(sys.stdin)
    findings: list[str] = []
    for path, text in sorted(files.items()):
        if not path.endswith(("public-access-block.json", "trust.json")):
            findings += linted_by_parliament(path, text)
    body = json.dumps(template({path: json.loads(text) for path, text in files.items()}), indent=1)
    matches = lint(body, config=ManualArgs(regions=["eu-west-1"]))
    findings += [f"cfn-lint: {match.rule.id} {match.message} at {'/'.join(map(str, match.path or []))}" for match in matches]
    json.dump(findings, sys.stdout)


if __name__ == "__main__":
    main()
