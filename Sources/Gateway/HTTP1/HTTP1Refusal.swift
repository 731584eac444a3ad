/// Why a message on the wire is refused.
///
/// Every case names one rule. A request that breaks one is answered with ``status`` and the connection is closed, since
/// nothing that follows can be told apart from it safely; a response that breaks one is never passed on.
struct HTTP1Refusal: Error, Hashable, Sendable {
    /// The rule that was broken.
    let code: Code

    init(_ code: Code) {
        self.code = code
    }

    /// The rules, as stable words for records and metrics.
    enum Code: String, Hashable, Sendable, CaseIterable {
        // Lines.
        case bareLineFeed = "bare_line_feed"
        case bareCarriageReturn = "bare_carriage_return"
        case badStartLine = "bad_start_line"
        case foldedField = "folded_field"
        case badFieldName = "bad_field_name"
        case badFieldValue = "bad_field_value"
        case headTooLarge = "head_too_large"
        case tooManyFields = "too_many_fields"
        // The request line.
        case unknownMethod = "unknown_method"
        case unsupportedMethod = "unsupported_method"
        case badTarget = "bad_target"
        case targetTooLong = "target_too_long"
        case unsupportedVersion = "unsupported_version"
        // The status line.
        case badStatus = "bad_status"
        // Fields that decide what the message is.
        case missingHost = "missing_host"
        case duplicateHost = "duplicate_host"
        case badHost = "bad_host"
        case authorityMismatch = "authority_mismatch"
        case badContentLength = "bad_content_length"
        case duplicateContentLength = "duplicate_content_length"
        case badTransferEncoding = "bad_transfer_encoding"
        case lengthAndEncoding = "content_length_with_transfer_encoding"
        case ambiguousFieldName = "ambiguous_field_name"
        case badConnection = "bad_connection"
        case unsupportedUpgrade = "unsupported_upgrade"
        case badWebSocket = "bad_websocket_handshake"
        case webSocketVersion = "unsupported_websocket_version"
        case unsupportedExpectation = "unsupported_expectation"
        // HTTP/2, where a head is a list of fields.
        case badPseudoField = "bad_pseudo_field"
        case connectionField = "connection_field"
        case lengthMismatch = "content_length_mismatch"
        // Bodies.
        case badChunk = "bad_chunk"
        case badTrailer = "bad_trailer"
        case bodyTooLarge = "body_too_large"
        case unexpectedBody = "unexpected_body"
    }

    /// The status that a client is answered with (RFC 9110 §15).
    var status: Int {
        switch code {
        case .headTooLarge, .tooManyFields: 431
        case .targetTooLong: 414
        case .unsupportedMethod, .unsupportedUpgrade: 501
        case .unsupportedVersion: 505
        case .unsupportedExpectation: 417
        case .webSocketVersion: 426
        case .bodyTooLarge: 413
        default: 400
        }
    }
}
