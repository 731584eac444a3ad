import Crypto
import ZeroTrust

/// The names by which PostgreSQL knows a component.
enum PostgreSQLNames {
    /// How many bytes a role's name may have: PostgreSQL takes 63, a common name 64, and policies are named after roles.
    static let maximumRole = 48

    /// The login role of a component: `c_` and its name with `_` for what is no letter or digit.
    ///
    /// A name that changes on the way has a part of its digest at the end, so that no two components share a role:
    /// `api-gateway` and `api.gateway` become different ones. A plain `-` is common and needs none, as names of an estate
    /// with `-` and `_` in the same place are told apart by `isAmbiguous`.
    static func role(_ component: String, isAmbiguous: Bool) -> String {
        let plain = "c_" + component.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        guard isAmbiguous || plain.utf8.count > maximumRole else { return plain }
        let digest = Hexadecimal.text(SHA256.hash(data: Array(component.utf8)).prefix(5))
        return plain.prefix(maximumRole - 11) + "_" + digest
    }

    /// The roles of some components, in their order, each different.
    static func roles(_ components: [String]) -> [String] {
        var counts: [String: Int] = [:]
        for component in components { counts[role(component, isAmbiguous: false), default: 0] += 1 }
        return components.map { role($0, isAmbiguous: counts[role($0, isAmbiguous: false), default: 0] > 1) }
    }

    /// The subject of a component's certificate: its role, its namespace and the trust domain, the most specific first.
    ///
    /// - Throws: ``PostgreSQLModelError`` where a part is longer than the 64 characters of RFC 5280 appendix A.1.
    static func subject(role: String, namespace: String?, trustDomain: String) throws(PostgreSQLModelError) -> String {
        let parts = [("CN", role)] + (namespace.map { [("OU", $0)] } ?? []) + [("O", trustDomain)]
        for (attribute, value) in parts {
            // What RFC 2253 would escape is in no Kubernetes namespace and no trust domain.
            let isPlain = value.utf8.allSatisfy {
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || "-._".utf8.contains($0)
            }
            guard isPlain, (1...64).contains(value.utf8.count) else {
                throw PostgreSQLModelError(
                    .invalidName,
                    "`\(value.prefix(120))` cannot be the \(attribute) of a certificate that PostgreSQL maps to a role: at "
                        + "most 64 lower-case letters, digits, `-`, `.` and `_`"
                )
            }
        }
        return parts.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
    }
}
