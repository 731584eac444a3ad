import SwiftASN1

/// Writes PEM files.
enum PEMText {
    /// One `CERTIFICATE` block for each.
    static func certificates(_ der: [[UInt8]]) -> String {
        der.map { PEMDocument(type: PEMBlocks.certificate, derBytes: $0).pemString + "\n" }.joined()
    }
}
