public import ZeroTrust

/// The identities and certificates that an authority no longer vouches for, although they have not expired.
///
/// SPIFFE has no revocation of its own: it lets short lives do the work. This is for the hour that is left.
public struct RevocationSet: Hashable, Sendable {
    /// Identities of which no certificate is accepted.
    public let ids: Set<SPIFFEID>
    /// The serial numbers of certificates that are not accepted, as ``serialNumber(_:)`` writes them, and the `jti` of
    /// tokens, which are hexadecimal numbers too: 128 bits by chance, so that none is another's.
    public let serialNumbers: Set<String>

    /// A set; nothing is revoked unless it is named.
    ///
    /// - Parameters:
    ///   - ids: identities of which no certificate is accepted.
    ///   - serialNumbers: serial numbers in hexadecimal; what is no number is left out.
    public init(ids: Set<SPIFFEID> = [], serialNumbers: Set<String> = []) {
        self.ids = ids
        self.serialNumbers = Set(serialNumbers.compactMap(Self.serialNumber))
    }

    /// Whether a peer is no longer to be believed.
    public func revokes(_ peer: Peer) -> Bool {
        ids.contains(peer.id) || revokes(number: peer.serialNumber)
    }

    /// Whether a certificate with this serial number, or a token with this `jti`, is no longer to be believed.
    public func revokes(number: String) -> Bool {
        guard !serialNumbers.isEmpty, let number = Self.serialNumber(number) else { return false }
        return serialNumbers.contains(number)
    }

    /// A serial number in the one form that is compared: lower-case hexadecimal without leading zeros.
    ///
    /// Takes what tools print, in either case and with colons; returns nil for anything else, and for more than the 20
    /// bytes that a serial number may have (RFC 5280 §4.1.2.2).
    public static func serialNumber(_ text: String) -> String? {
        let digits = text.lowercased().filter { $0 != ":" }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        let significant = digits.drop { $0 == "0" }
        guard significant.utf8.count <= 40 else { return nil }
        return significant.isEmpty ? "0" : String(significant)
    }
}
