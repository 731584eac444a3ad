import ZeroTrust

/// What may be done with a header that somebody outside names.
enum HeaderField {
    /// The longest name and value that a provider may set.
    static let maximumBytes = 8 * 1024

    /// Names that say who the user is: a client's are taken out of every request, and a provider that the operator chose
    /// may set them.
    static let userNames: Set<String> = [
        "x-auth-request-user", "x-authenticated-user", "x-remote-user", "remote-user",
    ]

    /// Whether a header can stand on one line of a head, and be nothing else there.
    static func isSound(_ header: Exchange.Header) -> Bool {
        !header.name.isEmpty && header.name.utf8.count <= 256 && header.value.utf8.count <= maximumBytes
            && header.name.utf8.allSatisfy(ByteClass.isToken)
            && header.value.utf8.allSatisfy { ByteClass.isFieldValue($0) || $0 >= 0x80 }
    }

    /// Whether a provider may set or take out a header of a request: not what frames it, belongs to the connection, or
    /// says who the caller is.
    static func mayChangeRequest(_ name: String) -> Bool {
        FieldName(of: name) == .other || userNames.contains(name)
    }

    /// Whether a provider may set a header of a response.
    static func mayChangeResponse(_ name: String) -> Bool {
        switch FieldName(of: name) {
        case .other, .traceparent, .tracestate: true
        default: false
        }
    }
}

extension FieldName {
    /// The field of a name.
    init(of name: String) {
        var packed = Packed()
        for byte in name.utf8 { packed.append(byte) }
        self = packed.name
    }
}
