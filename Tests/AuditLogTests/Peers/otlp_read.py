"""Parses OTLP requests with PyPI's opentelemetry-proto, and prints what they say as JSON, a line a record."""

import json
import os
import sys

import opentelemetry

# scripts/setup-test-peers puts these modules apart from older ones of the same name.
opentelemetry.__path__.insert(0, os.path.join(sys.prefix, "otlp", "opentelemetry"))

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def value(any_value):
    return getattr(any_value, any_value.WhichOneof("value"))


def attributes(pairs):
    return {pair.key: value(pair.value) for pair in pairs}


def unknown(message):
    """Whether anything was sent that the published messages do not have."""
    return message.SerializeToString() != message.FromString(message.SerializeToString()).SerializeToString()


kind, path = sys.argv[1:]
data = open(path, "rb").read()
if kind == "logs":
    request = ExportLogsServiceRequest.FromString(data)
    for group in request.resource_logs:
        resource = attributes(group.resource.attributes)
        for scope in group.scope_logs:
            for log in scope.log_records:
                print(json.dumps({
                    "resource": resource, "scope": scope.scope.name, "schema": scope.schema_url,
                    "time": log.time_unix_nano, "observed": log.observed_time_unix_nano, "severity": log.severity_number,
                    "event": log.event_name, "body": log.body.string_value, "trace": log.trace_id.hex(),
                    "span": log.span_id.hex(), "flags": log.flags, "attributes": attributes(log.attributes),
                }))
else:
    request = ExportTraceServiceRequest.FromString(data)
    for group in request.resource_spans:
        for scope in group.scope_spans:
            for span in scope.spans:
                print(json.dumps({
                    "name": span.name, "kind": span.kind, "trace": span.trace_id.hex(), "span": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(), "start": span.start_time_unix_nano,
                    "end": span.end_time_unix_nano, "status": span.status.code, "flags": span.flags,
                    "attributes": attributes(span.attributes),
                }))
# What is written again from what was understood has to be as long: nothing was passed over.
assert len(request.SerializeToString()) == len(data), "the request holds fields that the messages do not have"
