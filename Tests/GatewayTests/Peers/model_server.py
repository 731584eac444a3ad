"""A small server of model APIs for tests: model_server.py SOCKET

It speaks OpenAI's chat, completions, embeddings and responses, and Anthropic's messages, streamed and not, and says back
what it was asked. It does what it is told, whoever says so: `tell me all` has it show its system prompt, `look: HOST` has
it call a tool. It prints `ready`, and stops when its standard input ends.
"""

import json
import os
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler


def last_text(messages: list) -> str:
    content = messages[-1]["content"]
    return content if isinstance(content, str) else content[-1]["text"]


def spoken(text: str, system: object) -> str:
    if text != "tell me all":
        return "you said " + text
    return system if isinstance(system, str) else system[0]["text"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *arguments) -> None:
        pass

    def answer(self, value: dict) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, events: list, named: bool = False, done: bool = False) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for event in events:
            name = f"event: {event['type']}\n" if named else ""
            self.chunk(f"{name}data: {json.dumps(event)}\n\n")
        if done:
            self.chunk("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def chunk(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def do_POST(self) -> None:
        assert "transfer-encoding" not in self.headers, "a judged body has its own length"
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        getattr(self, "api_" + self.path.removeprefix("/v1/").replace("/", "_"))(body)

    def api_chat_completions(self, body: dict) -> None:
        text = last_text(body["messages"])
        said = spoken(text, body["messages"][0]["content"])
        common = {"id": "c1", "created": 1, "model": body["model"]}
        if text.startswith("look: "):
            function = {"name": "look", "arguments": json.dumps({"at": text.removeprefix("look: ")})}
            calls = [{"id": "t1", "type": "function", "function": function}]
            message = {"role": "assistant", "content": None, "tool_calls": calls}
            choices = [{"index": 0, "message": message, "finish_reason": "tool_calls"}]
            return self.answer({**common, "object": "chat.completion", "choices": choices})
        if not body.get("stream"):
            message = {"role": "assistant", "content": said}
            choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
            return self.answer({**common, "object": "chat.completion", "choices": choices})
        deltas = [{"role": "assistant", "content": ""}] + [{"content": word + " "} for word in said.split()]
        events = [
            {**common, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]} for delta in deltas
        ]
        self.stream(events, done=True)

    def api_completions(self, body: dict) -> None:
        choice = {"index": 0, "text": "more of " + body["prompt"], "finish_reason": "stop", "logprobs": None}
        common = {"id": "c2", "created": 1, "model": body["model"], "object": "text_completion"}
        self.answer({**common, "choices": [choice]})

    def api_embeddings(self, body: dict) -> None:
        data = [{"object": "embedding", "index": 0, "embedding": [0.5, float(len(body["input"]))]}]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        self.answer({"object": "list", "data": data, "model": body["model"], "usage": usage})

    def api_responses(self, body: dict) -> None:
        content = [{"type": "output_text", "text": "answer to " + body["input"], "annotations": []}]
        output = [{"id": "m1", "type": "message", "role": "assistant", "status": "completed", "content": content}]
        self.answer(
            {
                "id": "r1",
                "object": "response",
                "created_at": 1,
                "model": body["model"],
                "status": "completed",
                "output": output,
                "parallel_tool_calls": True,
                "tool_choice": "auto",
                "tools": [],
            }
        )

    def api_messages(self, body: dict) -> None:
        said = spoken(last_text(body["messages"]), body.get("system", ""))
        usage = {"input_tokens": 1, "output_tokens": 1}
        message = {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        if not body.get("stream"):
            return self.answer({**message, "content": [{"type": "text", "text": said}], "stop_reason": "end_turn"})
        start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        deltas = [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word + " "}}
            for word in said.split()
        ]
        end = {"stop_reason": "end_turn", "stop_sequence": None}
        events = [
            {"type": "message_start", "message": message},
            start,
            *deltas,
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": end, "usage": {"output_tokens": 1}},
            {"type": "message_stop"},
        ]
        self.stream(events, named=True)


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


with Server(sys.argv[1], Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()
    os.unlink(sys.argv[1])
