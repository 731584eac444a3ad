import Foundation
import Resources
import Testing

@testable import Authorization

@Suite struct ExportValueTests {
    private static let hostile = [
        "", "plain", "a b", "true", "No", "1", "1.5", "-", "- a", "a: b", "#x", "a #b", "'", "\"", "\\", "*", "&a",
        "!a",
        "a\nb", "a\tb", "{", "[", "%", "@", "`", "spiffe://a/ns/b", "~", "null", "0x1f", "1e3", "é", "\u{2028}",
        "\u{7f}",
        ".+", "=", "<<", "y", "2026-01-01", "a:", ":a", "/**/a", "(?i)x|y", " ", " a ", "\u{85}",
    ]

    @Test(arguments: hostile)
    func `any text is read back from YAML and from JSON as it was`(_ text: String) throws {
        let value = ExportValue.object(["key": .string(text), "list": .list([.string(text), .list([.string(text)])])])
        for written in [value.yaml, value.json] {
            let read = try #require(try ResourceLoader.values(yaml: written, file: "x").first).mapping()
            #expect(try read[0].value.string() == text, "\(written)")
            #expect(try read[1].value.list { $0 }[0].string() == text)
        }
        struct Shape: Decodable { let key: String }
        #expect(try JSONDecoder().decode(Shape.self, from: Data(value.json.utf8)).key == text)
    }

    @Test(arguments: hostile)
    func `any key is read back as it was`(_ key: String) throws {
        let value = ExportValue.mapping([.init(key: key, value: .mapping([.init(key: "a", value: .number(1))]))])
        for written in [value.yaml, value.json] {
            let read = try #require(try ResourceLoader.values(yaml: written, file: "x").first).mapping()
            #expect(read[0].key == key, "\(written)")
        }
    }

    @Test func `what is empty is written as empty, and lists of mappings in block style`() {
        let value = ExportValue.object([
            "a": .object([:]), "b": .list([]), "none": nil,
            "c": .list([.object(["d": .number(1), "e": .list([.bool(true)])]), .object([:])]),
        ])
        #expect(
            value.yaml == """
                a: {}
                b: []
                c:
                - d: 1
                  e:
                  - true
                - {}

                """
        )
    }
}
