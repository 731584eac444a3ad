import RegularExpressions

/// The tables of ``SecretTable``, compiled.
@safe
final class SecretRules: Sendable {
    static let builtIn = Result { try SecretRules() }

    /// A credential that begins with what tells it, or has a form that does.
    struct Telling: Sendable {
        let rule: Int
        let matcher: TokenMatcher
        /// The class that an open end goes on with.
        let tail: UnitSet?
        let entropy: Double
        let needsWordStart: Bool
        let needsDigit: Bool
    }

    /// A credential that the name of its setting tells.
    struct Named: Sendable {
        let rule: Int
        let pattern: TokenPattern
        let entropy: Double
    }

    /// A name of a setting, in lower case, or a part of one.
    struct Name: Sendable {
        /// What a name says that this is in.
        enum Kind: Sendable { case rule, generic, password, harmless }

        /// 0 where it has but two letters.
        let third: UInt8
        /// The letters, by their places in `literals`.
        fileprivate let literal: Range<Int>
        let kind: Kind
        /// The rule that it tells, by its place in `named`.
        let rule: Int
    }

    /// What a form begins with.
    private struct Opening: Sendable {
        /// 0 where it has but two units.
        let third: UInt8
        /// The units, by their places in `literals`.
        let literal: Range<Int>
        let telling: Int
    }

    /// Rules that are written in Swift: they need to look at more than a form.
    enum Special: String, CaseIterable {
        case privateKey = "private-key"
        case generic = "generic-credential"
        case authorization = "authorization-header"
        case curlUser = "curl-auth-user"
        case urlCredentials = "url-credentials"
        case kubernetes = "kubernetes-secret"
        case nuget = "nuget-config-password"
        case keyStore = "pkcs12-file"
        case session = "session-cookie"
        case sharedAccess = "azure-shared-access-signature"
        case jsonWebKey = "json-web-key"
        case mnemonic = "wallet-mnemonic"
        case passwordHash = "password-hash"
    }

    /// All rules, each once.
    let ids: [String]
    private let telling: PlainTable<Telling>
    /// The forms of all rules, which live as long as this.
    private let patterns: [TokenPattern]
    let named: [Named]
    /// The names by their first two letters, as `openings`.
    private let names: PlainTable<Name>
    private let namesOf: PlainTable<Int>
    /// The forms that begin with a class: too few to need a table.
    private let classLed: PlainTable<Int>
    /// What forms begin with, by ``bucket(_:_:)`` of their first units: from `openingsOf[n]` to `openingsOf[n + 1]`.
    private let openings: PlainTable<Opening>
    private let openingsOf: PlainTable<Int>
    private let literals: PlainTable<UInt8>
    private let firsts: UnitBits
    /// How many letters one after another, and a full stop, a credential is told of at the least that begins with them and is
    /// made of them, or goes on with what parts words.
    let fewestLetters: Int
    /// For each pair of units, whether an opening begins with it.
    nonisolated(unsafe) private let pairs: UnsafeMutablePointer<UInt64>
    /// For each three units, by ``mayOpen(_:_:_:)``, whether an opening may begin with them.
    nonisolated(unsafe) private let triples: UnsafeMutablePointer<UInt64>
    /// For each pair of letters, whether the name of a setting that matters may begin with it.
    nonisolated(unsafe) private let namePairs: UnsafeMutablePointer<UInt64>
    /// For each three letters, as `triples`.
    nonisolated(unsafe) private let nameTriples: UnsafeMutablePointer<UInt64>

