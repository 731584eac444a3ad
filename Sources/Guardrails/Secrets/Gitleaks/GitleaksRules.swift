import RegularExpressions
import Synchronization

/// The rules of secrets of a file in gitleaks' form, read as it is and applied as gitleaks does.
///
/// They are for whole texts: a file of rules knows keywords that may stand anywhere, and expressions of any width. What
/// is filtered as it streams goes by the built-in rules.
///
/// ```swift
/// let rules = try GitleaksRules(contentsOf: bytes, name: "gitleaks.toml")
/// for finding in rules.findings(in: text, path: "config.yaml") { … }
/// ```
public final class GitleaksRules: Sendable {
    /// What a rule found.
    public struct Finding: Sendable, Equatable {
        /// The rule's id.
        public let rule: String
        /// The bytes of the secret within the text.
        public let secret: Range<Int>
        /// The bytes of the whole match.
        public let match: Range<Int>
        /// The entropy of the secret, in bits for a byte.
        public let entropy: Double
    }

    struct Allowlist: Sendable {
        enum Target: String, Sendable { case secret, match, line }
        var regexes: [RegexProgram] = []
        var paths: [RegexProgram] = []
        var stopwords: [[UInt8]] = []
        var target = Target.secret
        var needsAll = false
        /// Whether it names commits, which a text has none of.
        var hasCommits = false
    }

    struct Rule: Sendable {
        let id: String
        let regex: RegexProgram?
        let path: RegexProgram?
        let entropy: Double
        let secretGroup: Int
        let keywords: [[UInt8]]
        let allowlists: [Allowlist]
    }

    let rules: [Rule]
    private let allowlists: [Allowlist]
    private let keywords: PatternDatabase?
    /// For each keyword of the database, the rules that it is of.
    private let rulesOfKeyword: [[Int]]
    /// The rules without a keyword.
    private let always: [Int]
    /// Guards the working memory that no one uses at the moment.
    private let scanners = Mutex<[Unowned]>([])

    private struct Unowned: @unchecked Sendable {
        // Sound: it is taken out of the list by one thread at a time, and put back when that is done with it.
        let scanner: PatternScanner
    }

    /// The ids of the rules.
    public var ids: [String] { rules.map(\.id) }

    /// Reads a file.
    ///
    /// Throws ``PatternError`` with line and column, or with the rule that does not compile.
    public init(contentsOf bytes: [UInt8], name: String) throws {
        let file = try TOMLReader.read(bytes, name: name)
        let known: Set = ["title", "minVersion", "description", "allowlist", "allowlists", "rules", "extend"]
        if let unknown = file.keys.sorted().first(where: { !known.contains($0) }) {
            throw PatternError(.file, "\(name): unknown setting `\(unknown)`")
        }
        guard file["extend"] == nil else {
            throw PatternError(.file, "\(name): `extend` names another file; give one file with all rules")
        }
        var reader = GitleaksReader(name: name)
        rules = try reader.rules(file["rules"])
        allowlists = try reader.allowlists(file["allowlist"], file["allowlists"], of: "the file")
        var words: [[UInt8]: [Int]] = [:]
        var always: [Int] = []
        for (index, rule) in rules.enumerated() {
            if rule.keywords.isEmpty { always.append(index) }
            for word in rule.keywords { words[word, default: []].append(index) }
        }
        self.always = always
        let sorted = words.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        rulesOfKeyword = sorted.map(\.value)
        keywords =
            sorted.isEmpty
            ? nil
            : try PatternDatabase(
                sorted.enumerated().map { index, entry in
                    PatternDatabase.Pattern(
                        id: UInt32(index),
                        expression: Self.escaped(entry.key),
                        ignoresCase: true,
                        reportsOnce: true
                    )
                },
                mode: .block
            )
    }

    private static func escaped(_ word: [UInt8]) -> String {
        "\\x" + word.map { String(decoding: OutputKeys.hexadecimal([$0]), as: UTF8.self) }.joined(separator: "\\x")
    }

