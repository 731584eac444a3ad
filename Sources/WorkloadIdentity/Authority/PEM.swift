import FoundationEssentials
import SwiftASN1

/// The textual encoding of certificates and keys (RFC 7468).
package enum PEM {
    /// One block.
    package struct Block {
        /// The label: `CERTIFICATE`.
        package let type: String
        /// What it holds.
        package let der: [UInt8]
    }

    /// The blocks of a text; nothing where it is malformed.
    package static func decode(_ text: String) -> [Block] {
        guard let documents = try? PEMDocument.parseMultiple(pemString: text) else { return [] }
        return documents.map { Block(type: $0.discriminator, der: $0.derBytes) }
    }

    /// One block as text, with the line end after it.
    package static func encode(_ der: [UInt8], type: String) -> String {
        PEMDocument(type: type, derBytes: der).pemString + "\n"
    }
}