    private init() throws {
        var ids = Special.allCases.map(\.rawValue)
        func rule(_ id: String) -> Int {
            if let index = ids.firstIndex(of: id) { return index }
            ids.append(id)
            return ids.count - 1
        }
        var telling: [Telling] = []
        var classLed: [Int] = []
        var openings = [[Opening]](repeating: [], count: Self.bucketCount)
        var literals: [UInt8] = []
        var firsts = UnitSet()
        var patterns: [TokenPattern] = []
        var fewestLetters = TextUnits.holdBack
        unsafe pairs = .allocate(capacity: 1024)
        unsafe pairs.initialize(repeating: 0, count: 1024)
        unsafe triples = .allocate(capacity: 1024)
        unsafe triples.initialize(repeating: 0, count: 1024)
        unsafe nameTriples = .allocate(capacity: 1024)
        unsafe nameTriples.initialize(repeating: 0, count: 1024)
        unsafe namePairs = .allocate(capacity: 1024)
        unsafe namePairs.initialize(repeating: 0, count: 1024)
        for line in SecretTable.telling.split(separator: "\n") {
            let fields = line.components(" | ")
            guard fields.count == 3, let entropy = Double(fields[2]) else { throw Self.bad(line) }
            let needsWordStart = fields[1].hasPrefix("^")
            let needsDigit = fields[1].hasPrefix("^#")
            let pattern = try TokenPattern(String(fields[1].dropFirst(needsDigit ? 2 : needsWordStart ? 1 : 0)))
            let index = telling.count
            telling.append(
                Telling(
                    rule: rule(fields[0]),
                    matcher: pattern.matcher,
                    tail: pattern.tail,
                    entropy: entropy,
                    needsWordStart: needsWordStart,
                    needsDigit: needsDigit
                )
            )
            patterns.append(pattern)
            if pattern.openings.isEmpty { classLed.append(index) }
            let fewest = pattern.fewest(of: Self.sentence, before: PlainWord.parting)
            fewestLetters = min(fewestLetters, fewest ?? fewestLetters)
            for literal in pattern.openings {
                guard literal.count > 1 else { throw Self.bad(line) }
                literals += literal
                firsts.insert(literal[0]...literal[0])
                openings[Self.bucket(literal[0], literal[1])].append(
                    Opening(
                        third: literal.count > 2 ? literal[2] : 0,
                        literal: literals.count - literal.count..<literals.count,
                        telling: index
                    )
                )
                let pair = Int(literal[0]) << 8 | Int(literal[1])
                unsafe pairs[pair >> 6] |= 1 << UInt64(pair & 63)
                for third in literal.count > 2 ? literal[2]...literal[2] : 0...255 {
                    let place = Self.place(literal[0], literal[1], third)
                    unsafe triples[place >> 6] |= 1 << UInt64(place & 63)
                }
            }
        }
        var named: [Named] = []
        var byName: [String: [Int]] = [:]
        for line in SecretTable.named.split(separator: "\n") {
            let fields = line.components(" | ")
            guard fields.count == 4, let entropy = Double(fields[3]) else { throw Self.bad(line) }
            for name in fields[1].components(",") { byName[name, default: []].append(named.count) }
            let pattern = try TokenPattern(fields[2])
            named.append(Named(rule: rule(fields[0]), pattern: pattern, entropy: entropy))
        }
        var listed: [(String, Name.Kind, Int)] = []
        for (name, rules) in byName.sorted(by: { $0.key < $1.key }) { listed += rules.map { (name, .rule, $0) } }
        for name in SecretTable.generic {
            listed.append((name, name.hasPrefix("p") || name.hasPrefix("c") ? .password : .generic, 0))
        }
        for name in SecretTable.passwords { listed.append((name, .password, 0)) }
        for name in SecretTable.harmless { listed.append((name, .harmless, 0)) }
        var names = [[Name]](repeating: [], count: Self.bucketCount)
        for (name, kind, rule) in listed {
            let units = ContextWords.units(name[...])
            literals += units
            names[Self.bucket(units[0], units[1])].append(
                Name(
                    third: units.count > 2 ? units[2] : 0,
                    literal: literals.count - units.count..<literals.count,
                    kind: kind,
                    rule: rule
                )
            )
            let pair = Int(units[0]) << 8 | Int(units[1])
            unsafe namePairs[pair >> 6] |= 1 << UInt64(pair & 63)
            for third in units.count > 2 ? units[2]...units[2] : 0...255 {
                let place = Self.place(units[0], units[1], third)
                unsafe nameTriples[place >> 6] |= 1 << UInt64(place & 63)
            }
        }
        self.ids = ids
        self.telling = PlainTable(telling)
        self.patterns = patterns
        self.classLed = PlainTable(classLed)
        self.openings = PlainTable(openings.flatMap(\.self))
        self.openingsOf = PlainTable(openings.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) })
        self.literals = PlainTable(literals)
        self.firsts = UnitBits(firsts)
        self.fewestLetters = fewestLetters - 1
        self.named = named
        self.names = PlainTable(names.flatMap(\.self))
        namesOf = PlainTable(names.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) })
    }

    /// What a sentence is made of, but for what parts its words.
    private static let sentence = UnitSet(0x41...0x5A, 0x61...0x7A, 0x2E...0x2E)

    deinit {
        unsafe pairs.deallocate()
        unsafe triples.deallocate()
        unsafe namePairs.deallocate()
        unsafe nameTriples.deallocate()
        telling.deallocate()
        classLed.deallocate()
        openings.deallocate()
        openingsOf.deallocate()
        names.deallocate()
        namesOf.deallocate()
        literals.deallocate()
    }

    private static func bad(_ line: Substring) -> PatternError {
        PatternError(.file, "secrets: not a rule: `\(line)`")
    }

    /// Whether a form may begin with a unit.
    @inline(__always)
    func mayOpen(_ first: UInt8) -> Bool { firsts.contains(first) }

    /// Whether a form may begin with two units.
    @inline(__always)
    func mayOpen(_ first: UInt8, _ second: UInt8) -> Bool {
        let pair = Int(first) << 8 | Int(second)
        // Sound: there are 2^16 pairs and as many bits.
        return unsafe pairs[pair >> 6] >> UInt64(pair & 63) & 1 != 0
    }

    /// Whether a form may begin with three units; for a few others it says so too.
    @inline(__always)
    func mayOpen(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
        let place = Self.place(first, second, third)
        // Sound: as above.
        return unsafe triples[place >> 6] >> UInt64(place & 63) & 1 != 0
    }

    @inline(__always)
    private static func place(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Int {
        (Int(first) << 9 ^ Int(second) << 5 ^ Int(third)) & 0xFFFF
    }

    private static let bucketCount = 1024

    /// The number under which what begins with two units is kept, beside what begins with a few others.
    @inline(__always)
    private static func bucket(_ first: UInt8, _ second: UInt8) -> Int { Int(first & 31) << 5 | Int(second & 31) }

    /// Whether a name that matters may begin with two letters in lower case.
    @inline(__always)
    func mayName(_ first: UInt8, _ second: UInt8) -> Bool {
        let pair = Int(first) << 8 | Int(second)
        // Sound: as above.
        return unsafe namePairs[pair >> 6] >> UInt64(pair & 63) & 1 != 0
    }

    /// Whether a name that matters may begin with three letters in lower case; for a few others it says so too.
    @inline(__always)
    func mayName(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
        let place = Self.place(first, second, third)
        // Sound: as above.
        return unsafe nameTriples[place >> 6] >> UInt64(place & 63) & 1 != 0
    }

    /// Goes through the names that stand at a place of the name of a setting, which ends at another.
    @inline(__always)
    func names(_ reader: inout UnitReader, at start: Int, upTo end: Int, first: UInt8, _ found: (Name) -> Void) {
        let second = UnitClass.lowercased(reader[start + 1])
        let third = start + 2 < end ? UnitClass.lowercased(reader[start + 2]) : 0
        let bucket = Self.bucket(first, second)
        for index in namesOf[bucket]..<namesOf[bucket + 1] {
            let name = names[index]
            guard name.third == 0 || name.third == third, start + name.literal.count <= end,
                hasCaseless(name.literal, &reader, start)
            else { continue }
            found(name)
        }
    }

    private func hasCaseless(_ literal: Range<Int>, _ reader: inout UnitReader, _ start: Int) -> Bool {
        for place in literal
        where UnitClass.lowercased(reader[start + place - literal.lowerBound]) != literals[place] { return false }
        return true
    }

    /// The credential that begins at a place.
    func told(_ reader: inout UnitReader, at start: Int, startsWord: Bool) -> Match? {
        var best: Match?
        let bucket = Self.bucket(reader[start], reader[start + 1])
        for index in openingsOf[bucket]..<openingsOf[bucket + 1] {
            let opening = openings[index]
            guard opening.third == 0 || opening.third == reader[start + 2], has(opening.literal, &reader, start) else {
                continue
            }
            let rule = telling[opening.telling]
            guard !rule.needsWordStart || (startsWord && reader.before(start) != UInt8(ascii: ".")) else { continue }
            if let match = match(rule, &reader, start), match.end > best?.end ?? 0 { best = match }
        }
        return best
    }

    private func has(_ literal: Range<Int>, _ reader: inout UnitReader, _ start: Int) -> Bool {
        for place in literal where reader[start + place - literal.lowerBound] != literals[place] { return false }
        return true
    }

    /// The credential at a place whose form begins with a class.
    func toldByForm(_ reader: inout UnitReader, at start: Int) -> Match? {
        for index in 0..<classLed.count {
            if let match = match(telling[classLed[index]], &reader, start) { return match }
        }
        return nil
    }

    private func match(_ rule: Telling, _ reader: inout UnitReader, _ start: Int) -> Match? {
        guard let end = rule.matcher.end(&reader, from: start) else { return nil }
        if rule.tail == nil {
            let next = reader[end]
            if UnitClass.isAlphanumeric(next) || next == UInt8(ascii: "_") { return nil }
        }
        if rule.needsDigit, !(start + 2..<end).contains(where: { UnitClass.isDigit(reader[$0]) }) { return nil }
        guard Entropy.bits(&reader, start, end) >= rule.entropy, !DocumentedKeys.contains(&reader, start, end),
            !isFilled(&reader, start, end)
        else { return nil }
        return Match(
            OutputRules.firstSecret + rule.rule,
            start,
            end,
            tail: rule.tail.map { .units($0) }
        )
    }

    /// Whether a token ends in one character, many times over: it shows where a key would stand.
    private func isFilled(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Bool {
        guard end - start > 12 else { return false }
        let last = reader[end - 1]
        return (end - 10..<end).allSatisfy { reader[$0] == last }
    }

    func index(_ special: Special) -> Int {
        OutputRules.firstSecret + (Special.allCases.firstIndex(of: special) ?? 0)
    }
}

/// How much there is to a token.
enum Entropy {
    /// Shannon's entropy of the units of a token, in bits for a unit.
    static func bits(_ reader: inout UnitReader, _ start: Int, _ end: Int) -> Double {
        guard end > start else { return 0 }
        var counts = InlineArray<256, UInt16>(repeating: 0)
        for index in start..<end { counts[Int(reader[index])] &+= 1 }
        return bits(counts, total: end - start)
    }

    /// Shannon's entropy of a string's bytes.
    static func bits(_ bytes: some Sequence<UInt8>) -> Double {
        var counts = InlineArray<256, UInt16>(repeating: 0)
        var total = 0
        for byte in bytes {
            counts[Int(byte)] &+= 1
            total += 1
        }
        return bits(counts, total: total)
    }

    @inline(__always)
    private static func bits(_ counts: borrowing InlineArray<256, UInt16>, total: Int) -> Double {
        var sum = 0.0
        for unit in counts.indices where counts[unit] > 0 {
            let share = Double(counts[unit]) / Double(total)
            sum -= share * Logarithm.base2(share)
        }
        return sum
    }
}
