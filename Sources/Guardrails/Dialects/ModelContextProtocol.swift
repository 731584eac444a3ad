/// The Model Context Protocol over streamable HTTP: one JSON-RPC message a body (2025-06-18, Transports).
enum ModelContextProtocol {
    static func read(_ document: JSONDocument) throws(DialectRefusal) -> ModelRequest {
        guard document.root.kind == .object else {
            throw document.root.refusal(
                "json_rpc",
                at: JSONPath(),
                document.root.kind == .array
                    ? "batches are not taken; send one message a request" : "expected a message"
            )
        }
        var reading = RequestReading(.mcp)
        var fields = try RequestFields(document.root, at: JSONPath(), "a message")
        guard try fields.string("jsonrpc") == "2.0" else {
            throw document.root.refusal("json_rpc", at: JSONPath("jsonrpc"), "expected `2.0`")
        }
        if let id = document.root["id"] {
            guard id.kind == .string || id.integer != nil else {
                throw id.refusal("json_rpc", at: JSONPath("id"), "expected a string or a whole number")
            }
        }
        fields.expect("id")
        let method = try fields.string("method")
        let (result, error) = (fields.take("result"), fields.take("error"))
        reading.request.counts.messages = 1
        reading.request.method = method
        if let method {
            guard result == nil, error == nil else {
                throw document.root.refusal(
                    "json_rpc",
                    at: JSONPath(),
                    "a message is a request or a response, not both"
                )
            }
            try call(method, &fields, &reading)
        } else {
            guard (result == nil) != (error == nil), document.root["id"] != nil else {
                throw document.root.refusal(
                    "json_rpc",
                    at: JSONPath(),
                    "expected `method`, or `id` with `result` or `error`"
                )
            }
            // What the server asked the client's model or person for.
            if let result { reading.takeAll(result, as: .assistant) }
            if let error { reading.takeAll(error, as: .user) }
        }
        try fields.finish(&reading)
        return reading.finish(document)
    }

    private static func call(
        _ method: String,
        _ fields: inout RequestFields,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        let path = JSONPath("params")
        guard let parameters = fields.take("params") else {
            guard !["tools/call", "prompts/get", "resources/read"].contains(method) else {
                throw fields.value.refusal("missing_field", at: path, "`params` is missing")
            }
            return
        }
        var inner = try RequestFields(parameters, at: path)
        if method == "tools/call" {
            let name = try inner.need("name")
            guard let text = name.string, !text.isEmpty else {
                throw name.refusal(at: path.appending("name"), "expected the name of a tool")
            }
            let arguments = inner.take("arguments")
            if let arguments {
                guard arguments.kind == .object else {
                    throw arguments.refusal(at: path.appending("arguments"), "expected an object")
                }
                reading.takeAll(arguments, as: .user)
            }
            reading.request.tools.append(ToolDeclaration(name: text, path: path.text, schema: nil))
            reading.request.toolCalls.append(ToolCall(name: text, path: path.text, arguments: arguments))
        }
        try inner.finish(&reading)
    }
}
