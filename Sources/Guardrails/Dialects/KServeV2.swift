/// KServe's protocol, version 2, which Triton speaks: JSON, or a JSON head with tensors in binary behind it.
enum KServeV2 {
    static func read(_ body: RequestBody, _ limits: JSONLimits) throws(DialectRefusal) -> ModelRequest {
        guard let (model, action) = target(body.path) else {
            throw DialectRefusal(status: 404, rule: "unknown_endpoint", message: "the path is none of the dialect's")
        }
        var reading = RequestReading(.kserveV2)
        reading.request.model = model
        if action != "infer" {
            let document = try body.json(limits)
            var fields = try RequestFields(document.root, at: JSONPath())
            reading.request.isStreaming = action == "generate_stream"
            reading.request.counts.messages = 1
            reading.takeAll(try fields.need("text_input"), as: .user)
            try parameters(&fields, &reading)
            try fields.finish(&reading)
            return reading.finish(document)
        }
        let (document, tensors) = try parts(of: body, limits)
        var fields = try RequestFields(document.root, at: JSONPath())
        fields.expect("id", "outputs")
        try parameters(&fields, &reading)
        let inputs = try fields.need("inputs").list(at: JSONPath("inputs"))
        guard !inputs.isEmpty else {
            throw document.root.refusal(at: JSONPath("inputs"), "expected at least one input")
        }
        var rest = tensors
        for (input, path) in inputs { try KServeTensor.read(input, path, body.bytes, &rest, &reading) }
        guard rest.isEmpty else {
            throw DialectRefusal(
                rule: "tensor_size",
                range: rest,
                message: "\(rest.count) bytes stand behind the tensors that the inputs declare"
            )
        }
        for (output, path) in try fields.list("outputs") { try refuseSharedMemory(output, path) }
        reading.request.counts.messages = inputs.count
        try fields.finish(&reading)
        return reading.finish(document)
    }

    /// The model and what is asked of it: `/v2/models/NAME/versions/3/infer`.
    private static func target(_ path: String) -> (model: String, action: String)? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let place = parts.firstIndex(of: "models"), place + 2 < parts.count, let action = parts.last,
            ["infer", "generate", "generate_stream"].contains(action)
        else { return nil }
        let model = PercentEscapes.decoded(parts[place + 1]) ?? ""
        let between = parts[(place + 2)..<(parts.count - 1)]
        guard !model.isEmpty, between.isEmpty || between.count == 2 && between.first == "versions" else { return nil }
        return (model, action)
    }

    /// The JSON of a body, and where the tensors behind it stand.
    private static func parts(
        of body: RequestBody,
        _ limits: JSONLimits
    ) throws(DialectRefusal) -> (JSONDocument, Range<Int>) {
        let field = "inference-header-content-length"
        guard let text = body.inferenceHeaderLengths.first else { return (try body.json(limits), 0..<0) }
        guard body.inferenceHeaderLengths.count == 1, (1...9).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let length = Int(text)
        else {
            throw DialectRefusal(rule: "inference_header", path: field, message: "the length of the head is no number")
        }
        if let type = body.mediaType?.type, type != "application/octet-stream", type != "application/json" {
            throw DialectRefusal(
                rule: "content_type",
                path: "content-type",
                message: "the content type has to be application/octet-stream or application/json"
            )
        }
        guard body.contentTypes.count <= 1 else {
            throw DialectRefusal(rule: "content_type", path: "content-type", message: "two content types are given")
        }
        guard length <= body.bytes.count else {
            throw DialectRefusal(rule: "inference_header", path: field, message: "the head is longer than the body")
        }
        return (try RequestBody.document(Array(body.bytes[..<length]), limits), length..<body.bytes.count)
    }

    private static func parameters(
        _ fields: inout RequestFields,
        _ reading: inout RequestReading
    ) throws(DialectRefusal) {
        // Servers differ in which of the two they read.
        reading.request.counts.maximumTokens = try fields.count("max_tokens")
        guard let parameters = fields.take("parameters") else { return }
        guard parameters.kind == .object else {
            throw parameters.refusal(at: JSONPath("parameters"), "expected an object, found \(parameters.kind.name)")
        }
        reading.takeAll(parameters, as: .user)
        if let limit = parameters["max_tokens"] {
            guard let count = limit.integer, count >= 0 else {
                throw limit.refusal(at: JSONPath("parameters.max_tokens"), "expected a whole number")
            }
            reading.request.counts.maximumTokens = max(count, reading.request.counts.maximumTokens ?? 0)
        }
    }

    /// Refuses what is read from memory that nobody here sees.
    static func refuseSharedMemory(_ value: JSONValue, _ path: JSONPath) throws(DialectRefusal) {
        guard let parameters = value["parameters"] else { return }
        for (key, member) in parameters.members where key.string?.hasPrefix("shared_memory") == true {
            throw member.refusal(
                "unreadable_input",
                at: path.appending("parameters").appending(key.string ?? ""),
                "shared memory cannot be looked at"
            )
        }
    }
}
