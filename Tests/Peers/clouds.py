"""Clouds of the tests' own, which really verify, and the SDKs that talk to them.

    clouds.py serve DISCOVERY KEYS      an STS of AWS and an RFC 8693 exchange of Google's kind, on one port of loopback;
                                        the files are what `lapwing identity oidc export` wrote. Prints the port, then a
                                        line of JSON for each request that it was asked.
    clouds.py irsa URL                  boto3 by AWS_WEB_IDENTITY_TOKEN_FILE; prints what it got, each time a line comes
    clouds.py pod URL                   boto3 by AWS_CONTAINER_CREDENTIALS_FULL_URI
    clouds.py google FILE URL           google-auth by an external_account file, with the exchange at URL

Tokens are verified by PyJWT, which knows nothing of SPIFFE.
"""

import datetime
import json
import os
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt

ROLE_SUBJECTS = {
    "arn:aws:iam::123456789012:role/training": "spiffe://cluster.local/ns/ml-inference/sa/inference-service",
}


class Cloud:
    """Verifies tokens by the published documents alone."""

    def __init__(self, discovery, keys):
        self.discovery_file = discovery
        self.keys_file = keys
        self.issued = 0

    @property
    def discovery(self):
        """Read each time, as a cloud reads what is published: the files may come later than this server."""
        return json.loads(Path(self.discovery_file).read_text())

    def verify(self, token, audience):
        header = jwt.get_unverified_header(token)
        keys = jwt.PyJWKSet.from_dict(json.loads(Path(self.keys_file).read_text()))
        return jwt.decode(
            token,
            keys[header["kid"]],
            algorithms=self.discovery["id_token_signing_alg_values_supported"],
            audience=audience,
            issuer=self.discovery["issuer"],
            options={"require": ["iss", "aud", "sub", "iat", "exp"]},
        )


class Refused(Exception):
    """What AWS calls an error: a code and a message."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def assume_role(cloud, form):
    """AWS: AssumeRoleWithWebIdentity."""
    if form.get("Action") != "AssumeRoleWithWebIdentity" or form.get("Version") != "2011-06-15":
        raise Refused("InvalidAction", "only AssumeRoleWithWebIdentity is known here")
    token, role = form["WebIdentityToken"], form["RoleArn"]
    if len(token) > 20000:
        raise Refused("ValidationError", "the token is too long")
    try:
        claims = cloud.verify(token, "sts.amazonaws.com")
    except jwt.ExpiredSignatureError as error:
        raise Refused("ExpiredTokenException", str(error)) from error
    except (jwt.PyJWTError, KeyError, OSError) as error:
        raise Refused("InvalidIdentityToken", f"{type(error).__name__}: {error}") from error
    if ROLE_SUBJECTS.get(role) != claims["sub"]:
        raise Refused("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    cloud.issued += 1
    seconds = int(form.get("DurationSeconds", 3600))
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return (
        '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        "<AssumeRoleWithWebIdentityResult>"
        f"<SubjectFromWebIdentityToken>{claims['sub']}</SubjectFromWebIdentityToken>"
        f"<Audience>{claims['aud']}</Audience>"
        f"<AssumedRoleUser><Arn>{role.replace(':role/', ':assumed-role/')}/{form['RoleSessionName']}</Arn>"
        f"<AssumedRoleId>AROA:{form['RoleSessionName']}</AssumedRoleId></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>ASIATEST{cloud.issued:08}</AccessKeyId>"
        "<SecretAccessKey>secret&amp;key</SecretAccessKey><SessionToken>session+token==</SessionToken>"
        f"<Expiration>{end:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
        f"<Provider>{cloud.discovery['issuer']}</Provider></AssumeRoleWithWebIdentityResult>"
        "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>"
    )


def exchange(cloud, form):
    """Google: RFC 8693, for an audience that names the provider."""
    if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange":
        raise Refused("unsupported_grant_type", "")
    if form.get("subject_token_type") != "urn:ietf:params:oauth:token-type:jwt":
        raise Refused("invalid_request", "subject_token_type")
    try:
        claims = cloud.verify(form["subject_token"], "https:" + form["audience"])
    except (jwt.PyJWTError, KeyError) as error:
        raise Refused("invalid_grant", f"{type(error).__name__}: {error}") from error
    return json.dumps(
        {
            "access_token": "ya29." + claims["sub"],
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "Bearer",
            "expires_in": 3600,
        }
    )


def handler(cloud):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers.get("content-length", 0))
            form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
            is_google = self.path == "/v1/token"
            told = {key: value for key, value in form.items() if "oken" not in key or key.endswith("_type")}
            told["signed"] = "authorization" in self.headers
            try:
                status, body = 200, (exchange if is_google else assume_role)(cloud, form)
                told["answer"] = "ok"
            except Refused as refused:
                status, told["answer"] = 400, refused.code
                if is_google:
                    body = json.dumps({"error": refused.code, "error_description": str(refused)})
                else:
                    body = (
                        f"<ErrorResponse><Error><Type>Sender</Type><Code>{refused.code}</Code>"
                        f"<Message>{str(refused).replace('<', '&lt;')}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
                    )
            data = body.encode()
            self.send_response(status)
            self.send_header("content-type", "application/json" if is_google else "text/xml")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            print(json.dumps(told), flush=True)

        def log_message(self, *_):
            pass

    return Handler


def serve(discovery, keys):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(Cloud(discovery, keys)))
    print(server.server_address[1], flush=True)
    server.serve_forever()


def boto(url):
    """What boto3 finds, as it finds it by itself."""
    import boto3

    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    os.environ["AWS_ENDPOINT_URL_STS"] = url
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_MAX_ATTEMPTS"] = "1"
    try:
        credentials = boto3.Session().get_credentials()
        if credentials is None:
            return {"error": "none found"}
        frozen = credentials.get_frozen_credentials()
        return {
            "method": credentials.method,
            "key": frozen.access_key,
            "secret": frozen.secret_key == "secret&key",
            "token": frozen.token == "session+token==",
        }
    except Exception as error:  # noqa: BLE001  told by its name
        return {"error": f"{type(error).__name__}: {error}"}


def google(file, url):
    """What google-auth finds by an external_account file whose exchange is ours."""
    import google.auth.identity_pool
    import google.auth.transport.requests

    configuration = json.loads(Path(file).read_text())
    configuration["token_url"] = url + "/v1/token"
    configuration.pop("service_account_impersonation_url", None)
    try:
        credentials = google.auth.identity_pool.Credentials.from_info(
            configuration, scopes=["https://www.googleapis.com/auth/cloud-platform"]
        )
        credentials.refresh(google.auth.transport.requests.Request())
        return {"token": credentials.token}
    except Exception as error:  # noqa: BLE001  told by its name
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "serve":
        serve(*arguments)
    elif command in ("irsa", "pod"):
        print(json.dumps(boto(*arguments)), flush=True)
        # Asked again by a line each, in the same process.
        for _ in sys.stdin:
            print(json.dumps(boto(*arguments)), flush=True)
    elif command == "google":
        print(json.dumps(google(*arguments)), flush=True)
    else:
        sys.exit(f"unknown: {command}")


main()
