/// A namespace, and perhaps a service account, of a SPIFFE ID that has exactly the form that Istio issues.
///
/// Istio looks for `/ns/NAMESPACE/` anywhere in a name and under any trust domain; this reads the name's parts.
struct WorkloadPattern: Sendable {
    /// The namespace; `*` is any run of bytes in it.
    let namespace: [UInt8]
    /// The service account, or nil for any.
    let account: [UInt8]?
    /// The trust domains that count; empty for any.
    let trustDomains: [[UInt8]]

    /// Whether a name is of the form and has these parts.
    func matches(_ name: Span<UInt8>) -> Bool {
        let scheme = SPIFFEName.scheme
        guard name.hasBytes(scheme, at: 0) else { return false }
        let domain = scheme.count..<Self.end(of: name, from: scheme.count)
        guard name.hasBytes(Self.namespaceMark, at: domain.upperBound) else { return false }
        let space = domain.upperBound + Self.namespaceMark.count
        let spaceEnd = Self.end(of: name, from: space)
        guard name.hasBytes(Self.accountMark, at: spaceEnd) else { return false }
        let start = spaceEnd + Self.accountMark.count
        guard start < name.count, Self.end(of: name, from: start) == name.count else { return false }
        if let account {
            guard name.count - start == account.count, name.hasBytes(account, at: start) else { return false }
        }
        guard name.extracting(space..<spaceEnd).matches(glob: namespace) else { return false }
        if trustDomains.isEmpty { return true }
        for index in trustDomains.indices
        where trustDomains[index].count == domain.count && name.hasBytes(trustDomains[index], at: scheme.count) {
            return true
        }
        return false
    }

    private static let namespaceMark = Array("/ns/".utf8)
    private static let accountMark = Array("/sa/".utf8)

    private static func end(of name: Span<UInt8>, from start: Int) -> Int {
        var end = start
        while end < name.count, name[end] != UInt8(ascii: "/") { end += 1 }
        return end
    }
}
