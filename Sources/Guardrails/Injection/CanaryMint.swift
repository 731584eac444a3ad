public import Crypto

/// Makes tokens that tell who leaked: each is bound to a caller, a route and a day.
///
/// A gateway puts one into the system prompt. Where it is seen in an answer, in a tool's argument or on the open web,
/// the prompt was shown, and to whom.
///
/// ```swift
/// let mint = CanaryMint(key: key)
/// let token = mint.token(caller: "spiffe://example.org/app", route: "chat", day: 20_782)
/// token.text                       // "lw" and 26 letters and digits
/// token.range(in: "it says TOKEN") // where it stands, also reversed, in rot13, base 64 or hexadecimal
/// ```
public struct CanaryMint: Sendable {
    private let key: SymmetricKey

    /// - Parameter key: a secret of at least 128 bits that only the gateways have.
    public init(key: SymmetricKey) {
        self.key = key
    }

    /// The token of a caller on a route on a day.
    ///
    /// - Parameters:
    ///   - caller: the caller's SPIFFE ID.
    ///   - route: the route's name.
    ///   - day: days since 1970-01-01, UTC.
    /// - Returns: the token, the same each time.
    public func token(caller: String, route: String, day: Int) -> CanaryToken {
        // Lengths first, so that no two triples are one message.
        var message = "lapwing canary 1\n\(caller.utf8.count) \(route.utf8.count) \(day)\n"
        message += caller
        message += route
        let code = HMAC<SHA256>.authenticationCode(for: Array(message.utf8), using: key)
        return CanaryToken(bytes: Array(code.prefix(16)))
    }
}

/// A canary, and all the ways in which a model may write it.
public struct CanaryToken: Sendable, Hashable {
    /// The token as it stands in the prompt: `lw` and 26 of the letters a to z and digits 2 to 7.
    public let text: String
    private let value: GuardedValue

    init(bytes: [UInt8]) {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        var word = Array("lw".utf8)
        var held: UInt32 = 0
        var count: UInt32 = 0
        for byte in bytes + [0] {
            held = held << 8 | UInt32(byte)
            count += 8
            while count >= 5, word.count < 28 {
                count -= 5
                word.append(alphabet[Int(held >> count & 31)])
            }
            held &= (1 << count) - 1
        }
        text = String(decoding: word, as: UTF8.self)
        value = GuardedValue(text)
    }

    /// The bytes of a text in which the token stands, in any of its forms; nil where it does not.
    public func range(in text: String) -> Range<Int>? { value.range(in: text) }
}
