"""An AWS account (moto) into which generated policies are put with boto3, and what the AWS CLI would export of it.

Standard input: JSON with `files` (the policies that Lapwing wrote, by path) and `seed`. Standard output: JSON, a list of
`{name, files, expected}`: the export after each drift, and the differences that have to be found, `[kind, object]`; the
first is the account as it was applied. Each drift is undone before the next.
"""

from __future__ import annotations

import json
import os
import random
import sys

os.environ.update(
    AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION="eu-west-1",
    MOTO_ACCOUNT_ID="123456789012",
)

import boto3  # noqa: E402
import botocore.exceptions  # noqa: E402
from moto import mock_aws  # noqa: E402
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator  # noqa: E402

# It knows fewer actions than IAM: EKS Pod Identity wants `sts:TagSession` beside `sts:AssumeRole`.
IAMTrustPolicyDocumentValidator._validate_trust_policy_action = staticmethod(lambda action: None)

REGION = "eu-west-1"


class Account:
    def __init__(self) -> None:
        self.iam = boto3.client("iam")
        self.s3 = boto3.client("s3", region_name=REGION)
        self.ec2 = boto3.client("ec2", region_name=REGION)
        self.managed: dict[str, str] = {}
        self.endpoint = ""

    # What is applied.

    def apply(self, files: dict[str, str]) -> None:
        for path, text in sorted(files.items()):
            parts = path.split("/")
            if parts[0] == "roles" and parts[2] == "trust.json":
                self.iam.create_role(RoleName=parts[1], AssumeRolePolicyDocument=text)
        for path, text in sorted(files.items()):
            parts = path.split("/")
            if parts[0] == "roles" and parts[2].startswith("policy"):
                self.attach(parts[1], f"{parts[1]}-{parts[2].removesuffix('.json')}", text)
            elif parts[0] == "buckets":
                self.bucket(parts[1])
                if parts[2] == "policy.json":
                    self.s3.put_bucket_policy(Bucket=parts[1], Policy=text)
                else:
                    self.s3.put_public_access_block(
                        Bucket=parts[1], PublicAccessBlockConfiguration=json.loads(text)
                    )
            elif parts[0] == "endpoints":
                vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
                made = self.ec2.create_vpc_endpoint(
                    VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", PolicyDocument=text
                )
                self.endpoint = made["VpcEndpoint"]["VpcEndpointId"]

    def attach(self, role: str, name: str, text: str) -> None:
        arn = self.iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"]
        self.managed[name] = arn
        self.iam.attach_role_policy(RoleName=role, PolicyArn=arn)

    def bucket(self, name: str) -> None:
        try:
            self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise

    # What is exported.

    def export(self) -> dict[str, str]:
        details: dict = {"RoleDetailList": [], "Policies": []}
        for page in self.iam.get_paginator("get_account_authorization_details").paginate():
            for key, found in details.items():
                found.extend(page[key])
        files = {"account.json": dump(details)}
        for bucket in self.s3.list_buckets()["Buckets"]:
            name = bucket["Name"]
            try:
                policy = self.s3.get_bucket_policy(Bucket=name)
                files[f"buckets/{name}/policy.json"] = dump({"Policy": policy["Policy"]})
            except botocore.exceptions.ClientError:
                files[f"buckets/{name}/policy.json"] = dump({"Statement": []})
            try:
                block = self.s3.get_public_access_block(Bucket=name)
                files[f"buckets/{name}/public-access-block.json"] = dump(
                    {"PublicAccessBlockConfiguration": block["PublicAccessBlockConfiguration"]}
                )
            except botocore.exceptions.ClientError:
                files[f"buckets/{name}/public-access-block.json"] = "{}"
        files["vpc-endpoints.json"] = dump({"VpcEndpoints": self.ec2.describe_vpc_endpoints()["VpcEndpoints"]})
        return files

    # What is changed and changed back.

    def new_version(self, name: str, text: str) -> None:
        arn = self.managed[name]
        versions = self.iam.list_policy_versions(PolicyArn=arn)["Versions"]
        for version in versions:
            if not version["IsDefaultVersion"]:
                self.iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)


def dump(value: object) -> str:
    return json.dumps(value, default=str)


def changed(text: str, change) -> str:
    document = json.loads(text)
    change(document["Statement"])
    return json.dumps(document)


def statement(**elements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [elements]})


