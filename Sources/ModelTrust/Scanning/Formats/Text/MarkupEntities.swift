/// What XML and HTML can hold that makes a reader fetch or run something: PMML and OpenVINO's models are XML.
enum MarkupEntities {
    private static let hostile = [
        "<!entity", "<!doctype", "<script", "<?php", "<?xml-stylesheet", "xi:include", "javascript:",
    ]
    /// A document type that names no file.
    private static let plain = "<!doctype html>"

    /// The first of them, where a text is markup.
    static func first(in text: PlainText) -> String? {
        let spaces: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        guard text.bytes.first(where: { !spaces.contains($0) }) == UInt8(ascii: "<") else { return nil }
        let lower = text.text.lowercased().replacing(plain, with: "")
        return hostile.first { lower.contains($0) }
    }
}