    /// What is found in a text.
    ///
    /// `path` is the name of its file, where rules and allow-lists ask for one.
    public func findings(in text: [UInt8], path: String = "") throws -> [Finding] {
        let pathBytes = Array(path.utf8)
        if !path.isEmpty, allowlists.contains(where: { matches($0.paths, pathBytes) && !$0.needsAll }) { return [] }
        var candidates = Set(always)
        if let keywords {
            let scanner = try scanners.withLock { $0.popLast() }?.scanner ?? PatternScanner(keywords)
            defer { scanners.withLock { $0.append(Unowned(scanner: scanner)) } }
            for end in try scanner.matches(in: text) { candidates.formUnion(rulesOfKeyword[Int(end.pattern)]) }
        }
        var found: [Finding] = []
        for index in candidates.sorted() { found += findings(of: rules[index], in: text, path: pathBytes) }
        return found
    }

    private func findings(of rule: Rule, in text: [UInt8], path: [UInt8]) -> [Finding] {
        if let pattern = rule.path {
            var machine = RegexMachine(pattern)
            guard machine.first(in: path[...], from: 0) != nil else { return [] }
        }
        guard let regex = rule.regex else {
            return rule.path == nil ? [] : [Finding(rule: rule.id, secret: 0..<0, match: 0..<0, entropy: 0)]
        }
        var machine = RegexMachine(regex)
        var found: [Finding] = []
        for match in machine.matches(in: text[...]) {
            // Line ends around a match are no part of it.
            var whole = match.range
            while !whole.isEmpty, text[whole.lowerBound] == 0x0A { whole = whole.lowerBound + 1..<whole.upperBound }
            while !whole.isEmpty, text[whole.upperBound - 1] == 0x0A { whole = whole.lowerBound..<whole.upperBound - 1 }
            var secret = whole
            if regex.groups > 0 {
                // The groups are those of the match looked at on its own.
                let groups = machine.first(in: text[whole], from: whole.lowerBound)?.groups ?? []
                if rule.secretGroup > 0 {
                    guard rule.secretGroup <= groups.count, let group = groups[rule.secretGroup - 1] else { continue }
                    secret = group
                } else if let group = groups.compactMap({ $0 }).first(where: { !$0.isEmpty }) {
                    secret = group
                }
            }
            let entropy = Entropy.bits(text[secret])
            if rule.entropy > 0, entropy <= rule.entropy { continue }
            let all = rule.allowlists + allowlists
            if all.contains(where: { allows($0, secret: secret, match: whole, text: text, path: path) }) { continue }
            found.append(Finding(rule: rule.id, secret: secret, match: whole, entropy: entropy))
        }
        return found
    }

    private func allows(_ list: Allowlist, secret: Range<Int>, match: Range<Int>, text: [UInt8], path: [UInt8]) -> Bool
    {
        var checks: [Bool] = []
        if list.hasCommits { checks.append(false) }
        if !list.paths.isEmpty { checks.append(!path.isEmpty && matches(list.paths, path)) }
        if !list.regexes.isEmpty {
            let target: Range<Int>
            switch list.target {
            case .secret: target = secret
            case .match: target = match
            case .line:
                let start = (text[..<match.lowerBound].lastIndex(of: 0x0A) ?? -1) + 1
                target = start..<(text[match.upperBound...].firstIndex(of: 0x0A) ?? text.count)
            }
            checks.append(matches(list.regexes, Array(text[target])))
        }
        if !list.stopwords.isEmpty {
            let lower = text[secret].map(UnitClass.lowercased)
            checks.append(list.stopwords.contains { lower.firstRange(of: $0) != nil })
        }
        guard !checks.isEmpty else { return false }
        return list.needsAll ? checks.allSatisfy { $0 } : checks.contains(true)
    }

    private func matches(_ programs: [RegexProgram], _ text: [UInt8]) -> Bool {
        programs.contains { program in
            var machine = RegexMachine(program)
            return machine.first(in: text[...], from: 0) != nil
        }
    }
}

/// Reads the tables of a rule file.
struct GitleaksReader {
    let name: String

