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
    private let kinds = Self.kinds
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
        let plain = plain
        let kinds = kinds
        var place = position
        defer { position = place }
        // Sound: places are below `count`.
        var previous = place > 0 ? unsafe kinds[Int(units[place - 1])] : 0
        while place < count {
            let unit = unsafe units[place]
            let kind = kinds[Int(unit)]
            if kind == 0 {
                runHasWord = false
                previous = 0
                place += 1
                continue
            }
            var isCandidate = false
            var startsWord = false
            if kind & UnitClass.word != 0 {
                startsWord = previous & UnitClass.word == 0
                isCandidate = startsWord
                if startsWord {
                    if kind & (UnitClass.letter | UnitClass.foreign) != 0, !looksForPrompt {
                        let word = unsafe place..<plain.letters(units, from: place)
                        if unsafe plain.passes(units, word), unsafe names?.mayOpen(units, word) != true {
                            runHasWord = true
                            previous = UnitClass.lower
                            place = word.upperBound
                            continue
                        }
                        // A word that may go on in what comes next is asked of then.
                        if names == nil, !isFinal, !runHasWord, unsafe plain.isOpen(units, word) { return .live(place) }
                    }
                } else if looksForSecrets {
                    if place + 2 < count {
                        isCandidate = unsafe secretRules.mayOpen(unit, units[place + 1], units[place + 2])
                    } else {
                        let next = place + 1 < count ? unsafe units[place + 1] : 0
                        isCandidate =
                            secretRules.mayOpen(unit, next) || (next == 0 && !isFinal && secretRules.mayOpen(unit))
                    }
                }
                if !isCandidate, looksForPrompt { isCandidate = recogniser.prompt.mayBeCanary(unit) }
            } else if kind & UnitClass.opening != 0 {
                isCandidate = true
            }
            if isCandidate {
                reader.begin(at: place)
                let match =
                    kind & UnitClass.word != 0
                    ? recogniser.word(
                        &reader,
                        place,
                        kind,
                        startsWord: startsWord,
                        inRun: runHasWord,
                        mayBeName: place >= namedUntil
                    )
                    : recogniser.symbol(&reader, place, inRun: runHasWord)
                if reader.touchedEnd { return .live(place) }
                if let match, recogniser.rules.action(match.rule) != nil { return .found(match) }
            }
            step(kind)
            previous = kind
            place += 1
        }
        return .clear
    }

    /// ``UnitClass/table``, which is read for each unit.
    private static let kinds = PlainTable(UnitClass.table)

    /// Goes past a unit.
    @inline(__always)
    mutating func step(_ kind: UInt8) {
        if kind & UnitClass.word != 0 { runHasWord = true } else if kind & UnitClass.joint == 0 { runHasWord = false }
    }
}
