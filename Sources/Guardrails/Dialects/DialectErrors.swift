/// Writes refusals as the client of a dialect expects its errors.
public enum DialectErrors {
    /// The body of an answer that refuses, as JSON, under the id by which the refusal is recorded.
    ///
    /// It names the rule and the field, never what stood there. `call` is the id of the JSON-RPC message that is refused,
    /// where one was read.
    public static func body(
        _ refusal: DialectRefusal,
        dialect: Dialect,
        requestID: String,
        call: JSONValue? = nil
    ) -> [UInt8] {
        let field = refusal.path.isEmpty ? "" : " (\(refusal.path))"
        let message = "\(refusal.message)\(field)"
        var writer = JSONText()
        switch dialect {
        case .openAI, .openAIChat, .openAICompletions, .openAIEmbeddings, .openAIResponses:
            writer.object {
                $0.object("error") {
                    $0.string("message", "\(message) [request \(requestID)]")
                    $0.string("type", openAIType(refusal.status))
                    $0.string("param", refusal.path.isEmpty ? nil : refusal.path)
                    $0.string("code", refusal.rule)
                }
            }
        case .anthropic:
            writer.object {
                $0.string("type", "error")
                $0.object("error") {
                    $0.string("type", anthropicType(refusal.status))
                    $0.string("message", "\(refusal.rule): \(message)")
                }
                $0.string("request_id", requestID)
            }
        case .kserveV2, .kserveV1:
            writer.object { $0.string("error", "\(refusal.rule): \(message) [request \(requestID)]") }
        case .torchServe:
            writer.object {
                $0.raw("code", String(refusal.status))
                $0.string("type", refusal.status == 429 ? "ServiceUnavailableException" : "BadRequestException")
                $0.string("message", "\(refusal.rule): \(message) [request \(requestID)]")
            }
        case .mcp:
            writer.object {
                $0.string("jsonrpc", "2.0")
                $0.raw("id", call.map { String(decoding: $0.document.bytes[$0.range], as: UTF8.self) } ?? "null")
                $0.object("error") {
                    $0.raw("code", refusal.rule.hasPrefix("json_") && refusal.rule != "json_rpc" ? "-32700" : "-32600")
                    $0.string("message", message)
                    $0.object("data") {
                        $0.string("rule", refusal.rule)
                        $0.string("request_id", requestID)
                    }
                }
            }
        case .json:
            writer.object {
                $0.object("error") {
                    $0.string("code", refusal.rule)
                    $0.string("message", message)
                    $0.string("path", refusal.path)
                }
                $0.string("request_id", requestID)
            }
        }
        return writer.bytes
    }

    private static func openAIType(_ status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    private static func anthropicType(_ status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}

/// Writes a small JSON text.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    mutating func object(_ write: (inout JSONText) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        isFirst = true
        write(&self)
        bytes.append(UInt8(ascii: "}"))
        isFirst = false
    }

    mutating func object(_ key: String, _ write: (inout JSONText) -> Void) {
        self.key(key)
        object(write)
    }

    mutating func string(_ key: String, _ value: String?) {
        self.key(key)
        if let value { quote(value) } else { bytes += "null".utf8 }
    }

    mutating func raw(_ key: String, _ value: String) {
        self.key(key)
        bytes += value.utf8
    }

    private mutating func key(_ key: String) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        quote(key)
        bytes.append(UInt8(ascii: ":"))
    }

    mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20, 0x7F:
                bytes += Array("\\u00".utf8)
                bytes += Array(String(byte >> 4, radix: 16).utf8) + Array(String(byte & 15, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
