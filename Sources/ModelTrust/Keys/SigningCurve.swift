import SwiftASN1

/// The curves of keys that may sign models (OMS algorithm registry).
public enum SigningCurve: String, Hashable, Sendable, CaseIterable {
    /// secp256r1, with SHA-256.
    case p256 = "P-256"
    /// secp384r1, with SHA-384.
    case p384 = "P-384"
    /// secp521r1, with SHA-512.
    case p521 = "P-521"

    /// The length of a coordinate, in bytes.
    var length: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    private var identifier: ASN1ObjectIdentifier {
        switch self {
        case .p256: [1, 2, 840, 10045, 3, 1, 7]
        case .p384: [1, 3, 132, 0, 34]
        case .p521: [1, 3, 132, 0, 35]
        }
    }

    /// The curve of a key's algorithm (RFC 5480 §2.1.1).
    ///
    /// - Throws: ``ModelRefusal`` for every other kind of key.
    init(algorithm: ASN1Node) throws(ModelRefusal) {
        guard case .constructed(let parts) = algorithm.content else { throw Self.refuse("is of an unknown kind") }
        let identifiers = parts.map { try? ASN1ObjectIdentifier(derEncoded: $0) }
        switch identifiers.first ?? nil {
        case [1, 2, 840, 113_549, 1, 1, 1]: throw Self.refuse("is an RSA key")
        case [1, 3, 101, 112]: throw Self.refuse("is an Ed25519 key")
        case [1, 2, 840, 10045, 2, 1]: break
        default: throw Self.refuse("is of an unknown kind")
        }
        guard identifiers.count == 2, let identifier = Array(parts).last else {
            throw Self.refuse("is on another curve")
        }
        try self.init(identifier: identifier)
    }

    /// The curve that an object identifier names.
    init(identifier node: ASN1Node) throws(ModelRefusal) {
        let identifier = try? ASN1ObjectIdentifier(derEncoded: node)
        guard let curve = Self.allCases.first(where: { $0.identifier == identifier }) else {
            throw Self.refuse("is on another curve")
        }
        self = curve
    }

    private static func refuse(_ what: String) -> ModelRefusal {
        ModelRefusal(.keyType, "the key \(what); models are signed by keys on P-256, P-384 and P-521")
    }
}
