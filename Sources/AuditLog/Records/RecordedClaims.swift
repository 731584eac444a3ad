import ZeroTrust

/// Chooses the claims that a record has room for, and writes them.
struct RecordedClaims {
    /// The bytes that are left for names and values.
    private var room: Int
    /// How many values were left out.
    private(set) var omitted = 0

    init(room: Int) { self.room = room }

    /// The claims that fit, whole values only, in the order of their names.
    mutating func fitting(_ claims: [String: RecordedToken.Claim]) -> [String: RecordedToken.Claim] {
        var kept: [String: RecordedToken.Claim] = [:]
        for (name, claim) in claims.sorted(by: { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }) {
            switch claim {
            case .text(let text): if takes(name, [text]) { kept[name] = claim }
            case .list(let texts): if takes(name, texts) { kept[name] = claim }
            case .members(let members):
                let inner = fitting(members)
                if !inner.isEmpty { kept[name] = .members(inner) }
            }
        }
        return kept
    }

    private mutating func takes(_ name: String, _ texts: [String]) -> Bool {
        let cost = texts.reduce(name.utf8.count + 4) { $0 + $1.utf8.count + 3 }
        guard cost <= room else {
            omitted += 1
            return false
        }
        room -= cost
        return true
    }

    /// Writes claims in canonical order (RFC 8785).
    static func write(_ claims: [String: RecordedToken.Claim], _ json: inout JSONWriter) {
        json.beginObject()
        for (name, claim) in claims.sorted(by: { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }) {
            json.name(of: name)
            switch claim {
            case .text(let text): json.string(text)
            case .list(let texts):
                json.beginArray()
                for text in texts { json.string(text) }
                json.endArray()
            case .members(let members): write(members, &json)
            }
        }
        json.endObject()
    }
}
