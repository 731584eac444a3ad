/// An element of `Action` or `NotAction`: `s3:Get*`, or `*`.
///
/// Upper and lower case are the same. The service is written out; wildcards stand in the action. `*:*` is `*`.
public struct ActionPattern: Hashable, Sendable {
    /// The pattern as written.
    public let source: String
    /// The service in lower case; nil for `*`.
    let service: String?
    /// The action in lower case.
    let action: Glob

    /// A pattern; one that cannot be meant matches nothing.
    public init(_ source: String) {
        self.source = source
        let lower = source.lowercased()
        guard lower != "*:*" else {
            self.service = nil
            self.action = Glob(tokens: [Glob.star])
            return
        }
        guard let colon = lower.firstIndex(of: ":") else {
            let isAll = !lower.isEmpty && lower.allSatisfy { $0 == "*" }
            self.service = isAll ? nil : lower
            self.action = isAll ? Glob(tokens: [Glob.star]) : Glob(literal: "")
            return
        }
        self.service = String(lower[..<colon])
        self.action = Glob(lower[lower.index(after: colon)...])
    }

    /// Whether an action such as `s3:GetObject` is meant.
    public func matches(_ requested: String) -> Bool { matches(ActionName(requested)) }

    func matches(_ name: ActionName) -> Bool {
        guard let service else { return true }
        return service == name.service && !name.action.isEmpty && action.matches(name.action)
    }

    /// What AWS would refuse about it.
    static func problem(with text: String) -> String? {
        guard text != "*", text != "*:*" else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let isAllowed = { (byte: UInt8) in
            switch byte | 0x20 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): true
            default: "0123456789-*?".utf8.contains(byte)
            }
        }
        guard parts.count == 2, !parts[1].isEmpty, !parts[0].isEmpty, parts[1].utf8.allSatisfy(isAllowed),
            parts[0].utf8.allSatisfy({ isAllowed($0) && !"*?".utf8.contains($0) })
        else { return "`\(text.prefix(80))` is no action; expected `SERVICE:ACTION` or `*`" }
        return nil
    }
}

/// An action of a request, in lower case.
struct ActionName: Hashable, Sendable {
    let service: String
    let action: [UInt8]

    init(_ text: String) {
        let lower = text.lowercased()
        guard let colon = lower.firstIndex(of: ":") else {
            self.service = lower
            self.action = []
            return
        }
        self.service = String(lower[..<colon])
        self.action = Array(lower[lower.index(after: colon)...].utf8)
    }
}
