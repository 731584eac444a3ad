import SwiftASN1

/// The blocks of a PEM file.
enum PEMBlocks {
    /// The longest PEM text that is looked at, in bytes.
    static let maximum = 4 * 1024 * 1024

    /// All blocks, in order; text between them is skipped.
    ///
    /// - Throws: ``SVIDError`` where a block is broken, or where there is text and no block in it.
    static func parse(_ text: String) throws(SVIDError) -> [PEMDocument] {
        guard text.utf8.count <= maximum else {
            throw SVIDError(.tooLarge, "the PEM text has \(text.utf8.count) bytes")
        }
        do {
            let blocks = try PEMDocument.parseMultiple(pemString: text)
            guard !blocks.isEmpty || text.allSatisfy(\.isWhitespace) else {
                throw SVIDError(.malformedPEM, "there is no PEM block")
            }
            return blocks
        } catch let error as SVIDError {
            throw error
        } catch {
            throw SVIDError(.malformedPEM, "a PEM block is broken")
        }
    }

    static let certificate = "CERTIFICATE"
    static let privateKey = "PRIVATE KEY"
}
