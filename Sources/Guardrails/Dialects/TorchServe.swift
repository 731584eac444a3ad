/// TorchServe's `/predictions/NAME`: a body of which the content type says what it is.
enum TorchServe {
    static func read(_ body: RequestBody, _ limits: JSONLimits) throws(DialectRefusal) -> ModelRequest {
        let parts = body.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let place = parts.firstIndex(of: "predictions"), (place + 2...place + 3).contains(parts.count) else {
            throw DialectRefusal(status: 404, rule: "unknown_endpoint", message: "the path is none of the dialect's")
        }
        var reading = RequestReading(.torchServe)
        reading.request.model = PercentEscapes.decoded(parts[place + 1])
        reading.request.counts.messages = 1
        guard body.bytes.count <= limits.bytes else {
            throw DialectRefusal(
                status: 413,
                rule: "body_too_large",
                message: "the body has more than \(limits.bytes) bytes"
            )
        }
        switch body.mediaType?.type {
        case "application/json":
            let document = try body.json(limits)
            reading.takeAll(document.root, as: .user)
            return reading.finish(document)
        case "text/plain":
            for parameter in body.mediaType?.parameters ?? [] where !parameter.isEmpty && parameter != "charset=utf-8" {
                throw DialectRefusal(rule: "content_type", path: "content-type", message: "text has to be in UTF-8")
            }
            guard let text = String(validating: body.bytes, as: UTF8.self) else {
                throw DialectRefusal(rule: "invalid_utf8", message: "the body is not UTF-8")
            }
            reading.take(text: text, body.bytes.indices, as: .user, at: "")
            return reading.finish(nil)
        case "application/octet-stream":
            reading.request.counts.opaqueParts = 1
            return reading.finish(nil)
        default:
            throw DialectRefusal(
                rule: "content_type",
                path: "content-type",
                message: "the content type has to be application/json, text/plain or application/octet-stream"
            )
        }
    }
}
