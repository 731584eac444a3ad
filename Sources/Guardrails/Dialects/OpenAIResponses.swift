/// OpenAI's `/v1/responses`.
enum OpenAIResponses {
    static func read(_ document: JSONDocument) throws(DialectRefusal) -> ModelRequest {
        var reading = RequestReading(.openAIResponses)
        var fields = try RequestFields(document.root, at: JSONPath())
        try OpenAI.common(&fields, &reading)
        try reading.take(fields.take("instructions"), as: .system, at: JSONPath("instructions"))
        let input = try fields.need("input")
        if input.kind == .string {
            try reading.take(input, as: .user, at: JSONPath("input"))
            reading.request.counts.messages = 1
        } else {
            let items = try input.list(at: JSONPath("input"))
            for (item, path) in items { try self.item(item, path, &reading) }
            reading.request.counts.messages = items.count
        }
        // What a server keeps was not seen here.
        for name in ["previous_response_id", "conversation", "prompt"] {
            guard let value = fields.take(name) else { continue }
            reading.request.counts.opaqueParts += 1
            reading.takeAll(value, as: .user)
        }
        reading.request.counts.maximumTokens = try fields.count("max_output_tokens")
        for (tool, path) in try fields.list("tools") { try self.tool(tool, path, &reading) }
        try OpenAI.responseFormat(fields.take("text"), JSONPath("text"), &reading)
        fields.expect("background", "include", "max_tool_calls", "reasoning", "truncation", "prompt_cache_key")
        try fields.finish(&reading)
        return reading.finish(document)
    }

    private static func item(
        _ item: JSONValue,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        var fields = try RequestFields(item, at: path, "an item")
        let type = try fields.string("type") ?? "message"
        fields.expect("id", "status", "call_id")
        switch type {
        case "message":
            let role = try fields.need("role")
            guard let channel = OpenAI.channel(of: role) else {
                throw role.refusal(at: path.appending("role"), "expected a role that is known")
            }
            try content(fields.need("content"), channel, path.appending("content"), &reading)
            return try fields.finish(&reading, as: channel)
        case "function_call", "custom_tool_call":
            let name = try reading.takeName(&fields)
            let field = type == "function_call" ? "arguments" : "input"
            let arguments = fields.take(field)
            try reading.take(arguments, as: .assistant, at: path.appending(field))
            reading.request.toolCalls.append(ToolCall(name: name, path: path.text, arguments: arguments))
            return try fields.finish(&reading, as: .assistant)
        case "function_call_output", "custom_tool_call_output":
            let output = try fields.need("output")
            try content(output, .toolResult, path.appending("output"), &reading)
            return try fields.finish(&reading, as: .toolResult)
        case "reasoning":
            if fields.take("encrypted_content") != nil { reading.request.counts.opaqueParts += 1 }
            return try fields.finish(&reading, as: .assistant)
        case "item_reference":
            reading.request.counts.opaqueParts += 1
            return try fields.finish(&reading)
        case "web_search_call", "file_search_call": return try fields.finish(&reading, as: .retrieved)
        case "computer_call_output", "image_generation_call":
            reading.request.counts.opaqueParts += 1
            return try fields.finish(&reading, as: .toolResult)
        case "mcp_call", "mcp_approval_request":
            let label = try reading.takeName(&fields, "server_label")
            reading.request.toolCalls.append(
                ToolCall(name: "mcp:\(label)", path: path.text, arguments: item["arguments"])
            )
            // An MCP call holds its arguments and its output.
            return try fields.finish(&reading, as: type == "mcp_call" ? .toolResult : .assistant)
        case "mcp_list_tools": return try fields.finish(&reading, as: .toolDescription)
        case "computer_call", "code_interpreter_call", "local_shell_call", "mcp_approval_response":
            return try fields.finish(&reading, as: .assistant)
        case "local_shell_call_output": return try fields.finish(&reading, as: .toolResult)
        default: throw item.refusal(at: path.appending("type"), "expected an item of a kind that is known")
        }
    }

    private static func content(
        _ content: JSONValue,
        _ channel: TextChannel,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        if content.kind == .string { return try reading.take(content, as: channel, at: path) }
        for (part, path) in try content.list(at: path) {
            var fields = try RequestFields(part, at: path, "a part of a message")
            let type = try fields.need("type")
            switch type.string {
            case "input_text", "output_text", "text", "summary_text", "reasoning_text":
                try reading.take(fields.need("text"), as: channel, at: path.appending("text"))
            case "refusal": try reading.take(fields.need("refusal"), as: channel, at: path.appending("refusal"))
            case "input_image", "input_file", "input_audio":
                reading.request.counts.opaqueParts += 1
                for name in ["image_url", "file_data", "input_audio"] { _ = fields.take(name) }
            default: throw type.refusal(at: path.appending("type"), "expected a part of a kind that is known")
            }
            try fields.finish(&reading, as: channel)
        }
    }

    private static func tool(
        _ tool: JSONValue,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        var fields = try RequestFields(tool, at: path, "a tool")
        let type = try fields.need("type")
        guard let kind = type.string else { throw type.refusal(at: path.appending("type"), "expected a string") }
        switch kind {
        case "function", "custom": return try OpenAI.function(tool, path, &reading)
        case "mcp":
            let label = try reading.takeName(&fields, "server_label", as: .toolDescription)
            reading.request.tools.append(ToolDeclaration(name: "mcp:\(label)", path: path.text, schema: nil))
        default: reading.request.tools.append(ToolDeclaration(name: kind, path: path.text, schema: nil))
        }
        try fields.finish(&reading, as: .toolDescription)
    }
}
