import SwiftASN1

/// Short ways to the parts of DER that has no type of its own here.
extension ASN1Node {
    /// The parts of a constructed node; none of any other.
    var parts: [ASN1Node] {
        guard case .constructed(let parts) = content else { return [] }
        return Array(parts)
    }

    /// The bytes of a primitive node.
    var primitive: [UInt8]? {
        guard case .primitive(let bytes) = content else { return nil }
        return Array(bytes)
    }

    /// The object identifier that the node is.
    var objectIdentifier: ASN1ObjectIdentifier? { try? ASN1ObjectIdentifier(derEncoded: self) }

    /// Whether this is the context-specific node of a number.
    func isTagged(_ number: UInt) -> Bool {
        identifier == ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }
}
