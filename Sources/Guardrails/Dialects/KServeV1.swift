/// KServe's protocol, version 1, which TensorFlow Serving speaks: `/v1/models/NAME:predict`.
enum KServeV1 {
    static func read(_ body: RequestBody, _ limits: JSONLimits) throws(DialectRefusal) -> ModelRequest {
        let parts = body.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let place = parts.firstIndex(of: "models"), place + 1 < parts.count, let last = parts.last,
            let colon = last.lastIndex(of: ":"),
            ["predict", "explain", "classify", "regress"].contains(String(last[last.index(after: colon)...]))
        else {
            throw DialectRefusal(status: 404, rule: "unknown_endpoint", message: "the path is none of the dialect's")
        }
        let isPlain = place + 1 == parts.count - 1
        let name = isPlain ? String(last[..<colon]) : parts[place + 1]
        let document = try body.json(limits)
        var reading = RequestReading(.kserveV1)
        reading.request.model = PercentEscapes.decoded(name)
        var fields = try RequestFields(document.root, at: JSONPath())
        let instances = fields.take("instances") ?? fields.take("examples")
        let inputs = fields.take("inputs")
        guard (instances == nil) != (inputs == nil) else {
            throw document.root.refusal(
                instances == nil ? "missing_field" : "ambiguous_field",
                at: JSONPath(),
                "expected either `instances` or `inputs`"
            )
        }
        if let instances {
            let field = document.root["instances"] == nil ? "examples" : "instances"
            reading.request.counts.messages = try instances.list(at: JSONPath(field)).count
            reading.takeAll(instances, as: .user)
        } else if let inputs {
            reading.request.counts.messages = 1
            reading.takeAll(inputs, as: .user)
        }
        fields.expect("signature_name")
        try fields.finish(&reading)
        return reading.finish(document)
    }
}
