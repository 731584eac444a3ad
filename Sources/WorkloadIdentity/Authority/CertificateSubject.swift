package import X509

/// The subject of a certificate, for the peers that read it: PostgreSQL maps its common name to a role.
///
/// Written as `CN=feature-store,O=Example`: the attributes `CN`, `O`, `OU` and `C`, each at most once, without the
/// characters that RFC 4514 would escape.
public struct CertificateSubject: Hashable, Sendable {
    /// The attributes in the order written.
    public let attributes: [Attribute]

    /// One attribute and its value.
    public struct Attribute: Hashable, Sendable {
        /// What the attribute is.
        public enum Name: String, Sendable, CaseIterable {
            /// Common name.
            case commonName = "CN"
            /// Organisation.
            case organization = "O"
            /// Organisational unit.
            case organizationalUnit = "OU"
            /// Country, two letters.
            case country = "C"
        }

        /// What the attribute is.
        public let name: Name
        /// Its value.
        public let value: String
    }

    /// Parses `CN=…,O=…`.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument` for anything else.
    public init(_ text: String) throws(IdentityError) {
        var attributes: [Attribute] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let name = Attribute.Name(rawValue: Self.trimmed(sides[0])) else {
                throw Self.malformed(text, "expected attributes such as `CN=name,O=organisation` of CN, O, OU and C")
            }
            let value = Self.trimmed(sides[1])
            guard !attributes.contains(where: { $0.name == name }) else {
                throw Self.malformed(text, "`\(name.rawValue)` stands there twice")
            }
            // RFC 5280 appendix A.1: ub-common-name, ub-organization-name and ub-organizational-unit-name are 64.
            guard (1...64).contains(value.unicodeScalars.count), !value.unicodeScalars.contains(where: Self.isSpecial)
            else {
                throw Self.malformed(text, "the value of `\(name.rawValue)` must be 1 to 64 ordinary characters")
            }
            if name == .country {
                guard value.utf8.count == 2, value.utf8.allSatisfy({ (0x41...0x5a).contains($0) }) else {
                    throw Self.malformed(text, "a country is two capital letters")
                }
            }
            attributes.append(Attribute(name: name, value: value))
        }
        self.attributes = attributes
    }

    private static func malformed(_ text: String, _ reason: String) -> IdentityError {
        IdentityError(.invalidArgument, "`\(text.prefix(120))` is no certificate subject: \(reason)")
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    /// Controls, and what RFC 4514 §2.4 escapes.
    private static func isSpecial(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || "\"+,;<>\\=#".unicodeScalars.contains(scalar)
    }

    /// The name as it stands in a certificate.
    package func distinguishedName() throws -> DistinguishedName {
        // X.501 lists the largest realm first, the text the most specific.
        try DistinguishedName(
            attributes.reversed().map { attribute in
                switch attribute.name {
                case .commonName: .init(type: .RDNAttributeType.commonName, utf8String: attribute.value)
                case .organization: .init(type: .RDNAttributeType.organizationName, utf8String: attribute.value)
                case .organizationalUnit:
                    .init(type: .RDNAttributeType.organizationalUnitName, utf8String: attribute.value)
                case .country: try .init(type: .RDNAttributeType.countryName, printableString: attribute.value)
                }
            }
        )
    }
}

extension CertificateSubject: CustomStringConvertible {
    /// The text, without spaces around the separators.
    public var description: String { attributes.map { "\($0.name.rawValue)=\($0.value)" }.joined(separator: ",") }
}