def drifts(account: Account, files: dict[str, str], chance: random.Random):
    """Each drift: its name, what does it, what undoes it, and what has to be found."""
    policies = sorted(path for path in files if path.startswith("roles/") and "/policy-" in path)
    buckets = sorted(path for path in files if path.startswith("buckets/") and path.endswith("/policy.json"))
    trusts = sorted(path for path in files if path.endswith("/trust.json"))
    endpoint = files["endpoints/s3.json"]
    iam, s3 = account.iam, account.s3

    def role_policy(name: str, kind: str, change, only=lambda statements: True):
        path = chance.choice([path for path in policies if only(json.loads(files[path])["Statement"])])
        role = path.split("/")[1]
        policy = f"{role}-{path.split('/')[2].removesuffix('.json')}"
        text = changed(files[path], change)
        kinds = {"both": ["less", "more"], "same": []}.get(kind, [kind])
        return (
            name, lambda: account.new_version(policy, text), lambda: account.new_version(policy, files[path]),
            [[each, f"role {role}"] for each in kinds],
        )

    def inline(name: str, text: str, expected: bool = True):
        role = chance.choice(policies).split("/")[1]
        return (
            name, lambda: iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=text),
            lambda: iam.delete_role_policy(RoleName=role, PolicyName="inline"),
            [["more", f"role {role}"]] if expected else [],
        )

    def bucket_policy(name: str, kind: str, change, only=None):
        path = chance.choice([path for path in buckets if only is None or only(json.loads(files[path])["Statement"])])
        bucket = path.split("/")[1]
        text = changed(files[path], change)
        kinds = {"both": ["less", "more"], "same": []}.get(kind, [kind])
        return (
            name, lambda: s3.put_bucket_policy(Bucket=bucket, Policy=text),
            lambda: s3.put_bucket_policy(Bucket=bucket, Policy=files[path]),
            [[each, f"bucket {bucket}"] for each in kinds],
        )

    def trust(name: str, kind: str, change):
        path = chance.choice([path for path in trusts if '"Condition"' in files[path]])
        role = path.split("/")[1]
        text = changed(files[path], change)
        kinds = {"both": ["less", "more"], "same": []}.get(kind, [kind])
        return (
            name, lambda: iam.update_assume_role_policy(RoleName=role, PolicyDocument=text),
            lambda: iam.update_assume_role_policy(RoleName=role, PolicyDocument=files[path]),
            [[each, f"role {role}"] for each in kinds],
        )

    def endpoint_policy(name: str, kind: str, change):
        text = changed(endpoint, change)
        return (
            name,
            lambda: account.ec2.modify_vpc_endpoint(VpcEndpointId=account.endpoint, PolicyDocument=text),
            lambda: account.ec2.modify_vpc_endpoint(VpcEndpointId=account.endpoint, PolicyDocument=endpoint),
            [[kind, f"endpoint {account.endpoint}"]] if kind != "same" else [],
        )

    def open_block(setting: str):
        bucket = chance.choice(buckets).split("/")[1]
        whole = {
            key: True for key in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        }
        put = s3.put_public_access_block
        return (
            f"{setting} is off",
            lambda: put(Bucket=bucket, PublicAccessBlockConfiguration=whole | {setting: False}),
            lambda: put(Bucket=bucket, PublicAccessBlockConfiguration=whole), [["less", f"bucket {bucket}"]],
        )

    def first_allow(statements: list) -> dict:
        return next(each for each in statements if each["Effect"] == "Allow")

    def listed(value: object) -> list:
        return value if isinstance(value, list) else [value]

    def set_each(key: str, value: object):
        return lambda statements: first_allow(statements).update({key: value})

    def drop_condition(statements: list) -> None:
        first_allow(statements).pop("Condition")

    def drop_operator(operator: str):
        return lambda statements: first_allow(statements)["Condition"].pop(operator)

    def has_several(statements: list) -> bool:
        return any(len(listed(each["Action"])) > 1 for each in statements)

    def drop_action(statements: list) -> None:
        allow = next(each for each in statements if len(listed(each["Action"])) > 1)
        allow["Action"] = listed(allow["Action"])[1:]

    def split(statements: list) -> None:
        """The same, in other words: each action of its own, backwards, and case that does not matter."""
        whole = [dict(each) for each in statements]
        statements.clear()
        for each in reversed(whole):
            for index, action in enumerate(reversed(listed(each["Action"]))):
                other = dict(each)
                other["Action"] = action.replace("Get", "GET") if each["Effect"] == "Allow" else [action]
                if "Sid" in each:
                    other["Sid"] = f"{each['Sid']}x{index}"
                statements.append(other)

    def is_denying(sid: str):
        return lambda statements: any(each.get("Sid", "").startswith(sid) for each in statements)

    def without(sid: str):
        def change(statements: list) -> None:
            statements.remove(next(each for each in statements if each.get("Sid", "").startswith(sid)))

        return change

    def let_in(role: str):
        def change(statements: list) -> None:
            denial = next(each for each in statements if each.get("Sid", "").startswith("ReadersOnly"))
            names = denial["Condition"]["ArnNotEquals"]
            names["aws:PrincipalArn"] = listed(names["aws:PrincipalArn"]) + [role]

        return change

    def shut_out(statements: list) -> None:
        denial = next(each for each in statements if each.get("Sid", "").startswith("ReadersOnly"))
        denial.pop("Condition", None)

    everybody = "arn:aws:iam::123456789012:role/somebody-else"
    yield role_policy("a role's policy in other words", "same", split)
    yield role_policy("a wildcard for a resource", "more", set_each("Resource", "*"))
    yield role_policy("every action", "more", set_each("Action", "s3:*"))
    yield role_policy("no condition", "more", drop_condition)
    yield role_policy("no TLS", "more", drop_operator("Bool"))
    yield role_policy("other accounts", "more", drop_operator("StringEquals"))
    yield role_policy("an action less", "less", drop_action, has_several)
    yield role_policy("a statement less", "less", lambda statements: statements.pop(0))
    yield role_policy("another bucket", "both", set_each("Resource", "arn:aws:s3:::elsewhere/*"))
    yield role_policy(
        "a Deny more", "more",
        lambda s: s.append({"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*"}),
    )
    yield role_policy(
        "a Deny of what is not allowed", "same",
        lambda s: s.append({"Effect": "Deny", "Action": "iam:*", "Resource": "*"}),
    )
    yield inline("an inline policy", statement(Effect="Allow", Action="s3:GetObject", Resource="arn:aws:s3:::x/*"))
    yield inline("another service", statement(Effect="Allow", Action="dynamodb:*", Resource="*"))
    yield inline("may assume", statement(Effect="Allow", Action="sts:AssumeRole", Resource="*"))
    yield inline("everything but", statement(Effect="Allow", NotAction="iam:*", Resource="*"))
    yield inline("a policy for nothing", statement(
        Effect="Allow", Action="s3:GetObject", Resource="*",
        Condition={"StringEquals": {"aws:PrincipalAccount": "999999999999"}},
    ), False)

    detached = chance.choice(policies)
    detached_role = detached.split("/")[1]
    detached_arn = account.managed[f"{detached_role}-{detached.split('/')[2].removesuffix('.json')}"]
    yield (
        "a policy is detached",
        lambda: iam.detach_role_policy(RoleName=detached_role, PolicyArn=detached_arn),
        lambda: iam.attach_role_policy(RoleName=detached_role, PolicyArn=detached_arn),
        [["less", f"role {detached_role}"]],
    )
    boundary = iam.create_policy(
        PolicyName="boundary", PolicyDocument=statement(Effect="Allow", Action="ec2:*", Resource="*")
    )["Policy"]["Arn"]
    yield (
        "a boundary",
        lambda: iam.put_role_permissions_boundary(RoleName=detached_role, PermissionsBoundary=boundary),
        lambda: iam.delete_role_permissions_boundary(RoleName=detached_role),
        [["less", f"role {detached_role}"]],
    )
    wide = iam.create_policy(
        PolicyName="wide", PolicyDocument=statement(Effect="Allow", Action="*", Resource="*")
    )["Policy"]["Arn"]
    yield (
        "a boundary that takes nothing",
        lambda: iam.put_role_permissions_boundary(RoleName=detached_role, PermissionsBoundary=wide),
        lambda: iam.delete_role_permissions_boundary(RoleName=detached_role), [],
    )

    def stranger(name: str, text: str, expected: list):
        def make() -> None:
            iam.create_role(
                RoleName="stranger",
                AssumeRolePolicyDocument=statement(
                    Effect="Allow", Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole"
                ),
            )
            iam.put_role_policy(RoleName="stranger", PolicyName="inline", PolicyDocument=text)

        def undo() -> None:
            iam.delete_role_policy(RoleName="stranger", PolicyName="inline")
            iam.delete_role(RoleName="stranger")

        return name, make, undo, expected

    named = chance.choice(buckets).split("/")[1]
    yield stranger(
        "a role that names a bucket",
        statement(Effect="Allow", Action="s3:GetObject", Resource=f"arn:aws:s3:::{named}/*"), [["more", "role stranger"]],
    )
    yield stranger("a role of others", statement(Effect="Allow", Action="ec2:*", Resource="*"), [])

    yield trust("a trust policy in other words", "same", lambda s: s[0].update(Sid="Other"))
    yield trust("an account is trusted", "more", lambda s: s.append(
        {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    ))
    yield trust("everybody is trusted", "more", lambda s: s.append(
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    ))
    yield trust("a service is trusted", "more", lambda s: s.append(
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ))
    yield trust("any pod is trusted", "more", lambda s: s[0].pop("Condition"))
    yield trust("another service is trusted", "both", lambda s: s[0].update(
        Principal={"Service": "none.amazonaws.com"}, Action="sts:AssumeRole"
    ))
    yield trust("nobody is trusted", "more", lambda s: s.append(
        {"Effect": "Deny", "Principal": "*", "Action": "sts:*"}
    ))

    yield bucket_policy("a bucket's policy in other words", "same", split)
    yield bucket_policy("plain text", "less", without("OverTLSOnly"))
    yield bucket_policy("readers are not told apart", "less", without("ReadersOnly"), is_denying("ReadersOnly"))
    yield bucket_policy("another reader", "less", let_in(everybody), is_denying("ReadersOnly"))
    yield bucket_policy("no reader", "more", shut_out, lambda statements: any(
        each.get("Sid", "").startswith("ReadersOnly") and "Condition" in each for each in statements
    ))
    yield bucket_policy("writers are not told apart", "less", without("WritersOnly"), is_denying("WritersOnly"))

    def arn(statements: list) -> str:
        return listed(statements[0]["Resource"])[0]

    def let_all(principal: object, **more: object):
        return lambda statements: statements.append({
            "Effect": "Allow", "Principal": principal, "Action": "s3:GetBucketPolicy", "Resource": arn(statements), **more
        })

    yield bucket_policy("everybody may see the policy", "more", let_all("*"))
    yield bucket_policy("another account may", "more", let_all({"AWS": "arn:aws:iam::999999999999:root"}))
    yield bucket_policy("a service may", "more", let_all({"Service": "logging.s3.amazonaws.com"}))
    yield bucket_policy(
        "an Allow that a Deny takes away", "same",
        let_all("*", Condition={"Bool": {"aws:SecureTransport": "false"}}),
    )
    lost = chance.choice(buckets)
    lost_bucket = lost.split("/")[1]
    yield (
        "a bucket without a policy", lambda: s3.delete_bucket_policy(Bucket=lost_bucket),
        lambda: s3.put_bucket_policy(Bucket=lost_bucket, Policy=files[lost]), [["less", f"bucket {lost_bucket}"]],
    )
    yield (
        "a bucket of others", lambda: account.bucket("of-others"), lambda: s3.delete_bucket(Bucket="of-others"), []
    )
    for setting in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"):
        yield open_block(setting)
    yield (
        "no Block Public Access", lambda: s3.delete_public_access_block(Bucket=lost_bucket),
        lambda: s3.put_public_access_block(
            Bucket=lost_bucket,
            PublicAccessBlockConfiguration=json.loads(files[f"buckets/{lost_bucket}/public-access-block.json"]),
        ),
        [["less", f"bucket {lost_bucket}"]],
    )
    yield endpoint_policy("an endpoint to everywhere", "more", lambda s: s.append(
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    ))
    yield endpoint_policy("an endpoint in other words", "same", lambda s: s.append(dict(s[0], Sid="Again")))
    yield endpoint_policy("an endpoint to other accounts", "more", lambda s: s[0].pop("Condition"))
    yield endpoint_policy("an endpoint to fewer", "less", lambda s: s[0].update(Resource=listed(s[0]["Resource"])[2:]))


@mock_aws
def main() -> None:
    question = json.load(sys.stdin)
    files = question["files"]
    account = Account()
    account.apply(files)
    results = [{"name": "as applied", "files": account.export(), "expected": []}]
    for name, make, undo, expected in drifts(account, files, random.Random(question["seed"])):
        make()
        results.append({"name": name, "files": account.export(), "expected": expected})
        undo()
    results.append({"name": "undone", "files": account.export(), "expected": []})
    json.dump(results, sys.stdout)


main()
