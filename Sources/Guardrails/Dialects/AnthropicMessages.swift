/// Anthropic's `/v1/messages`.
enum AnthropicMessages {
    static func read(_ document: JSONDocument) throws(DialectRefusal) -> ModelRequest {
        var reading = RequestReading(.anthropic)
        var fields = try RequestFields(document.root, at: JSONPath())
        let model = try fields.need("model")
        guard let name = model.string, !name.isEmpty else {
            throw model.refusal(at: JSONPath("model"), "expected the name of a model")
        }
        reading.request.model = name
        reading.request.isStreaming = try fields.bool("stream")
        reading.request.counts.maximumTokens = try fields.count("max_tokens", from: 1)
        if let system = fields.take("system") { try content(system, .system, JSONPath("system"), &reading) }
        let messages = try fields.need("messages").list(at: JSONPath("messages"))
        guard !messages.isEmpty else {
            throw document.root.refusal(at: JSONPath("messages"), "expected at least one message")
        }
        for (message, path) in messages {
            var fields = try RequestFields(message, at: path, "a message")
            let role = try fields.need("role")
            let channel: TextChannel
            switch role.string {
            case "user": channel = .user
            case "assistant": channel = .assistant
            default: throw role.refusal(at: path.appending("role"), "expected `user` or `assistant`")
            }
            try content(fields.need("content"), channel, path.appending("content"), &reading)
            try fields.finish(&reading, as: channel)
        }
        reading.request.counts.messages = messages.count
        for (tool, path) in try fields.list("tools") { try self.tool(tool, path, &reading) }
        for (server, path) in try fields.list("mcp_servers") {
            let label = server["name"]?.string ?? ""
            reading.request.tools.append(ToolDeclaration(name: "mcp:\(label)", path: path.text, schema: nil))
            reading.takeAll(server, as: .toolDescription)
        }
        if let container = fields.take("container") {
            reading.request.counts.opaqueParts += 1
            reading.takeAll(container, as: .user)
        }
        fields.expect(
            "context_management",
            "metadata",
            "service_tier",
            "stop_sequences",
            "temperature",
            "thinking",
            "tool_choice",
            "top_k",
            "top_p"
        )
        try fields.finish(&reading)
        return reading.finish(document)
    }

    private static func content(
        _ content: JSONValue,
        _ channel: TextChannel,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        if content.kind == .string { return try reading.take(content, as: channel, at: path) }
        for (block, path) in try content.list(at: path) { try self.block(block, channel, path, &reading) }
    }

    private static func block(
        _ block: JSONValue,
        _ channel: TextChannel,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        var fields = try RequestFields(block, at: path, "a block")
        let type = try fields.need("type")
        fields.expect("cache_control")
        switch type.string {
        case "text":
            try reading.take(fields.need("text"), as: channel, at: path.appending("text"))
            try fields.finish(&reading, as: channel)
        case "image", "container_upload":
            reading.request.counts.opaqueParts += 1
            _ = fields.take("source")
            try fields.finish(&reading, as: channel)
        case "document": try document(&fields, path, &reading)
        case "search_result":
            try content(fields.need("content"), .retrieved, path.appending("content"), &reading)
            try fields.finish(&reading, as: .retrieved)
        case "tool_use", "server_tool_use", "mcp_tool_use":
            var name = try reading.takeName(&fields)
            // A tool of an MCP server is allowed where the server is.
            if type.string == "mcp_tool_use" { name = "mcp:" + (try reading.takeName(&fields, "server_name")) }
            let input = fields.take("input")
            if let input { reading.takeAll(input, as: .assistant) }
            reading.request.toolCalls.append(ToolCall(name: name, path: path.text, arguments: input))
            fields.expect("id")
            try fields.finish(&reading, as: .assistant)
        case "tool_result", "mcp_tool_result":
            if let result = fields.take("content") {
                try content(result, .toolResult, path.appending("content"), &reading)
            }
            fields.expect("tool_use_id", "is_error")
            try fields.finish(&reading, as: .toolResult)
        case "thinking", "redacted_thinking":
            fields.expect("thinking")
            // Signed: the model's own, which nobody can have changed.
            for name in ["signature", "data"] { _ = fields.take(name) }
            try fields.finish(&reading, as: .assistant)
        case "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result",
            "bash_code_execution_tool_result", "text_editor_code_execution_tool_result":
            try fields.finish(&reading, as: .toolResult)
        default: throw type.refusal(at: path.appending("type"), "expected a block of a kind that is known")
        }
    }

    private static func document(
        _ fields: inout RequestFields,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        let path = path.appending("source")
        var source = try RequestFields(fields.need("source"), at: path, "a source")
        switch try source.string("type") {
        case "text":
            try reading.take(source.need("data"), as: .retrieved, at: path.appending("data"))
            source.expect("media_type")
        case "content": try content(source.need("content"), .retrieved, path.appending("content"), &reading)
        case "base64", "url", "file":
            reading.request.counts.opaqueParts += 1
            _ = source.take("data")
        default: throw source.value.refusal(at: path.appending("type"), "expected a source of a kind that is known")
        }
        try source.finish(&reading, as: .retrieved)
        try fields.finish(&reading, as: .retrieved)
    }

    private static func tool(
        _ tool: JSONValue,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        var fields = try RequestFields(tool, at: path, "a tool")
        let name = try fields.need("name")
        guard let text = name.string, !text.isEmpty else {
            throw name.refusal(at: path.appending("name"), "expected the name of a tool")
        }
        try reading.take(name, as: .toolDescription, at: path.appending("name"))
        let schema = fields.take("input_schema")
        if let schema { reading.takeAll(schema, as: .toolDescription) }
        reading.request.tools.append(ToolDeclaration(name: text, path: path.text, schema: schema))
        fields.expect("type", "cache_control", "max_uses")
        try fields.finish(&reading, as: .toolDescription)
    }
}
