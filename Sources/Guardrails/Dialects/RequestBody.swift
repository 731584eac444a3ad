/// A request's body, whole, and what its head says of it.
public struct RequestBody: Sendable {
    /// The method.
    public var method: String
    /// The path, without its query.
    public var path: String
    /// The query, without the `?`; empty where there is none.
    public var query: String
    /// The values of `content-type`, a line each.
    public var contentTypes: [String]
    /// The values of `content-encoding`, a line each.
    public var contentEncodings: [String]
    /// The values of `inference-header-content-length`, a line each.
    public var inferenceHeaderLengths: [String]
    /// The bytes.
    public var bytes: [UInt8]

    /// A body.
    public init(
        method: String = "POST",
        path: String,
        query: String = "",
        contentTypes: [String] = ["application/json"],
        contentEncodings: [String] = [],
        inferenceHeaderLengths: [String] = [],
        bytes: [UInt8]
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.contentTypes = contentTypes
        self.contentEncodings = contentEncodings
        self.inferenceHeaderLengths = inferenceHeaderLengths
        self.bytes = bytes
    }

    /// The media type in lower case, parameters apart; nil where no line, or more than one, gives it.
    var mediaType: (type: String, parameters: [String])? {
        guard contentTypes.count == 1 else { return nil }
        let parts = contentTypes[0].split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.trimmingSpaces().lowercased() }
        return (parts[0], Array(parts.dropFirst()))
    }

    /// Refuses a body that is encoded, whatever says so.
    func checkEncoding() throws(DialectRefusal) {
        for encoding in contentEncodings where encoding.trimmingSpaces().lowercased() != "identity" {
            throw DialectRefusal(
                rule: "content_encoding",
                path: "content-encoding",
                message: "the body is encoded; send it as it is"
            )
        }
    }

    /// Refuses a body that does not say that it is JSON in UTF-8.
    func checkJSON() throws(DialectRefusal) {
        guard let (type, parameters) = mediaType, type == "application/json" else {
            throw DialectRefusal(
                rule: "content_type",
                path: "content-type",
                message: "the content type has to be application/json"
            )
        }
        for parameter in parameters where !parameter.isEmpty {
            guard parameter == "charset=utf-8" || parameter == "charset=\"utf-8\"" else {
                throw DialectRefusal(
                    rule: "content_type",
                    path: "content-type",
                    message: "the content type has a parameter other than charset=utf-8"
                )
            }
        }
    }

    func json(_ limits: JSONLimits) throws(DialectRefusal) -> JSONDocument {
        try checkJSON()
        return try Self.document(bytes, limits)
    }

    static func document(_ bytes: [UInt8], _ limits: JSONLimits) throws(DialectRefusal) -> JSONDocument {
        do throws(JSONFailure) {
            return try JSONDocument(bytes, limits: limits)
        } catch {
            throw DialectRefusal(error)
        }
    }
}

extension StringProtocol {
    /// The text without spaces and tabs at either end.
    func trimmingSpaces() -> String {
        var text = Substring(self)
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
