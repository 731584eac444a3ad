import SPIFFE

/// What a workload must be for an entry to be its own, in SPIRE's notation: `unix:uid:1000`, `unix:path:/usr/bin/python3`,
/// `model:digest:sha256:…`.
public struct Selector: Hashable, Sendable {
    /// What is compared.
    public enum Kind: String, Sendable, CaseIterable {
        /// The effective user id of the process that connected.
        case uid
        /// The name of that user.
        case user
        /// The effective group id.
        case gid
        /// The name of that group.
        case group
        /// One of the other groups, by id.
        case supplementaryGID = "supplementary_gid"
        /// One of the other groups, by name.
        case supplementaryGroup = "supplementary_group"
        /// The absolute path of the executable.
        case path
        /// The SHA-256 of the executable, 64 digits of hexadecimal in lower case.
        case sha256
        /// The digest of the manifest of a model that the process has loaded.
        case modelDigest = "digest"
        /// Who signed a model that the process has loaded.
        case modelSigner = "signer"
        /// That the process has loaded any model that its loader verified.
        case modelVerified = "verified"

        /// Whether it is about the model that a process has loaded, as its loader proves.
        public var isModel: Bool {
            switch self {
            case .modelDigest, .modelSigner, .modelVerified: true
            default: false
            }
        }
    }

    /// What is compared.
    public let kind: Kind
    /// What it must be.
    public let value: String

    /// A selector whose value is of the right form already, as attestation makes them.
    init(_ kind: Kind, _ value: String) {
        self.kind = kind
        self.value = value
    }

    /// Parses `unix:KIND:VALUE`, `model:KIND:VALUE` or `model:verified`, and refuses a value that nothing could ever have.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument`.
    public init(_ text: String) throws(IdentityError) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let kind = Kind(rawValue: String(parts[1])),
            parts[0] == (kind.isModel ? "model" : "unix"), parts.count == (kind == .modelVerified ? 2 : 3)
        else {
            let kinds = Kind.allCases.filter { !$0.isModel }.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            throw IdentityError(
                .invalidArgument,
                "`\(text.prefix(120))` is no selector; expected `unix:KIND:VALUE` with a kind of \(kinds), or "
                    + "`model:digest:sha256:…`, `model:signer:NAME`, `model:verified`"
            )
        }
        let value = parts.count == 3 ? String(parts[2]) : ""
        if let expected = Self.expectation(of: value, for: kind) {
            throw IdentityError(.invalidArgument, "`\(text.prefix(120))` can never match: \(expected)")
        }
        self.init(kind, value)
    }

    /// What the value should have been, or nil where it is right.
    private static func expectation(of value: String, for kind: Kind) -> String? {
        switch kind {
        case .uid, .gid, .supplementaryGID:
            // Written as the kernel counts: no sign, no leading zero; the highest means "no id".
            guard let id = UInt32(value), id != .max, String(id) == value else {
                return "expected a number such as `1000`"
            }
        case .user, .group, .supplementaryGroup:
            guard (1...256).contains(value.utf8.count),
                !value.utf8.contains(where: { $0 <= 0x20 || $0 == 0x3a || $0 == 0x7f })
            else { return "expected a name" }
        case .path:
            let segments = value.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            guard value.utf8.first == UInt8(ascii: "/"), value.utf8.count <= 4096, !value.utf8.contains(0),
                segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
            else { return "expected an absolute path without `.`, `..` or doubled slashes" }
        case .sha256:
            guard value.utf8.count == 64,
                value.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
            else { return "expected 64 digits of hexadecimal in lower case" }
        case .modelDigest:
            guard ModelClaim.isDigest(value) else {
                return "expected `sha256:` and 64 digits of hexadecimal in lower case"
            }
        case .modelSigner:
            guard ModelClaim.isSigner(value) else { return "expected the name of who signed the model" }
        case .modelVerified: break
        }
        return nil
    }
}

extension Selector: CustomStringConvertible {
    /// The notation.
    public var description: String {
        switch kind {
        case .modelVerified: "model:verified"
        case .modelDigest, .modelSigner: "model:\(kind.rawValue):\(value)"
        default: "unix:\(kind.rawValue):\(value)"
        }
    }
}
