import RegularExpressions

/// Filters the text of one channel as it comes.
///
/// The filter is a function of the text alone: for any way of cutting the same bytes into pieces, what comes out is
/// the same, byte for byte, as when they come at once. After each piece everything has gone out that stands before the
/// first *live* candidate, which is the first place from where the text so far could still become something to redact;
/// at most 256 code points are held, and none when nothing is live.
///
/// ```swift
/// var filter = TextFilter(try OutputRules(.standard))
/// var output = filter.feed(Array("My card is 4111 1111 11".utf8))   // "My card is "
/// output += filter.feed(Array("11 1111.".utf8))                      // "[CREDIT_CARD]."
/// output += filter.finish()
/// ```
public struct TextFilter: Sendable {
    /// What was found since ``takeFindings()``.
    private(set) var findings: [OutputFinding] = []
    /// What ended the text; nothing goes out after it.
    public private(set) var blocked: OutputFinding?
    /// Whether something did, which is asked for each piece.
    private var isBlocked = false

    private var text = TextUnits()
    private var scanner: TextScanner
    private let vault: ValueVault?
    /// How many units the scanner went past in `text`.
    private var position = 0
    /// The bytes that went past, redacted or not.
    private var consumed = 0
    private var tail: TailState?
    /// The finding that goes on, while nobody took it.
    private var open: Int?

    /// The bytes that are looked at in one go, which bounds what a stream keeps.
    private static let slice = 4096

    /// Makes a filter for one channel of one answer.
    ///
    /// `prompt` is what of the request must not come back, `hosts` what it may link to beside what the policy allows,
    /// `vault` where values go that are tokenised; without a vault they are redacted.
    public init(
        _ rules: OutputRules,
        prompt: PromptIndex = .none,
        hosts: Set<String> = [],
        vault: ValueVault? = nil
    ) {
        scanner = TextScanner(rules, prompt: prompt, hosts: hosts)
        self.vault = vault
    }

    /// How many code points are held.
    public var held: Int { text.held }

    /// The bytes that the filter keeps for this stream, about.
    public var bytesKept: Int { text.capacity + findings.capacity * 64 }

