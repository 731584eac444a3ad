import Resources
import SPIFFE
import ZeroTrust

/// Checks single values against what their attribute can ever hold.
enum ValueCheck {
    /// Why a value is refused, or nil.
    static func problem(with text: String, as subject: AuthorizationPolicy.Subject) -> String? {
        guard !text.isEmpty else { return "a value must not be empty" }
        switch subject {
        case .sourceIP, .remoteIP, .destinationIP:
            guard AddressBlock(text) == nil || hasPaddedLength(text) else { return nil }
            return "`\(text)` is no address and no block in CIDR form such as `10.0.0.0/8`"
        case .destinationPort:
            guard UInt16(text).map({ $0 > 0 && String($0) == text }) ?? false else {
                return "`\(text)` is no port; expected \"1\" to \"65535\""
            }
            return nil
        case .modelDigest:
            guard text != "*", !ModelClaim.isDigest(text) else { return nil }
            return "`\(text)` is no digest of a model; expected `sha256:` and 64 digits of hexadecimal in lower case"
        case .path: return pathProblem(text)
        case .serviceAccount: return serviceAccountProblem(text)
        case .trustDomain:
            let isSound = !text.contains("/") && text.count(where: { $0 == "*" }) <= 1
            let isAtEnd = !text.contains("*") || text.hasPrefix("*") || text.hasSuffix("*")
            guard !isSound || !isAtEnd else { return nil }
            return "`\(text)` is no trust domain; it has no `/` and at most one `*`, at one end"
        default: return nil
        }
    }

    /// Whether the length of a block's prefix begins with a zero that means nothing, which Istio does not read.
    private static func hasPaddedLength(_ text: String) -> Bool {
        text.split(separator: "/").dropFirst().contains { $0.hasPrefix("0") && $0 != "0" }
    }

    private static func pathProblem(_ text: String) -> String? {
        guard text.contains(where: { $0 == "{" || $0 == "}" }) else { return nil }
        do {
            _ = try PathTemplate(text)
            return nil
        } catch {
            return "`\(text)`: \(error)"
        }
    }

    private static func serviceAccountProblem(_ text: String) -> String? {
        if text.utf8.count > 320 { return "a service account has at most 320 characters" }
        if text.contains("*") { return "`\(text)`: service accounts have no wildcards" }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, !parts.contains("") else {
            return "`\(text)` is no service account; write `namespace/name`, or `name` for the policy's namespace"
        }
        return nil
    }

    /// What is probably not meant by a value that is accepted, and the lint rule that says so.
    struct Doubt {
        let rule: String
        let message: String
        /// The value that was probably meant.
        var meant: String?
    }

    /// Why a value that is accepted probably does not do what was meant, or nil.
    static func doubt(about text: String, as subject: AuthorizationPolicy.Subject) -> Doubt? {
        switch subject {
        case .principal where text.contains("spiffe://"):
            return Doubt(
                rule: "LW0001",
                message: "`\(text)` never matches; a principal is written without `spiffe://`",
                meant: text.replacing("spiffe://", with: "")
            )
        case .method where text != text.uppercased() && !text.contains("*"):
            return Doubt(
                rule: "LW0002",
                message: "`\(text)` never matches; methods are in upper case",
                meant: text.uppercased()
            )
        case .path where !text.hasPrefix("/") && !text.hasPrefix("*"):
            return Doubt(
                rule: "LW0003",
                message: "`\(text)` never matches; a path begins with `/`",
                meant: text.contains("://") ? nil : "/" + text
            )
        case .path where !PathTemplate.isTemplate(text) && text.dropFirst().dropLast().contains("*"):
            return Doubt(
                rule: "LW0004",
                message: "`*` inside `\(text)` is an ordinary character; use `{*}` for a segment"
            )
        case .path where text.contains("?") || text.contains("#"):
            return Doubt(
                rule: "LW0005",
                message: "`\(text)` never matches; paths are compared without their query"
            )
        default: return nil
        }
    }
}