    mutating func rules(_ value: TOMLValue?) throws -> [GitleaksRules.Rule] {
        guard case .array(let tables)? = value, !tables.isEmpty else {
            throw PatternError(.file, "\(name): no `[[rules]]`")
        }
        guard tables.count <= 10_000 else { throw PatternError(.file, "\(name): more than 10000 rules") }
        var ids: Set<String> = []
        return try tables.enumerated().map { place, table in
            guard case .table(let fields) = table, case .string(let id)? = fields["id"] else {
                throw PatternError(.file, "\(name): rule \(place + 1) has no `id`")
            }
            guard ids.insert(id).inserted else { throw PatternError(.file, "\(name): two rules are called `\(id)`") }
            let known: Set = [
                "id", "description", "regex", "path", "entropy", "secretGroup", "keywords", "tags", "allowlist",
                "allowlists", "skipReport",
            ]
            if let unknown = fields.keys.sorted().first(where: { !known.contains($0) }) {
                throw PatternError(.file, "\(name): rule `\(id)`: unknown setting `\(unknown)`")
            }
            let regex = try text(fields["regex"], "regex", id).map { try program($0) }
            let path = try text(fields["path"], "path", id).map { try program($0) }
            guard regex != nil || path != nil else {
                throw PatternError(.file, "\(name): rule `\(id)` has neither `regex` nor `path`")
            }
            return GitleaksRules.Rule(
                id: id,
                regex: regex,
                path: path,
                entropy: try number(fields["entropy"], "entropy", id),
                secretGroup: Int(try self.number(fields["secretGroup"], "secretGroup", id)),
                keywords: try texts(fields["keywords"], "keywords", id).map { Array($0.lowercased().utf8) }.filter {
                    !$0.isEmpty
                },
                allowlists: try allowlists(fields["allowlist"], fields["allowlists"], of: "rule `\(id)`")
            )
        }
    }

    mutating func allowlists(
        _ one: TOMLValue?,
        _ many: TOMLValue?,
        of owner: String
    ) throws -> [GitleaksRules.Allowlist] {
        var tables: [TOMLValue] = []
        if let one { tables.append(one) }
        if case .array(let list)? = many {
            tables += list
        } else if many != nil {
            throw PatternError(.file, "\(name): `allowlists` of \(owner) is no array of tables")
        }
        return try tables.map { table in
            guard case .table(let fields) = table else {
                throw PatternError(.file, "\(name): `allowlist` of \(owner) is no table")
            }
            let known: Set = [
                "description", "condition", "commits", "paths", "regexTarget", "regexes", "stopwords", "targetRules",
            ]
            if let unknown = fields.keys.sorted().first(where: { !known.contains($0) }) {
                throw PatternError(.file, "\(name): allow-list of \(owner): unknown setting `\(unknown)`")
            }
            var list = GitleaksRules.Allowlist()
            list.regexes = try texts(fields["regexes"], "regexes", owner).map { try program($0) }
            list.paths = try texts(fields["paths"], "paths", owner).map { try program($0) }
            list.stopwords = try texts(fields["stopwords"], "stopwords", owner).map { Array($0.lowercased().utf8) }
            list.hasCommits = try !texts(fields["commits"], "commits", owner).isEmpty
            if let target = try text(fields["regexTarget"], "regexTarget", owner) {
                guard let known = GitleaksRules.Allowlist.Target(rawValue: target) else {
                    throw PatternError(.file, "\(name): allow-list of \(owner): `regexTarget` is secret, match or line")
                }
                list.target = known
            }
            switch try text(fields["condition"], "condition", owner)?.uppercased() {
            case nil, "OR", "||": break
            case "AND", "&&": list.needsAll = true
            default: throw PatternError(.file, "\(name): allow-list of \(owner): `condition` is OR or AND")
            }
            guard fields["targetRules"] == nil else {
                throw PatternError(
                    .file,
                    "\(name): allow-list of \(owner): `targetRules` is not read; put the list into the rules"
                )
            }
            return list
        }
    }

    private func program(_ expression: String) throws(PatternError) -> RegexProgram {
        do { return try RegexProgram(expression) } catch {
            throw PatternError(error.code == .syntax ? .syntax : .tooLarge, error.message)
        }
    }

    private func text(_ value: TOMLValue?, _ key: String, _ owner: String) throws -> String? {
        switch value {
        case nil: return nil
        case .string(let text): return text
        default: throw PatternError(.file, "\(name): `\(key)` of `\(owner)` is no string")
        }
    }

    private func texts(_ value: TOMLValue?, _ key: String, _ owner: String) throws -> [String] {
        guard let value else { return [] }
        guard case .array(let values) = value else {
            throw PatternError(.file, "\(name): `\(key)` of `\(owner)` is no array")
        }
        return try values.map { try text($0, key, owner) ?? "" }
    }

    private func number(_ value: TOMLValue?, _ key: String, _ owner: String) throws -> Double {
        switch value {
        case nil: return 0
        case .integer(let number): return Double(number)
        case .number(let number): return number
        default: throw PatternError(.file, "\(name): `\(key)` of `\(owner)` is no number")
        }
    }
}
