import Synchronization

/// The values behind the tokens of one caller's request, which that caller gets back and nobody else.
///
/// It lives as long as the request (or the conversation, where the caller keeps it), in memory only, and is never
/// written anywhere. A token is made of the key, the caller, the request and the value: the same value has the same
/// token throughout, and another caller's tokens mean nothing here.
///
/// ```swift
/// let vault = ValueVault(caller: peer.id.description, request: requestID)
/// // … filters that tokenise write into it …
/// let answer = vault.restore(answer)
/// ```
public final class ValueVault: Sendable {
    /// Who may have the values back.
    public let caller: String
    /// The request that they belong to.
    public let request: String
    /// The most values that it keeps; a value beyond is redacted instead.
    public let limit: Int
    /// Guards the values, by token.
    private let values = Mutex<[[UInt8]: [UInt8]]>([:])

    /// Makes an empty vault.
    public init(caller: String, request: String, limit: Int = 10_000) {
        self.caller = caller
        self.request = request
        self.limit = limit
    }

    /// How many values are in it.
    public var count: Int { values.withLock { $0.count } }

    /// The token for a value; nil when the vault is full.
    func token(for value: [UInt8], type: EntityType?, label: String, keys: OutputKeys) -> [UInt8]? {
        values.withLock { values in
            for attempt in 0..<16 {
                let stream = keys.stream(value, label: label, scope: "\(caller)\u{0}\(request)\u{0}\(attempt)")
                let token = TokenForm.token(for: value, type: type, label: label, stream: stream)
                if token == value { continue }
                if let known = values[token] {
                    if known == value { return token }
                    continue
                }
                guard values.count < limit else { return nil }
                values[token] = value
                return token
            }
            return nil
        }
    }

    /// A text with the values in the place of their tokens.
    ///
    /// The longest token at a place counts.
    public func restore(_ text: [UInt8]) -> [UInt8] {
        let known = values.withLock { $0 }
        guard !known.isEmpty else { return text }
        var byFirst: [UInt8: [[UInt8]]] = [:]
        for token in known.keys { byFirst[token[0], default: []].append(token) }
        for key in byFirst.keys { byFirst[key]?.sort { $0.count > $1.count } }
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var index = 0
        scan: while index < text.count {
            for token in byFirst[text[index]] ?? []
            where index + token.count <= text.count && text[index..<index + token.count].elementsEqual(token) {
                output += known[token] ?? []
                index += token.count
                continue scan
            }
            output.append(text[index])
            index += 1
        }
        return output
    }

    /// A text with the values in the place of their tokens.
    public func restore(_ text: String) -> String { String(decoding: restore(Array(text.utf8)), as: UTF8.self) }
}

/// What a token looks like: as the value did where something down the line checks its form.
enum TokenForm {
    static func token(for value: [UInt8], type: EntityType?, label: String, stream: [UInt8]) -> [UInt8] {
        switch type {
        case .creditCard: card(value, stream)
        case .phoneNumber, .usSSN, .usITIN, .usBankNumber: digits(value, stream, keeping: 0)
        case .emailAddress:
            Array("user-".utf8) + OutputKeys.hexadecimal(stream.prefix(6)) + Array("@example.invalid".utf8)
        default: Array("[\(label)-".utf8) + OutputKeys.hexadecimal(stream.prefix(6)) + [UInt8(ascii: "]")]
        }
    }

    /// A number of the same length and grouping that passes Luhn's check, of a range that is given to nobody
    /// (beginning with 9, ISO/IEC 7812-1: for national use).
    private static func card(_ value: [UInt8], _ stream: [UInt8]) -> [UInt8] {
        var token = digits(value, stream, keeping: 0)
        let places = token.indices.filter { UnitClass.isDigit(token[$0]) }
        guard let first = places.first, let last = places.last else { return token }
        token[first] = UInt8(ascii: "9")
        for check in UInt8(0)...9 {
            token[last] = 0x30 + check
            if Checksum.luhn(places.map { token[$0] - 0x30 }) { break }
        }
        return token
    }

    private static func digits(_ value: [UInt8], _ stream: [UInt8], keeping: Int) -> [UInt8] {
        var place = 0
        return value.map { byte in
            guard UnitClass.isDigit(byte) else { return byte }
            defer { place += 1 }
            return 0x30 + stream[place % stream.count] % 10
        }
    }
}
