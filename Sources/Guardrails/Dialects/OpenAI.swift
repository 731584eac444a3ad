/// What OpenAI's dialects have in common.
enum OpenAI {
    /// Members that give a prompt as numbers, or make a server build another one than was read.
    private static let unreadable = [
        "prompt_token_ids", "prompt_embeds", "input_ids", "input_embeds", "token_ids", "chat_template",
        "chat_template_kwargs", "multi_modal_data", "mm_processor_kwargs",
    ]

    /// The model, whether the answer is streamed, and what cannot be looked at.
    static func common(_ fields: inout RequestFields, _ reading: inout RequestReading) throws(DialectRefusal) {
        let model = try fields.need("model")
        guard let name = model.string, !name.isEmpty else {
            throw model.refusal(at: JSONPath("model"), "expected the name of a model")
        }
        reading.request.model = name
        reading.request.isStreaming = try fields.bool("stream")
        for name in unreadable {
            guard let value = fields.take(name) else { continue }
            throw value.refusal(
                "unreadable_input",
                at: JSONPath(name),
                "`\(name)` makes a prompt that nobody here can read"
            )
        }
        fields.expect(
            "audio",
            "best_of",
            "echo",
            "frequency_penalty",
            "logit_bias",
            "logprobs",
            "metadata",
            "modalities",
            "parallel_tool_calls",
            "presence_penalty",
            "reasoning_effort",
            "seed",
            "service_tier",
            "stop",
            "store",
            "stream_options",
            "temperature",
            "tool_choice",
            "top_k",
            "top_logprobs",
            "top_p",
            "user"
        )
    }

    static func channel(of role: JSONValue) -> TextChannel? {
        switch role.string {
        case "system", "developer": .system
        case "user": .user
        case "assistant": .assistant
        case "tool", "function": .toolResult
        default: nil
        }
    }

    /// A tool of a chat: `{"type": "function", "function": {…}}`.
    static func tool(_ tool: JSONValue, _ path: JSONPath, _ reading: inout RequestReading) throws(DialectRefusal) {
        var fields = try RequestFields(tool, at: path, "a tool")
        let type = try fields.need("type")
        switch type.string {
        case "function"?: try function(fields.need("function"), path.appending("function"), &reading)
        case "custom"?: try function(fields.need("custom"), path.appending("custom"), &reading)
        default: throw type.refusal(at: path.appending("type"), "expected `function` or `custom`")
        }
        try fields.finish(&reading, as: .toolDescription)
    }

    /// What a tool is called, does and takes.
    static func function(_ value: JSONValue, _ path: JSONPath, _ reading: inout RequestReading) throws(DialectRefusal) {
        var fields = try RequestFields(value, at: path, "a function")
        let name = try fields.need("name")
        guard let text = name.string, !text.isEmpty else {
            throw name.refusal(at: path.appending("name"), "expected the name of a tool")
        }
        try reading.take(name, as: .toolDescription, at: path.appending("name"))
        try reading.take(fields.take("description"), as: .toolDescription, at: path.appending("description"))
        let schema = fields.take("parameters")
        if let schema { reading.takeAll(schema, as: .toolDescription) }
        reading.request.tools.append(ToolDeclaration(name: text, path: path.text, schema: schema))
        try fields.finish(&reading, as: .toolDescription)
    }

    /// The form that the answer is to have, which the application wrote.
    static func responseFormat(
        _ format: JSONValue?,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        if let format { reading.takeAll(format, as: .system) }
    }

    /// A prompt, or several; numbers are refused.
    static func prompts(
        _ value: JSONValue,
        _ path: JSONPath,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) -> Int {
        if value.kind == .string {
            try reading.take(value, as: .user, at: path)
            return 1
        }
        let prompts = try value.list(at: path)
        guard !prompts.isEmpty else { throw value.refusal(at: path, "expected at least one text") }
        for (prompt, path) in prompts {
            guard prompt.kind != .number, prompt.kind != .array else {
                throw prompt.refusal("token_ids", at: path, "tokens cannot be looked at; send texts")
            }
            try reading.take(prompt, as: .user, at: path)
        }
        return prompts.count
    }
}

/// OpenAI's `/v1/completions`.
enum OpenAICompletions {
    static func read(_ document: JSONDocument) throws(DialectRefusal) -> ModelRequest {
        var reading = RequestReading(.openAICompletions)
        var fields = try RequestFields(document.root, at: JSONPath())
        try OpenAI.common(&fields, &reading)
        let prompts = try OpenAI.prompts(fields.need("prompt"), JSONPath("prompt"), &reading)
        try reading.take(fields.take("suffix"), as: .user, at: JSONPath("suffix"))
        let choices = max(try fields.count("n", from: 1) ?? 1, try fields.count("best_of", from: 1) ?? 1)
        let (all, overflows) = choices.multipliedReportingOverflow(by: prompts)
        reading.request.counts.messages = prompts
        reading.request.counts.choices = overflows ? .max : all
        reading.request.counts.maximumTokens = try fields.count("max_tokens")
        try fields.finish(&reading)
        return reading.finish(document)
    }
}

/// OpenAI's `/v1/embeddings`.
enum OpenAIEmbeddings {
    static func read(_ document: JSONDocument) throws(DialectRefusal) -> ModelRequest {
        var reading = RequestReading(.openAIEmbeddings)
        var fields = try RequestFields(document.root, at: JSONPath())
        try OpenAI.common(&fields, &reading)
        reading.request.counts.messages = try OpenAI.prompts(fields.need("input"), JSONPath("input"), &reading)
        reading.request.counts.maximumTokens = 0
        fields.expect("encoding_format", "dimensions")
        try fields.finish(&reading)
        return reading.finish(document)
    }
}
