import ZeroTrust

/// The matchers of Envoy's configuration, as Istio makes them of a policy's values.
enum EnvoyMatcher {
    /// `*`, `*x`, `x*` or `x`, tried in this order.
    static func string(_ text: String, ignoringCase: Bool = false) -> ExportValue {
        let fold: ExportValue? = ignoringCase ? .bool(true) : nil
        if text == "*" { return regex(".+") }
        if text.hasPrefix("*") {
            return .object(["suffix": .string(String(text.dropFirst())), "ignoreCase": fold])
        }
        if text.hasSuffix("*") {
            return .object(["prefix": .string(String(text.dropLast())), "ignoreCase": fold])
        }
        return .object(["exact": .string(text), "ignoreCase": fold])
    }

    static func exact(_ text: String) -> ExportValue { .object(["exact": .string(text)]) }
    static func prefix(_ text: String) -> ExportValue { .object(["prefix": .string(text)]) }
    static func suffix(_ text: String) -> ExportValue { .object(["suffix": .string(text)]) }
    static func regex(_ text: String) -> ExportValue {
        .object(["safeRegex": .object(["regex": .string(text)])])
    }

    /// A principal, to which its scheme is added; a suffix becomes an expression, since the scheme comes first.
    static func principal(_ text: String) -> ExportValue {
        if text == "*" { return regex(".+") }
        if text.hasPrefix("*") { return regex("spiffe://.*" + quoted(String(text.dropFirst()))) }
        if text.hasSuffix("*") { return prefix("spiffe://" + text.dropLast()) }
        return exact("spiffe://" + text)
    }

    /// A namespace anywhere in the name.
    static func namespace(_ text: String) -> ExportValue {
        let parts = text.split(separator: "*", omittingEmptySubsequences: false).map { quoted(String($0)) }
        return regex(".*/ns/\(parts.joined(separator: ".*"))/.*")
    }

    /// A service account, with its namespace or in the policy's.
    static func serviceAccount(_ text: String, in namespace: String) -> ExportValue {
        let parts = ServiceAccountName(text, in: namespace)
        return regex("spiffe://.+/ns/\(quoted(parts.namespace))/(.+/|)sa/\(quoted(parts.name))(/.+)?")
    }

    /// A trust domain.
    static func trustDomain(_ text: String) -> ExportValue {
        if text == "*" { return prefix("spiffe://") }
        guard text.contains("*") else { return prefix("spiffe://\(text)/") }
        let parts = text.split(separator: "*", omittingEmptySubsequences: false).map { quoted(String($0)) }
        return regex("spiffe://\(parts.joined(separator: "[^/]*"))/.*")
    }

    /// A header, by its name as written.
    static func header(_ name: String, _ value: String, ignoringCase: Bool = false) -> ExportValue {
        guard value != "*" else { return .object(["name": .string(name), "presentMatch": .bool(true)]) }
        return .object(["name": .string(name), "stringMatch": string(value, ignoringCase: ignoringCase)])
    }

    /// A block of addresses; the address is the one written, the bits past the prefix included.
    static func addresses(_ text: String) -> ExportValue? {
        guard let (address, length) = AddressText.parse(text) else { return nil }
        return .object(["addressPrefix": .string(address.description), "prefixLen": .number(length)])
    }

    /// What a filter noted, by the keys that lead to it.
    static func metadata(filter: String, path: [String], value: ExportValue) -> ExportValue {
        .object([
            "filter": .string(filter),
            "path": .list(path.map { .object(["key": .string($0)]) }),
            "value": value,
        ])
    }

    /// Any of some matchers of a value; of one, that one.
    static func any(_ matchers: [ExportValue]) -> ExportValue {
        if matchers.count == 1, let only = matchers.first { return only }
        return .object(["orMatch": .object(["valueMatchers": .list(matchers)])])
    }

    /// A text in which no character has a meaning in a regular expression.
    static func quoted(_ text: String) -> String {
        String(text.flatMap { #"\.+*?()|[]{}^$"#.contains($0) ? ["\\", $0] : [$0] })
    }
}

/// A service account as a policy names it: `namespace/name`, or `name` in the policy's own namespace.
struct ServiceAccountName: Hashable, Sendable {
    let namespace: String
    let name: String

    init(_ text: String, in namespace: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        self.namespace = parts.count == 2 ? String(parts[0]) : namespace
        self.name = String(parts.last ?? "")
    }
}
