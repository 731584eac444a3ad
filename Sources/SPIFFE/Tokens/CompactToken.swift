/// A signed token in compact form (RFC 7515 §3.1, RFC 7519), taken apart and not yet believed.
///
/// The reading is strict: canonical base64url, JSON with one meaning, a header that asks for nothing that is not
/// understood here. It looks at no more than ``maximumLength`` bytes.
package struct CompactToken: Sendable {
    /// The longest token that is looked at.
    package static let maximumLength = 16 * 1024
    private static let maximumHeaderLength = 4 * 1024

    package let header: [String: StrictJSON]
    package let algorithm: SignatureAlgorithm
    package let keyID: String?
    package let payload: [String: StrictJSON]
    /// The payload as it stands in the token.
    package let encodedPayload: String
    /// What was signed: the header, a point and the payload, as they stand.
    package let signedBytes: ArraySlice<UInt8>
    package let signature: [UInt8]

    /// The claim `iss`; nil where the token has none, which a JWT-SVID need not have.
    package let issuer: String?
    package let audiences: [String]
    /// Seconds since 1970.
    package let expiresAt: Double?
    /// Seconds since 1970.
    package let notBefore: Double?

    package init(_ text: String) throws(TokenRefusal) {
        guard text.utf8.count <= Self.maximumLength else {
            throw TokenRefusal(.tooLarge, "the token has more than \(Self.maximumLength) bytes")
        }
        let bytes = Array(text.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else {
            throw TokenRefusal(.malformed, "the token is not of three parts with points between them")
        }
        guard parts[0].count <= Self.maximumHeaderLength else {
            throw TokenRefusal(.tooLarge, "the token's header has more than \(Self.maximumHeaderLength) bytes")
        }
        let header = try Self.object(parts[0], "header")
        (self.algorithm, self.keyID) = try Self.read(header: header)
        guard let signature = Base64URL.decode(parts[2]) else {
            throw TokenRefusal(.malformed, "the token's signature is not base64url")
        }
        let payload = try Self.object(parts[1], "payload")
        self.header = header
        self.issuer = try Self.issuer(payload["iss"])
        self.audiences = try Self.audiences(payload["aud"])
        self.expiresAt = try Self.time(payload, "exp")
        self.notBefore = try Self.time(payload, "nbf")
        self.payload = payload
        self.encodedPayload = String(decoding: parts[1], as: UTF8.self)
        self.signedBytes = bytes[..<parts[1].endIndex]
        self.signature = signature
    }

    private static func object(_ part: ArraySlice<UInt8>, _ name: String) throws(TokenRefusal) -> [String: StrictJSON] {
        guard let bytes = Base64URL.decode(part) else {
            throw TokenRefusal(.malformed, "the token's \(name) is not base64url in its one form")
        }
        let json: StrictJSON
        do { json = try StrictJSON(bytes) } catch {
            throw TokenRefusal(.malformed, "the token's \(name) is not JSON: \(error.message) at byte \(error.offset)")
        }
        guard let object = json.object else {
            throw TokenRefusal(.malformed, "the token's \(name) is no JSON object")
        }
        return object
    }

    private static func read(
        header: [String: StrictJSON]
    ) throws(TokenRefusal) -> (algorithm: SignatureAlgorithm, keyID: String?) {
        guard let name = header["alg"]?.string else { throw TokenRefusal(.malformed, "the token names no algorithm") }
        guard let algorithm = SignatureAlgorithm(rawValue: name) else {
            throw TokenRefusal(.unsupportedAlgorithm, "the token's algorithm `\(name.prefix(20))` is not accepted")
        }
        // RFC 7515 §4.1.11: what is critical and not understood is refused. Nothing that could be is understood.
        for member in ["crit", "b64", "zip", "enc"] where header[member] != nil {
            throw TokenRefusal(.malformed, "the token's header has `\(member)`, which is not understood")
        }
        guard let keyID = header["kid"] else { return (algorithm, nil) }
        guard let text = keyID.string else { throw TokenRefusal(.malformed, "the token's `kid` is no string") }
        return (algorithm, text)
    }

    private static func issuer(_ value: StrictJSON?) throws(TokenRefusal) -> String? {
        guard let value else { return nil }
        guard let text = value.string, !text.isEmpty else {
            throw TokenRefusal(.malformed, "the token's `iss` is no string, or an empty one")
        }
        return text
    }

    private static func audiences(_ value: StrictJSON?) throws(TokenRefusal) -> [String] {
        switch value {
        case nil, .null: return []
        case .string(let text): return [text]
        case .array(let elements):
            let texts = elements.compactMap(\.string)
            if texts.count == elements.count { return texts }
        default: break
        }
        throw TokenRefusal(.malformed, "the token's `aud` is neither a string nor a list of strings")
    }

    /// A NumericDate (RFC 7519 §2).
    package static func time(_ payload: [String: StrictJSON], _ name: String) throws(TokenRefusal) -> Double? {
        let seconds: Double?
        switch payload[name] {
        case nil: return nil
        case .integer(let number): seconds = Double(number)
        case .number(let text): seconds = Double(text)
        default: seconds = nil
        }
        guard let seconds, seconds.isFinite, seconds >= 0 else {
            throw TokenRefusal(.malformed, "the token's `\(name)` is no time")
        }
        return seconds
    }
}
