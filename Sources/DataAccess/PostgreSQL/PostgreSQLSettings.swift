extension PostgreSQLState {
    /// A setting's name, of which an extension's has a prefix.
    static func parameter(_ name: String) -> String {
        name.unicodeScalars.split(separator: ".", omittingEmptySubsequences: false)
            .map { SQLText.identifier(String($0)) }.joined(separator: ".")
    }

    /// The name and the value of `name=value`, as the catalog keeps a setting.
    ///
    /// Roles may set their own, so the value may begin with anything: the bytes are looked at, since Swift takes `=` with a
    /// combining mark after it for another character.
    static func parts(of setting: String) -> (name: String, value: String) {
        guard let index = setting.utf8.firstIndex(of: UInt8(ascii: "=")) else { return (setting, "") }
        return (String(setting[..<index]), String(setting[setting.utf8.index(after: index)...]))
    }

    /// A setting's value, as `SET` takes it: the settings that PostgreSQL keeps as lists of quoted names become lists of
    /// texts, and all else one text.
    static func setting(_ value: String, of name: String) -> String {
        guard lists.contains(name.lowercased()), let elements = elements(of: value) else {
            return SQLText.literal(value)
        }
        return elements.map(SQLText.literal).joined(separator: ", ")
    }

    /// The settings whose value is a list of names, each quoted where it has to be.
    private static let lists: Set = [
        "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
        "temp_tablespaces", "unix_socket_directories",
    ]

    /// The elements of a list of names; nil where it is none.
    private static func elements(of value: String) -> [String]? {
        let space = UInt8(ascii: " ")
        let quote = UInt8(ascii: "\"")
        let comma = UInt8(ascii: ",")
        var rest = Array(value.utf8)[...]
        var elements: [String] = []
        while true {
            rest = rest.drop { $0 == space }
            var element: [UInt8] = []
            if rest.first == quote {
                rest.removeFirst()
                while true {
                    guard let byte = rest.popFirst() else { return nil }
                    if byte == quote {
                        guard rest.first == quote else { break }
                        rest.removeFirst()
                    }
                    element.append(byte)
                }
            } else {
                element = Array(rest.prefix { $0 != comma && $0 != space && $0 != quote })
                guard !element.isEmpty else { return nil }
                rest = rest.dropFirst(element.count)
            }
            elements.append(String(decoding: element, as: UTF8.self))
            rest = rest.drop { $0 == space }
            guard let next = rest.popFirst() else { return elements }
            guard next == comma else { return nil }
        }
    }
}
