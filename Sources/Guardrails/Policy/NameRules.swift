/// Which names are allowed: those of models, parameters or tools.
public struct NameRules: Hashable, Sendable {
    /// The names that are allowed, in which `*` stands for any characters; nil where all are.
    public var allow: [String]?
    /// The names that are not, whatever else says that they are.
    public var deny: [String]

    /// Rules.
    public init(allow: [String]? = nil, deny: [String] = []) {
        self.allow = allow
        self.deny = deny
    }

    /// Whether a name is allowed.
    public func allows(_ name: String) -> Bool {
        if deny.contains(where: { Self.matches($0, name) }) { return false }
        guard let allow else { return true }
        return allow.contains { Self.matches($0, name) }
    }

    /// Whether there is nothing to look for.
    var isEmpty: Bool { allow == nil && deny.isEmpty }

    /// Compares byte by byte; going back to the last `*` alone is enough, so that the time is bounded by the product of
    /// both lengths.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        let (pattern, name) = (Array(pattern.utf8), Array(name.utf8))
        var (p, n) = (0, 0)
        var star: (p: Int, n: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = (p, n)
                p += 1
            } else if p < pattern.count, pattern[p] == name[n] {
                p += 1
                n += 1
            } else if let last = star {
                star = (last.p, last.n + 1)
                p = last.p + 1
                n = last.n + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
