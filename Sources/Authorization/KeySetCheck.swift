import SPIFFE

/// Checks the form of a key set (RFC 7517) that is written out in a resource; it makes no keys.
enum KeySetCheck {
    /// The members that each type of key must have (RFC 7518 §6, RFC 8037 §2).
    private static let required: [String: [String]] = [
        "RSA": ["n", "e"], "EC": ["crv", "x", "y"], "OKP": ["crv", "x"], "oct": ["k"],
    ]
    /// The members that only the holder of the key may know.
    private static let secret = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    /// Why a text is no key set, or nil.
    static func problem(with text: String) -> String? {
        let value: StrictJSON
        do { value = try StrictJSON(Array(text.utf8)) } catch {
            return "expected a JSON Web Key Set, but at byte \(error.offset) \(error.message)"
        }
        guard let keys = keys(in: value) else {
            return "expected a JSON Web Key Set, an object with a list `keys`"
        }
        for (index, key) in keys.enumerated() {
            guard let members = key.object else { return "key \(index) is no object" }
            guard let type = members["kty"]?.string else { return "key \(index) has no `kty`" }
            guard let names = required[type] else {
                return "key \(index) has the unknown type `\(type.prefix(20))`; expected `RSA`, `EC`, `OKP` or `oct`"
            }
            for name in names {
                guard let text = members[name]?.string, !text.isEmpty else {
                    return "key \(index), of type `\(type)`, needs `\(name)`"
                }
            }
        }
        return nil
    }

    /// Whether a key set has a key that signs: a private or a symmetric one.
    static func holdsPrivateKey(_ text: String) -> Bool {
        guard let value = try? StrictJSON(Array(text.utf8)), let keys = keys(in: value) else { return false }
        return keys.contains { key in secret.contains { key.object?[$0] != nil } }
    }

    /// How many keys a set has; nil for what is no set.
    static func count(in text: String) -> Int? {
        (try? StrictJSON(Array(text.utf8))).flatMap { keys(in: $0)?.count }
    }

    /// The keys of a set, or the one key that stands alone.
    private static func keys(in value: StrictJSON) -> [StrictJSON]? {
        guard let members = value.object else { return nil }
        if let keys = members["keys"] { return keys.array }
        return members["kty"] == nil ? nil : [value]
    }
}
