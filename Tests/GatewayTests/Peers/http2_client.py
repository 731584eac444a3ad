"""Calls a gateway over HTTP/2 with Python's httpx and h2: http2_client.py PORT CERTIFICATE KEY REQUESTS.

Prints how many requests were answered rightly, each with the body that it sent, all of them on few connections.
"""

import asyncio
import ssl
import sys

import httpx


async def main(port: str, certificate: str, key: str, requests: int) -> None:
    context = ssl.create_default_context()
    # An SVID names no host; whom we have called is examined elsewhere.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(certificate, key)
    limits = httpx.Limits(max_connections=4)
    async with httpx.AsyncClient(http2=True, http1=False, verify=context, limits=limits, timeout=30) as client:
        base = f"https://127.0.0.1:{port}"

        async def call(number: int) -> bool:
            body = f"request {number} " + "x" * (number % 5000)
            answer = await client.post(f"{base}/v1/predict", content=body)
            return answer.http_version == "HTTP/2" and answer.status_code == 200 and answer.text == body

        right = 0
        for start in range(0, requests, 200):
            batch = [call(number) for number in range(start, min(start + 200, requests))]
            right += sum(await asyncio.gather(*batch))

        async def pieces():
            for number in range(50):
                yield f"piece {number};".encode()

        streamed = await client.post(f"{base}/v1/stream", content=pieces())
        assert streamed.text == "".join(f"piece {number};" for number in range(50)), streamed.text
        denied = await client.get(f"{base}/admin")
        assert denied.status_code == 403 and denied.json()["request_id"] == denied.headers["x-request-id"]
        print(f"{right} of {requests}")
        assert right == requests


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
