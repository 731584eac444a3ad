public import Crypto
import Foundation
import ZeroTrust

/// The keys that values are hashed, encrypted and tokenised with.
public struct OutputKeys: Sendable {
    private let digest: SymmetricKey
    private let sealing: SymmetricKey

    /// Derives the keys from one secret of at least 32 bytes (HKDF, SHA-256).
    ///
    /// Throws ``PatternError`` when the secret is shorter.
    public init(secret: SymmetricKey) throws {
        guard secret.bitCount >= 256 else {
            throw PatternError(.file, "a key for values that are hashed or encrypted needs 32 bytes")
        }
        digest = Self.derive(secret, "lapwing output digest")
        sealing = Self.derive(secret, "lapwing output sealing")
    }

    private static func derive(_ secret: SymmetricKey, _ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: secret, info: Array(purpose.utf8), outputByteCount: 32)
    }

    /// Keys of this process only, for a policy that needs none.
    static let none = OutputKeys(throwaway: SymmetricKey(size: .bits256))

    private init(throwaway: SymmetricKey) {
        digest = throwaway
        sealing = throwaway
    }

    /// The keyed digest of a value of a kind: 16 hexadecimal digits.
    func hash(_ value: ArraySlice<UInt8>, label: String) -> [UInt8] {
        let code = HMAC<SHA256>.authenticationCode(for: Array(label.utf8) + [0] + value, using: digest)
        return Self.hexadecimal(code.prefix(8))
    }

    /// Bytes that depend on a value, a kind and a scope, and on the key.
    func stream(_ value: [UInt8], label: String, scope: String) -> [UInt8] {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("\(scope)\u{0}\(label)\u{0}".utf8) + value,
            using: digest
        )
        return Array(code)
    }

    /// The value, encrypted with AES-256-GCM, as base64url without padding: nonce, ciphertext, tag.
    ///
    /// The nonce is a digest of the value and its kind, so that the same value looks the same wherever an answer
    /// repeats it; what that tells is that two values are equal, as ``OutputPolicy/Action/hash`` does.
    func encrypt(_ value: ArraySlice<UInt8>, label: String) -> [UInt8]? {
        let nonce = stream(Array(value), label: label, scope: "nonce").prefix(12)
        guard let nonce = try? AES.GCM.Nonce(data: nonce),
            let box = try? AES.GCM.seal(
                Array(value),
                using: sealing,
                nonce: nonce,
                authenticating: Array(label.utf8)
            ),
            let combined = box.combined
        else { return nil }
        return Array(Base64URL.encode(Array(combined)).utf8)
    }

    /// What ``OutputPolicy/Action/encrypt`` put in a value's place, opened: the value.
    ///
    /// `text` is what stands between `:` and `]` in `[CREDIT_CARD:…]`. Throws ``PatternError`` when the text was made
    /// with another key or for another kind.
    public func decrypt(_ text: String, label: String) throws -> [UInt8] {
        guard let bytes = Base64URL.decode(text), let box = try? AES.GCM.SealedBox(combined: bytes),
            let value = try? AES.GCM.open(box, using: sealing, authenticating: Array(label.utf8))
        else { throw PatternError(.file, "not a value that this key encrypted as `\(label)`") }
        return Array(value)
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        Array(Hexadecimal.text(bytes).utf8)
    }
}

/// Base64 for URLs (RFC 4648, section 5), without padding.
enum Base64URL {
    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func decode(_ text: String) -> [UInt8]? {
        var plain = text.replacing("-", with: "+").replacing("_", with: "/")
        while plain.utf8.count % 4 != 0 { plain += "=" }
        return Data(base64Encoded: plain).map(Array.init)
    }
}
