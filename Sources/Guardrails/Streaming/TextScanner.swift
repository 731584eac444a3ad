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
    /// The column of a table in which the last secret was found that stands in one.
    var column: SecretColumn?

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
        // What is read for each unit is lent to the scan, not kept by it.
        unsafe Self.scan(
            units,
            from: &position,
            isFinal: isFinal,
            recogniser,
            recogniser.secretRules,
            plain,
            runHasWord: &runHasWord,
            namedUntil: namedUntil,
            column: &column
        )
    }

    @unsafe
    private static func scan(
        _ units: UnsafeBufferPointer<UInt8>,
        from position: inout Int,
        isFinal: Bool,
        _ recogniser: TextRecogniser,
        _ secretRules: SecretRules,
        _ plain: PlainWord,
        runHasWord: inout Bool,
        namedUntil: Int,
        column: inout SecretColumn?
    ) -> Outcome {
        var reader = unsafe UnitReader(units, isFinal: isFinal)
        reader.column = column
        let count = units.count
        let looksForSecrets = recogniser.looksForSecrets
        let looksForPrompt = recogniser.looksForPrompt
        let names = recogniser.names
        let kinds = UnitClass.kinds
        var place = position
        var hasWord = runHasWord
        defer { (position, runHasWord) = (place, hasWord) }
        // Sound: places are below `count`.
        var previous = place > 0 ? unsafe kinds[Int(units[place - 1])] : 0
        while place < count {
            let unit = unsafe units[place]
            let kind = kinds[Int(unit)]
            if kind == 0 {
                hasWord = false
                previous = 0
                place &+= 1
                continue
            }
            var isCandidate = false
            var startsWord = false
            if kind & UnitClass.word != 0 {
                startsWord = previous & UnitClass.word == 0
                isCandidate = startsWord
                if startsWord {
                    if kind & (UnitClass.letter | UnitClass.foreign) != 0, !looksForPrompt {
                        let end = unsafe plain.letters(units, from: place)
                        let passed = unsafe plain.passed(units, from: place, to: end)
                        if passed != 0, unsafe names?.mayOpen(units, place..<end) != true {
                            hasWord = passed == end
                            previous = hasWord ? UnitClass.lower : 0
                            place = passed
                            continue
                        }
                        // A word that may go on in what comes next is asked of then.
                        if names == nil, !isFinal, !hasWord, unsafe plain.isOpen(units, from: place, to: end) {
                            return .live(place)
                        }
                    }
                } else if looksForSecrets {
                    if place &+ 2 < count {
                        isCandidate = unsafe secretRules.mayOpen(unit, units[place &+ 1], units[place &+ 2])
                    } else {
                        let next = place &+ 1 < count ? unsafe units[place &+ 1] : 0
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
                        inRun: hasWord,
                        mayBeName: place >= namedUntil
                    )
                    : recogniser.symbol(&reader, place, inRun: hasWord)
                if reader.touchedEnd { return .live(place) }
                if let match, recogniser.rules.action(match.rule) != nil {
                    if let found = reader.found, found.place == match.start { column = found }
                    return .found(match)
                }
            }
            step(kind, &hasWord)
            previous = kind
            place &+= 1
        }
        return .clear
    }

    /// Goes past a unit.
    mutating func step(_ kind: UInt8) { Self.step(kind, &runHasWord) }

    @inline(__always)
    private static func step(_ kind: UInt8, _ runHasWord: inout Bool) {
        if kind & UnitClass.word != 0 { runHasWord = true } else if kind & UnitClass.joint == 0 { runHasWord = false }
    }
}
