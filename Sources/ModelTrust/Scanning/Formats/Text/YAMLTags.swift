/// The tags that a YAML document may have, and those that make a loader run code.
enum YAMLTags {
    private static let core: Set<String> = [
        "str", "int", "float", "bool", "null", "map", "seq", "binary", "timestamp", "set", "omap", "pairs", "merge",
        "value",
    ].reduce(into: []) { $0.insert("tag:yaml.org,2002:\($1)") }

    /// What tags that make objects look like in the text.
    private static let hostile = [
        "!!python/", "!python/", "tag:yaml.org,2002:python", "!ruby/", "!!ruby/", "tag:ruby.yaml.org", "!!java",
        "!!com.",
        "!!org.", "!php/",
    ].map { (text: $0, bytes: Array($0.utf8)) }

    private static let makers = ["python", "ruby", "java", "php", "com.", "org.", "net."].map { Array($0.utf8) }

    /// Those that a text holds.
    static func hostile(in bytes: [UInt8]) -> [String] {
        let tags = hostile
        var found: Set<String> = []
        // Each begins with one of two letters, so that a text is gone through once.
        for index in bytes.indices where bytes[index] == UInt8(ascii: "!") || bytes[index] == UInt8(ascii: "t") {
            // `t` is in every word, and `ta` in few.
            if bytes[index] == UInt8(ascii: "t"), index + 1 == bytes.count || bytes[index + 1] != UInt8(ascii: "a") {
                continue
            }
            for tag in tags where bytes.holds(tag.bytes, at: index) { found.insert(tag.text) }
        }
        return tags.map(\.text).filter(found.contains)
    }

    /// Whether a tag is one of the core schema's, or only says that there is none.
    static func isCore(_ tag: String) -> Bool { tag.isEmpty || tag == "!" || tag == "?" || core.contains(tag) }

    /// Whether a tag makes an object of a class that it names.
    static func makesObjects(_ tag: String) -> Bool {
        let bytes = Array(tag.utf8)
        return makers.contains { bytes.holds($0) }
    }
}
