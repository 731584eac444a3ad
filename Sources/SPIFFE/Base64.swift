import Foundation

/// Base64 without leniency (RFC 4648 §3.5, §4, §5).
package enum Base64 {
    /// Decodes standard base64 with its padding, or returns nil.
    package static func decode(_ text: String) -> [UInt8]? {
        guard let data = Data(base64Encoded: text) else { return nil }
        let bytes = Array(data)
        return encode(bytes) == text ? bytes : nil
    }

    /// Decodes base64url without padding, or returns nil.
    package static func decodeURL(_ text: String) -> [UInt8]? {
        Base64URL.decode(text.utf8)
    }

    /// Standard base64 with padding.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String { Data(bytes).base64EncodedString() }

    /// base64url without padding.
    package static func encodeURL(_ bytes: some Sequence<UInt8>) -> String {
        Base64URL.encode(Array(bytes))
    }
}
