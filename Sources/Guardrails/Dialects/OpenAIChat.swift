/// OpenAI's `/v1/chat/completions`.
enum OpenAIChat {
    static func read(_ document: JSONDocument) throws(DialectRefusal) -> ModelRequest {
        var reading = RequestReading(.openAIChat)
        var fields = try RequestFields(document.root, at: JSONPath())
        try OpenAI.common(&fields, &reading)
        let messages = try fields.need("messages").list(at: JSONPath("messages"))
        guard !messages.isEmpty else {
            throw document.root.refusal(at: JSONPath("messages"), "expected at least one message")
        }
        for (message, path) in messages { try self.message(message, path, &reading) }
        reading.request.counts.messages = messages.count
        reading.request.counts.choices = try fields.count("n", from: 1) ?? 1
        let limits = [try fields.count("max_tokens"), try fields.count("max_completion_tokens")].compactMap(\.self)
        reading.request.counts.maximumTokens = limits.max()
        for (tool, path) in try fields.list("tools") { try OpenAI.tool(tool, path, &reading) }
        for (function, path) in try fields.list("functions") { try OpenAI.function(function, path, &reading) }
        try OpenAI.responseFormat(fields.take("response_format"), JSONPath("response_format"), &reading)
        if let prediction = fields.take("prediction") {
            reading.takeAll(prediction, as: .assistant)
        }
        try fields.finish(&reading)
        return reading.finish(document)
    }

    private static func message(
        _ message: JSONValue,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        var fields = try RequestFields(message, at: path, "a message")
        let role = try fields.need("role")
        guard let channel = OpenAI.channel(of: role) else {
            throw role.refusal(at: path.appending("role"), "expected a role that is known")
        }
        if let content = fields.take("content") {
            try self.content(content, channel, path.appending("content"), &reading)
        } else if channel != .assistant {
            throw DialectRefusal(
                rule: "missing_field",
                path: path.appending("content").text,
                range: message.range,
                message: "`content` is missing"
            )
        }
        for (call, path) in try fields.list("tool_calls") { try toolCall(call, path, &reading) }
        if let call = fields.take("function_call") { try function(call, path.appending("function_call"), &reading) }
        try reading.take(fields.take("refusal"), as: channel, at: path.appending("refusal"))
        try reading.take(fields.take("reasoning_content"), as: channel, at: path.appending("reasoning_content"))
        try reading.take(fields.take("name"), as: channel, at: path.appending("name"))
        if let audio = fields.take("audio") {
            reading.request.counts.opaqueParts += 1
            reading.takeAll(audio, as: channel)
        }
        fields.expect("tool_call_id")
        try fields.finish(&reading, as: channel)
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
            case "text": try reading.take(fields.need("text"), as: channel, at: path.appending("text"))
            case "refusal": try reading.take(fields.need("refusal"), as: channel, at: path.appending("refusal"))
            case "image_url", "input_audio", "file", "video_url", "audio_url":
                // What is in them cannot be looked at; that they are there is counted.
                reading.request.counts.opaqueParts += 1
                _ = fields.take(type.string ?? "")
            default: throw type.refusal(at: path.appending("type"), "expected a part of a kind that is known")
            }
            try fields.finish(&reading, as: channel)
        }
    }

    private static func toolCall(
        _ call: JSONValue,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        var fields = try RequestFields(call, at: path, "a call of a tool")
        let type = try fields.string("type") ?? "function"
        guard type == "function" || type == "custom" else {
            throw call.refusal(at: path.appending("type"), "expected `function` or `custom`")
        }
        try function(fields.need(type), path.appending(type), &reading)
        fields.expect("id", "index")
        try fields.finish(&reading, as: .assistant)
    }

    private static func function(
        _ function: JSONValue,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        var fields = try RequestFields(function, at: path, "a function")
        let name = try reading.takeName(&fields)
        let arguments = fields.take("arguments") ?? fields.take("input")
        try reading.take(arguments, as: .assistant, at: path.appending("arguments"))
        reading.request.toolCalls.append(ToolCall(name: name, path: path.text, arguments: arguments))
        try fields.finish(&reading, as: .assistant)
    }
}