    /// Adds bytes, and gives those that may go out.
    public mutating func feed(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + text.rest.count)
        feed(bytes[...], into: &output)
        return output
    }

    /// Adds bytes, and appends those that may go out.
    public mutating func feed(_ bytes: ArraySlice<UInt8>, into output: inout [UInt8]) {
        // Sound: the bytes are taken while they are lent.
        unsafe bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            while start < bytes.count, !isBlocked {
                let end = min(bytes.count, start &+ Self.slice)
                unsafe text.append(UnsafeBufferPointer(rebasing: bytes[start..<end]))
                scan(isFinal: false, into: &output)
                start = end
            }
        }
    }

    /// Ends the text: what was held goes out, redacted where it has to be.
    public mutating func finish() -> [UInt8] {
        var output: [UInt8] = []
        finish(into: &output)
        return output
    }

    /// Ends the text, and appends what was held.
    public mutating func finish(into output: inout [UInt8]) {
        guard !isBlocked else { return }
        text.finish()
        scan(isFinal: true, into: &output)
        guard !isBlocked else { return }
        // Characters that are not seen, at the very end, belong to nothing.
        let rest = text.rest
        output += rest
        consumed += rest.count
        text = TextUnits()
        position = 0
        scanner.namedUntil = 0
        scanner.column = nil
        tail = nil
    }

    /// Lets go of what is held as if it had been found (rule S9): it is redacted, and the text goes on after it.
    public mutating func redactHeld(into output: inout [UInt8]) {
        guard text.held > 0, !isBlocked else { return }
        output += Array("[HELD]".utf8)
        let end = text.units.count
        note(Match(scanner.rules.overlap, position, end), rule: "held/time", action: .redact)
        pass(to: end)
        compact()
        scanner.runHasWord = true
    }

    /// What was found since the last call.
    ///
    /// What has no end of its own, and is still going on, is told of up to where it has to be one.
    public mutating func takeFindings() -> [OutputFinding] {
        defer { findings.removeAll(keepingCapacity: true) }
        open = nil
        return findings
    }

    // MARK: - The scan

    private mutating func scan(isFinal: Bool, into output: inout [UInt8]) {
        while !isBlocked {
            if tail != nil, !follow() { return compact() }
            var reached = position
            // Sound: the units are not changed while they are looked at.
            let outcome = unsafe text.units.withUnsafeBufferPointer { units in
                unsafe scanner.scan(units, from: &reached, isFinal: isFinal)
            }
            switch outcome {
            case .clear:
                emit(to: text.units.count, into: &output)
                return compact()
            case .live(let start):
                emit(to: start, into: &output)
                return compact()
            case .found(let match):
                take(match, candidate: reached, into: &output)
            }
        }
    }

    private mutating func take(_ match: Match, candidate: Int, into output: inout [UInt8]) {
        let rules = scanner.rules
        guard let action = rules.action(match.rule) else { return }
        let rule = rules.rules[match.rule]
        note(match, rule: rule.id, action: action)
        switch action {
        case .flag:
            // It goes out, and what stands within it is looked for as well.
            if match.rule < EntityType.allCases.count, EntityType.allCases[match.rule].isName {
                scanner.namedUntil = match.end
            }
            scanner.step(UnitClass.table[Int(text.units[candidate])])
            emit(to: candidate + 1, into: &output)
        case .block:
            emit(to: match.start, into: &output)
            blocked = findings.last
            isBlocked = true
        default:
            emit(to: match.start, into: &output)
            output += Replacement.of(
                text.bytes(match.start, match.end),
                action: match.tail == nil ? action : .redact,
                type: match.rule < EntityType.allCases.count ? EntityType.allCases[match.rule] : nil,
                label: rule.label,
                keys: rules.keys,
                vault: vault
            )
            pass(to: match.end)
            scanner.runHasWord = true
            tail = match.tail.map(TailState.init)
            open = tail == nil ? nil : findings.count - 1
        }
    }

    /// Drops what goes on from a match; false when the tail goes on beyond what is there.
    private mutating func follow() -> Bool {
        guard var state = tail else { return true }
        var end = position
        while end < text.units.count {
            let (isPart, ends) = state.takes(text.units[end])
            if isPart { end += 1 }
            if ends {
                pass(to: end)
                extend()
                tail = nil
                open = nil
                return true
            }
        }
        pass(to: end)
        extend()
        tail = state
        return false
    }

    /// Says that what was found goes on to here.
    private mutating func extend() {
        guard let open, consumed > findings[open].end else { return }
        findings[open].end = consumed
    }

    private mutating func emit(to end: Int, into output: inout [UInt8]) {
        guard end > position else { return }
        consumed += text.copy(position, end, into: &output)
        text.advance(to: end)
        position = end
    }

    private mutating func pass(to end: Int) {
        consumed += text.width(position, end)
        text.advance(to: end)
        position = end
    }

    @inline(__always)
    private mutating func compact() {
        if !text.isCompact { makeCompact() }
    }

    private mutating func makeCompact() {
        text.compact()
        let dropped = position - text.emitted
        scanner.namedUntil = max(0, scanner.namedUntil - dropped)
        if let column = scanner.column { scanner.column = column.place < dropped ? nil : column.moved(by: dropped) }
        position = text.emitted
    }

    private mutating func note(_ match: Match, rule: String, action: OutputPolicy.Action) {
        let base = consumed
        let start = text.width(position, match.start)
        let end = text.width(position, match.end)
        findings.append(OutputFinding(rule: rule, start: base + start, end: base + end, action: action))
    }
}

/// How far what has no end of its own goes on.
struct TailState: Sendable {
    private let tail: Match.Tail
    private var dashes = 0
    private var letters = 0
    private var isEnding = false
    private var word = 0
    private var shortWords = 0

    init(_ tail: Match.Tail) { self.tail = tail }

    /// Whether a unit is part of it, and whether it ends with, or before, the unit.
    mutating func takes(_ unit: UInt8) -> (isPart: Bool, ends: Bool) {
        switch tail {
        case .units(let set):
            let isPart = set.contains(unit)
            return (isPart, !isPart)
        case .armour:
            guard Armour.contains(unit) else { return (false, true) }
            if unit == UInt8(ascii: "-") {
                dashes += 1
                letters = 0
                return (true, isEnding && dashes == 5)
            }
            let marks = Array("END".utf8)
            if !isEnding, dashes >= 5 || letters > 0 {
                letters = letters < 3 && unit == marks[letters] ? letters + 1 : 0
                if letters == 3 { isEnding = true }
            }
            dashes = 0
            // Words of prose one after another are no key: its end was left out.
            if unit == 0x20 {
                shortWords = (1..<16).contains(word) ? shortWords + 1 : word == 0 ? shortWords : 0
                word = 0
            } else if UnitClass.isSpace(unit) {
                // What begins each line of a key that is quoted is no word of prose.
                if word >= 16 { shortWords = 0 }
                word = 0
            } else {
                word += 1
            }
            return (true, !isEnding && shortWords > 4)
        }
    }
}
