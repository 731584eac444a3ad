/// A trust domain: the administrative realm whose authority vouches for the identities in it (SPIFFE-ID §2.1).
///
/// The name is 1 to 255 bytes of `a-z`, `0-9`, `.`, `-` and `_`. It may look like a DNS name or an IPv4 address and is
/// treated no differently for it.
public struct TrustDomain: Hashable, Sendable {
    /// The name alone, without a scheme: `cluster.local`.
    public let name: String

    /// The longest name allowed, in bytes (SPIFFE-ID §2.3).
    public static let maximumLength = 255

    /// Parses a bare name such as `cluster.local`.
    ///
    /// - Throws: ``SPIFFEIDError`` naming the first rule that the text breaks.
    public init(_ name: String) throws(SPIFFEIDError) {
        guard !name.isEmpty else { throw .missingTrustDomain }
        guard name.utf8.count <= Self.maximumLength else { throw .trustDomainTooLong(name.utf8.count) }
        for byte in name.utf8 where !Self.allows(byte) { throw .badTrustDomainCharacter(byte) }
        self.name = name
    }

    /// Parses a bare name, or takes the trust domain of a SPIFFE ID: `cluster.local` or `spiffe://cluster.local/ns/ml-api`.
    ///
    /// - Throws: ``SPIFFEIDError`` naming the first rule that the text breaks.
    public init(nameOrID text: String) throws(SPIFFEIDError) {
        self = text.utf8.contains(UInt8(ascii: ":")) ? try SPIFFEID(text).trustDomain : try TrustDomain(text)
    }

    /// Parses what a person wrote in a configuration, where upper case means lower case (SPIFFE-ID §2.4).
    ///
    /// Never for what a peer sent.
    ///
    /// - Throws: ``SPIFFEIDError`` naming the first rule that the text breaks.
    public init(normalizing text: String) throws(SPIFFEIDError) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            self = try SPIFFEID(normalizing: text).trustDomain
        } else {
            self = try TrustDomain(ASCII.lowercased(text))
        }
    }

    /// The SPIFFE ID of the trust domain itself, which its authorities carry: `spiffe://cluster.local`.
    public var id: SPIFFEID { SPIFFEID(trustDomain: self) }

    static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension TrustDomain: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}
