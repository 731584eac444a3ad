extension BlastEvidence {
    /// What Lapwing would write for an estate, parsed back: AWS policies and what PostgreSQL's catalog would say.
    ///
    /// - Throws: ``AWSEmitter/Failure``, ``PostgreSQLModelError`` or `ResourceError` where it cannot be written.
    public init(generatedFor estate: Estate) throws {
        if estate.enforcement.aws != nil { aws = try AWSArtifacts(generatedFor: estate) }
        for database in estate.postgresDatabases {
            let model = try PostgreSQLModel(estate, database: database)
            postgres[database] = PostgreSQLCatalog(
                state: model.state,
                hostRules: PostgreSQLHostFile.rules(model.hostRules),
                nameMaps: PostgreSQLHostFile.maps(model.nameMaps)
            )
        }
    }
}

extension AWSArtifacts {
    /// What Lapwing would write for an estate, parsed back.
    ///
    /// - Throws: ``AWSEmitter/Failure`` where it cannot be written.
    public init(generatedFor estate: Estate) throws {
        let files = try AWSEmitter(estate).files().map { ($0.path, Array($0.text.utf8)) }
        try self.init(files: Dictionary(files) { first, _ in first }, estate: estate)
    }
}

/// Reads `pg_hba.conf` and `pg_ident.conf` as far as Lapwing writes them: one line each, without continuation or inclusion.
enum PostgreSQLHostFile {
    /// The rules, with their lines.
    static func rules(_ text: String) -> [PostgreSQLHostRule] {
        lines(text).compactMap { line, words in
            guard words.count >= 4 else { return nil }
            let isLocal = words[0] == "local"
            guard words.count >= (isLocal ? 4 : 5) else { return nil }
            return PostgreSQLHostRule(
                line: line,
                type: words[0],
                databases: names(words[1]),
                users: names(words[2]),
                address: isLocal ? nil : words[3],
                method: words[isLocal ? 3 : 4],
                options: Array(words.dropFirst(isLocal ? 4 : 5))
            )
        }
    }

    /// The maps, with their lines.
    static func maps(_ text: String) -> [PostgreSQLNameMap] {
        lines(text).compactMap { line, words in
            guard words.count == 3 else { return nil }
            return PostgreSQLNameMap(line: line, map: words[0], subject: plain(words[1]), role: plain(words[2]))
        }
    }

    private static func names(_ word: String) -> [String] {
        var names = [""]
        var isQuoted = false
        for character in word.unicodeScalars {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted {
                names.append("")
            } else {
                names[names.count - 1].unicodeScalars.append(character)
            }
        }
        return names.map(plain)
    }

    private static func plain(_ word: String) -> String { word.replacing("\"", with: "") }

    private static func lines(_ text: String) -> [(Int, [String])] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            var words = [""]
            var isQuoted = false
            for character in line.unicodeScalars {
                if character == "#", !isQuoted { break }
                if character == "\"" { isQuoted.toggle() }
                if character == " ", !isQuoted {
                    words.append("")
                } else {
                    words[words.count - 1].unicodeScalars.append(character)
                }
            }
            words.removeAll(where: \.isEmpty)
            return words.isEmpty ? nil : (index + 1, words)
        }
    }
}
