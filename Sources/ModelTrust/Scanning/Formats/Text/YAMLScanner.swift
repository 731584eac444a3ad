internal import Yams

/// YAML configurations: of NeMo, Hydra, MLflow and others.
///
/// Tags of the core schema alone, and none of the keys under which a framework names code to call.
enum YAMLScanner: FormatScanner {
    static let format = "yaml"
    static let basis = RecognitionBasis.guess
    private static let longest = 8 << 20
    /// How many line ends, commas and opening brackets a text may have that begins like YAML.
    private static let mostPlaces = 50_000

    /// How many documents are read; configurations have one or two.
    private static let mostDocuments = 1_000
    /// What it costs to begin with one, in steps.
    private static let beginning = 256

    /// Whether the text is YAML that is more than one plain scalar.
    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        guard let text = try PlainText(input), !MarkupEntities.isMarkup(text.bytes) else { return false }
        guard !isCostly(text) else { return true }
        if YAMLProse.isOneScalar(text.bytes) { return false }
        if YAMLAliases.mayBeKeys(text.bytes) { return true }
        input.yaml = documents(text.text)
        return input.yaml?.holdMore ?? false
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let plain = try PlainText(input) else { return }
        guard !isCostly(plain) else {
            throw ScanStop(
                rule: "yaml-size",
                message:
                    "it begins like YAML, and has more than the \(longest >> 20) MiB or \(mostPlaces) lines and values "
                    + "that are read of such; settings are shorter, and for data there is JSON"
            )
        }
        guard !YAMLAliases.mayBeKeys(plain.bytes) else {
            throw ScanStop(rule: "limit-expansion", message: "it has many aliases, and keys that are lists or aliases")
        }
        let text = plain.text
        guard let documents = input.yaml ?? documents(text) else { return }
        input.yaml = nil
        try context.budget.step(documents.all.count * beginning)
        guard !documents.isMore else {
            throw ScanStop(rule: "limit-steps", message: "it has more than \(mostDocuments) documents")
        }
        var walk = ConfigurationWalk(path: input.path, context: context)
        // A value that is written out takes a byte at least: what becomes more was repeated by aliases.
        var values = 1_024 + text.utf8.count
        for document in documents.all { walk.visit(try node(document, &walk, 0, &values)) }
        try walk.finish()
    }

    /// The first documents of a text, and whether there are more than are read; nil where it does not parse.
    static func documents(_ text: String) -> YAMLDocuments? {
        guard let parser = parser(of: text) else { return nil }
        var result: [Node] = []
        do {
            while let node = try parser.nextRoot() {
                guard result.count < mostDocuments else { return YAMLDocuments(result, isMore: true) }
                result.append(node)
            }
        } catch {
            return nil
        }
        return result.isEmpty ? nil : YAMLDocuments(result, isMore: false)
    }

    private static func parser(of text: String) -> Yams.Parser? {
        // By default it goes through the whole environment for each text. What a word without a tag is taken for makes no
        // difference here, and a regular expression for each of them does; nor is anything made of what is read.
        try? Yams.Parser(yaml: text, resolver: .basic, constructor: Constructor([:], [:], [:]), encoding: .utf8)
    }

    /// Whether a text begins like YAML and would take long to read as such: each value costs microseconds, and hundreds of
    /// bytes of memory.
    private static func isCostly(_ text: PlainText) -> Bool {
        let bytes = text.bytes
        var places = 0
        for byte in bytes where byte == 0x0A || byte == 0x2C || byte == 0x5B || byte == 0x7B { places += 1 }
        guard bytes.count > longest || places > mostPlaces, beginsLikeYAML(bytes) else { return false }
        guard bytes.count <= longest else { return true }
        // What soon turns out to be no YAML, such as a JSON object on each line, is read no further.
        return !endsEarly(bytes)
    }

    /// Whether a parser stops within the first lines of a text, and not only since they are cut off from the rest.
    private static func endsEarly(_ bytes: [UInt8]) -> Bool {
        let beginning = bytes.prefix(1 << 16)
        guard let end = beginning.lastIndex(of: 0x0A) else { return false }
        let lines = beginning[...end]
        guard let text = String(validating: lines, as: UTF8.self), let parser = parser(of: text) else { return false }
        let last = lines.count { $0 == 0x0A }
        do {
            while try parser.nextRoot() != nil {}
            return false
        } catch YamlError.scanner(_, _, let mark, _) {
            return mark.line < last
        } catch YamlError.parser(_, _, let mark, _) {
            return mark.line < last
        } catch { return false }
    }

    /// A parser of a text that it comes to the end of in good time; nil for others.
    private static func boundedParser(of text: PlainText) -> Yams.Parser? {
        guard !isCostly(text), !YAMLAliases.mayBeKeys(text.bytes) else { return nil }
        return parser(of: text.text)
    }

    /// Whether a text is YAML of any kind, be it nothing but comments; not where it takes too much to tell.
    static func isReadable(_ text: PlainText) -> Bool {
        guard let parser = boundedParser(of: text) else { return false }
        do {
            while try parser.nextRoot() != nil {}
            return true
        } catch { return false }
    }

    /// What no reader of YAML takes, in libYAML's words: most of what is written in Markdown comes to one of them.
    ///
    /// Other complaints are libYAML's own, such as those of escapes and directives.
    private static let faults: Set<String> = [
        "mapping values are not allowed in this context", "could not find expected ':'",
        "did not find expected <document start>",
    ]

    /// What libYAML says of a tab as well, which others take.
    private static let stranger = "found character that cannot start any token"

    /// Whether one of the characters stands at a place that YAML reserves (1.2, section 5.3): a Markdown fence, or what
    /// follows the bracket of `{%`.
    private static func isReserved(_ mark: Mark, in text: String) -> Bool {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard 1...lines.count ~= mark.line else { return false }
        let line = lines[mark.line - 1].unicodeScalars
        guard 1...max(1, line.count) ~= mark.column, let scalar = line.dropFirst(mark.column - 1).first else {
            return false
        }
        return scalar == "`" || scalar == "@" || scalar == "%" && mark.column > 1
    }

    /// Where a document begins that is YAML to no reader, so that none comes to it or to what follows; nil where there
    /// is none, or another reader may take it.
    static func brokenDocument(in text: PlainText) -> Int? {
        guard let parser = boundedParser(of: text) else { return nil }
        do {
            var count = 0
            while try parser.nextRoot() != nil, count < mostDocuments { count += 1 }
            return nil
        } catch YamlError.scanner(_, let problem, let mark, _)
            where faults.contains(problem) || problem == stranger && isReserved(mark, in: text.text)
        {
            return documentStart(of: mark.line, in: text.bytes)
        } catch YamlError.parser(_, let problem, let mark, _) where faults.contains(problem) {
            return documentStart(of: mark.line, in: text.bytes)
        } catch { return nil }
    }

    /// Where the last `---` or `...` stands in the lines up to one.
    ///
    /// YAML has more ends of lines than are counted here, which makes it a later place, and never an earlier one.
    private static func documentStart(of line: Int, in bytes: [UInt8]) -> Int {
        var (start, found) = (0, 0)
        for _ in 0..<line {
            if bytes[start...].starts(with: "---".utf8) || bytes[start...].starts(with: "...".utf8) { found = start }
            guard let end = bytes[start...].firstIndex(of: 0x0A) else { break }
            start = end + 1
        }
        return found
    }

    /// Whether the first line that is no comment is one of a mapping, a list, or YAML's own.
    private static func beginsLikeYAML(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let whole = rest.prefix { $0 != 0x0A }
            rest = rest.dropFirst(whole.count + 1)
            let line = whole.prefix(400).drop { $0 == 0x20 || $0 == 0xEF || $0 == 0xBB || $0 == 0xBF }
            guard let first = line.first, first != UInt8(ascii: "#"), first != 0x0D else { continue }
            if "-?%&!{[".utf8.contains(first) { return true }
            let text = String(decoding: line, as: UTF8.self)
            return text.contains(": ") || text.last { !$0.isWhitespace } == ":"
        }
        return false
    }

    /// The same value as JSON would have it, after its tags were looked at.
    private static func node(
        _ node: Node,
        _ walk: inout ConfigurationWalk,
        _ depth: Int,
        _ values: inout Int
    ) throws(ScanStop) -> JSONNode {
        try walk.context.budget.step()
        values -= 1
        guard values >= 0 else {
            throw ScanStop(
                rule: "limit-expansion",
                message: "its aliases repeat values until they are more than its bytes"
            )
        }
        guard depth < 64 else { throw ScanStop(rule: "yaml-depth", message: "the document nests more than 64 deep") }
        let offset = node.mark.map { $0.line } ?? 0
        switch node {
        case .scalar(let scalar):
            try tag(scalar.tag.rawValue, node, walk)
            return JSONNode(value: value(scalar), offset: offset)
        case .sequence(let sequence):
            try tag(sequence.tag.rawValue, node, walk)
            var elements: [JSONNode] = []
            for element in sequence { elements.append(try self.node(element, &walk, depth + 1, &values)) }
            return JSONNode(value: .array(elements), offset: offset)
        case .mapping(let mapping):
            try tag(mapping.tag.rawValue, node, walk)
            var members: [JSONNode.Member] = []
            for (key, value) in mapping {
                _ = try self.node(key, &walk, depth + 1, &values)
                members.append(
                    JSONNode.Member(
                        key: Array((key.scalar?.string ?? "").utf8),
                        value: try self.node(value, &walk, depth + 1, &values)
                    )
                )
            }
            return JSONNode(value: .object(members), offset: offset)
        case .alias: throw ScanStop(rule: "yaml-alias", message: "an alias that cannot be followed")
        }
    }

    private static func value(_ scalar: Node.Scalar) -> JSONNode.Value {
        guard scalar.style == .plain else { return .string(Array(scalar.string.utf8)) }
        switch scalar.string.lowercased() {
        case "true", "yes", "on": return .bool(true)
        case "false", "no", "off": return .bool(false)
        case "", "~", "null": return .null
        default: return .string(Array(scalar.string.utf8))
        }
    }

    private static func tag(_ tag: String, _ node: Node, _ walk: ConfigurationWalk) throws(ScanStop) {
        guard !YAMLTags.isCore(tag) else { return }
        try walk.context.add(
            ScanFinding(
                rule: "yaml-tag",
                verdict: YAMLTags.makesObjects(tag) ? .unsafe : .notProven,
                path: walk.path,
                element: tag,
                message: "line \(node.mark?.line ?? 0): the tag makes a loader build an object that the document names"
            )
        )
    }
}

/// The documents of a YAML text, the first of them where there are many.
final class YAMLDocuments {
    let all: [Node]
    /// Whether there are more than were read.
    let isMore: Bool
    /// Whether they hold more than a plain scalar each, which any text may be.
    var holdMore: Bool { isMore || all.contains { $0.scalar == nil || !YAMLTags.isCore($0.tag.rawValue) } }

    init(_ all: [Node], isMore: Bool) {
        self.all = all
        self.isMore = isMore
    }
}
