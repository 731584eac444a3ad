extension LogPolicy {
    /// The longest policy file that is read, in bytes.
    public static let maximumLength = 1 << 20
    /// The most logs, witnesses or groups that a policy may name.
    public static let maximumCount = 1024

    /// Parses a policy file.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - file: what errors call it.
    /// - Throws: ``AuditLogError`` with the code `malformed`, whose message begins with the file, line and column.
    public init(_ bytes: [UInt8], file: String) throws {
        guard bytes.count <= Self.maximumLength else {
            throw AuditLogError(.malformed, "\(file): the policy is longer than \(Self.maximumLength) bytes")
        }
        var reading = LogPolicyReading()
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            let line = try LogPolicyLine(line, number: index + 1, file: file)
            if !line.words.isEmpty { try reading.read(line) }
        }
        guard let quorum = reading.quorum else {
            throw AuditLogError(
                .malformed,
                "\(file): the policy has no `quorum` line; add one, such as `quorum NAME` or `quorum none`"
            )
        }
        self.init(logs: reading.logs, witnesses: reading.witnesses, quorum: quorum)
    }
}

/// A line of a policy, in words; a comment has none.
private struct LogPolicyLine {
    struct Word {
        let bytes: [UInt8]
        /// Where it begins, counted from 1.
        let column: Int
        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    let words: [Word]
    private let place: (file: String, number: Int, length: Int)

    init(_ line: ArraySlice<UInt8>, number: Int, file: String) throws {
        place = (file, number, line.count)
        let words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }).map {
            Word(bytes: Array($0), column: $0.startIndex - line.startIndex + 1)
        }
        self.words = words.first?.bytes.first == UInt8(ascii: "#") ? [] : words
        if let bad = line.firstIndex(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7f }) {
            throw fault(at: bad - line.startIndex + 1, "a control character; only tabs and line feeds may stand here")
        }
    }

    func fault(at column: Int, _ message: String) -> AuditLogError {
        AuditLogError(.malformed, "\(place.file):\(place.number):\(column): \(message)")
    }

    func fault(at word: Word, _ message: String) -> AuditLogError { fault(at: word.column, message) }

    /// The word at a position.
    ///
    /// - Throws: ``AuditLogError`` where the line ends before it; the error says what the line needs.
    func word(_ index: Int, _ needed: String) throws -> Word {
        guard index < words.count else { throw fault(at: place.length + 1, "`\(words[0].text)` needs \(needed)") }
        return words[index]
    }

    func end(after count: Int) throws {
        if words.count > count { throw fault(at: words[count], "nothing may follow here") }
    }
}

/// What has been read of a policy so far.
private struct LogPolicyReading {
    var logs: [LogPolicy.Log] = []
    var witnesses: [LogPolicy.WitnessEntry] = []
    var quorum: LogPolicy.Quorum?
    /// What names stand for, which are bytes, whatever they may spell.
    private var defined: [[UInt8]: LogPolicy.Quorum] = [:]
    private var members: Set<[UInt8]> = []
    private var keys: Set<[UInt8]> = []

    mutating func read(_ line: LogPolicyLine) throws {
        switch line.words[0].text {
        case "log": try readLog(line)
        case "witness": try readWitness(line)
        case "group": try readGroup(line)
        case "quorum": try readQuorum(line)
        case let other:
            throw line.fault(
                at: line.words[0],
                "`\(other)` begins no line of a policy; expected `log`, `witness`, `group` or `quorum`"
            )
        }
    }

    private mutating func readLog(_ line: LogPolicyLine) throws {
        let key = try line.word(1, "the log's key")
        try line.end(after: 3)
        guard let verifier = try? NoteVerifier(key.text) else {
            throw line.fault(at: key, "this is not the key of a log: name+id+key, of the type 1")
        }
        try claim(verifier.text.key, at: key, in: line)
        logs.append(LogPolicy.Log(key: verifier, url: line.words.count > 2 ? line.words[2].text : nil))
        guard logs.count <= LogPolicy.maximumCount else {
            throw line.fault(at: 1, "a policy names at most \(LogPolicy.maximumCount) logs")
        }
    }

    private mutating func readWitness(_ line: LogPolicyLine) throws {
        let name = try line.word(1, "a name and the witness's key")
        let key = try line.word(2, "the witness's key")
        try line.end(after: 4)
        guard let verifier = try? CosignatureVerifier(key.text) else {
            throw line.fault(at: key, "this is not the key of a witness: name+id+key, of the type 4")
        }
        try claim(verifier.text.key, at: key, in: line)
        try define(name, .witness(witnesses.count), in: line)
        let url = line.words.count > 3 ? line.words[3].text : nil
        witnesses.append(LogPolicy.WitnessEntry(name: name.text, key: verifier, url: url))
    }

    private mutating func readGroup(_ line: LogPolicyLine) throws {
        let name = try line.word(1, "a name, `all`, `any` or a number, and its members")
        let count = try line.word(2, "`all`, `any` or a number, and its members")
        _ = try line.word(3, "at least one member")
        let quorums = try line.words[3...].map { member in
            let known = try find(member, in: line)
            guard members.insert(member.bytes).inserted else {
                throw line.fault(at: member, "`\(member.text)` is a member of a group already")
            }
            return known
        }
        let needed: Int
        switch count.text {
        case "all": needed = quorums.count
        case "any": needed = 1
        default:
            guard count.bytes.allSatisfy({ (0x30...0x39).contains($0) }), count.bytes.first != 0x30,
                let number = Int(count.text), (1...quorums.count).contains(number)
            else { throw line.fault(at: count, "expected `all`, `any`, or a number from 1 to \(quorums.count)") }
            needed = number
        }
        try define(name, .group(needed, of: quorums), in: line)
    }

    private mutating func readQuorum(_ line: LogPolicyLine) throws {
        let name = try line.word(1, "the name of a witness or group, or `none`")
        try line.end(after: 2)
        guard quorum == nil else { throw line.fault(at: line.words[0], "a policy has one `quorum` line") }
        quorum = name.text == "none" ? LogPolicy.Quorum.none : try find(name, in: line)
    }

    private func find(_ word: LogPolicyLine.Word, in line: LogPolicyLine) throws -> LogPolicy.Quorum {
        guard let known = defined[word.bytes] else {
            throw line.fault(at: word, "no line above defines `\(word.text)`")
        }
        return known
    }

    private mutating func define(
        _ word: LogPolicyLine.Word,
        _ quorum: LogPolicy.Quorum,
        in line: LogPolicyLine
    ) throws {
        guard word.text != "none", defined.updateValue(quorum, forKey: word.bytes) == nil else {
            throw line.fault(at: word, "the name `\(word.text)` is taken")
        }
        guard defined.count <= LogPolicy.maximumCount else {
            throw line.fault(at: 1, "a policy defines at most \(LogPolicy.maximumCount) witnesses and groups")
        }
    }

    /// Takes note of a key, of which a policy has each once.
    private mutating func claim(_ key: [UInt8], at word: LogPolicyLine.Word, in line: LogPolicyLine) throws {
        guard keys.insert(key).inserted else { throw line.fault(at: word, "this key stands in the policy already") }
    }
}
