"""A receiver of OTLP/HTTP: parses what it is sent with PyPI's opentelemetry-proto, and writes a line for each record.

    otlp_receiver.py PORT FILE

It refuses what does not parse, or has no content type, and answers 503 to its first request.
"""

import http.server
import json
import os
import sys

import opentelemetry

# scripts/setup-test-peers puts these modules apart from older ones of the same name.
opentelemetry.__path__.insert(0, os.path.join(sys.prefix, "otlp", "opentelemetry"))

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

port, path = int(sys.argv[1]), sys.argv[2]


class Receiver(http.server.BaseHTTPRequestHandler):
    requests = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        Receiver.requests += 1
        if Receiver.requests == 1:
            return self.answer(503, b"")
        if self.headers["content-type"] != "application/x-protobuf" or self.headers["x-token"] != "of-the-test":
            return self.answer(401, b"")
        lines = []
        if self.path == "/v1/logs":
            for group in ExportLogsServiceRequest.FromString(body).resource_logs:
                for scope in group.scope_logs:
                    for log in scope.log_records:
                        index = next(a.value.int_value for a in log.attributes if a.key == "lapwing.log.index")
                        lines.append({"log": index, "body": log.body.string_value})
            response = ExportLogsServiceResponse()
        elif self.path == "/v1/traces":
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in group.scope_spans:
                    lines += [{"span": span.name, "trace": span.trace_id.hex()} for span in scope.spans]
            response = ExportTraceServiceResponse()
        else:
            return self.answer(404, b"")
        with open(path, "a", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps(line) + "\n")
        self.answer(200, response.SerializeToString())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
