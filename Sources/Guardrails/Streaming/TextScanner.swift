/// Finds the first thing in text, or where it cannot be told yet whether there is one.
///
/// All of it is a function of the units before and after a place; how they came does not enter.
@safe
struct TextScanner {
    /// What a scan came to.
    enum Outcome {
        /// Something was found.
        case found(Match)
        /// A candidate that starts here needs more text.
        case live(Int)
        /// There is nothing up to the end.
        case clear
    }

    let recogniser: TextRecogniser
    private let plain: PlainWord
    /// Whether a letter or digit came already in the run of letters, digits and joints that we are in.
    var runHasWord = false
    /// Where a name ends that goes out, and within which no other begins.
    var namedUntil = 0

    init(_ rules: OutputRules, prompt: PromptIndex, hosts: Set<String>) {
        recogniser = TextRecogniser(rules, prompt: prompt, hosts: hosts)
        plain = PlainWord(recogniser.looksForSecrets ? recogniser.secretRules : nil)
    }

    var rules: OutputRules { recogniser.rules }

    /// Looks from a place on.
    ///
    /// `position` is moved to where the outcome is.
    @unsafe
    mutating func scan(_ units: UnsafeBufferPointer<UInt8>, from position: inout Int, isFinal: Bool) -> Outcome {
        var reader = unsafe UnitReader(units, isFinal: isFinal)
        let count = units.count
        let recogniser = recogniser
        let secretRules = recogniser.secretRules
        let looksForSecrets = recogniser.looksForSecrets
        let looksForPrompt = recogniser.looksForPrompt
        let names = recogniser.names
        let looksClosely = looksForPrompt || names != nil
        let plain = plain
        return unsafe UnitClass.table.withUnsafeBufferPointer { table in
            // Sound: indices are below `count`, and the table has an entry for each unit.
            var previous = position > 0 ? unsafe table[Int(units[position - 1])] : 0
            while position < count {
                let unit = unsafe units[position]
                let kind = unsafe table[Int(unit)]
                if kind == 0 {
                    runHasWord = false
                    previous = 0
                    position += 1
                    continue
                }
                var isCandidate = false
                var startsWord = false
                if kind & UnitClass.word != 0 {
                    startsWord = previous & UnitClass.word == 0
                    isCandidate = startsWord
                    if startsWord {
                        if kind & UnitClass.letter != 0, !looksClosely,
                            let end = unsafe plain.end(units, table, from: position)
                        {
                            runHasWord = true
                            previous = UnitClass.lower
                            position = end
                            continue
                        }
                        // A word that may go on in what comes next is asked of then.
                        if kind & UnitClass.letter != 0, !looksClosely, !isFinal, !runHasWord,
                            unsafe plain.isOpen(units, table, from: position)
                        {
                            return .live(position)
                        }
                        if let names, kind & UnitClass.letter != 0, !looksForPrompt,
                            let end = unsafe plain.end(units, table, from: position, names: names)
                        {
                            runHasWord = true
                            previous = UnitClass.lower
                            position = end
                            continue
                        }
                    } else if looksForSecrets {
                        if position + 2 < count {
                            isCandidate = unsafe secretRules.mayOpen(unit, units[position + 1], units[position + 2])
                        } else {
                            let next = position + 1 < count ? unsafe units[position + 1] : 0
                            isCandidate =
                                secretRules.mayOpen(unit, next) || (next == 0 && !isFinal && secretRules.mayOpen(unit))
                        }
                    }
                    if !isCandidate, looksForPrompt { isCandidate = recogniser.prompt.mayBeCanary(unit) }
                } else if kind & UnitClass.opening != 0 {
                    isCandidate = true
                }
                if isCandidate {
                    reader.begin(at: position)
                    let match =
                        kind & UnitClass.word != 0
                        ? recogniser.word(
                            &reader,
                            position,
                            kind,
                            startsWord: startsWord,
                            inRun: runHasWord,
                            mayBeName: position >= namedUntil
                        )
                        : recogniser.symbol(&reader, position, inRun: runHasWord)
                    if reader.touchedEnd { return .live(position) }
                    if let match, recogniser.rules.action(match.rule) != nil { return .found(match) }
                }
                step(kind)
                previous = kind
                position += 1
            }
            return .clear
        }
    }

    /// Goes past a unit.
    @inline(__always)
    mutating func step(_ kind: UInt8) {
        if kind & UnitClass.word != 0 { runHasWord = true } else if kind & UnitClass.joint == 0 { runHasWord = false }
    }
}
