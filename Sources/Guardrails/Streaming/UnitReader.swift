/// What a recogniser reads with: units from where a candidate starts, at most ``TextUnits/holdBack`` of them.
///
/// It is where the filter's promise is kept. A recogniser cannot see how a text was cut into pieces: a read beyond
/// what is there gives ``TextUnits/end`` and is remembered in ``touchedEnd``, and what a recogniser said after such a
/// read does not count until there is more text, or its end. So a candidate is *live* exactly while its recogniser
/// asks for units that did not come yet, and none can be live for longer than the hold-back.
///
/// It is lent and never copied, since it is asked for each word and number.
@safe
struct UnitReader: ~Copyable {
    private let base: UnsafePointer<UInt8>
    /// The units that are there.
    let count: Int
    /// Whether no more will come.
    private let isFinal: Bool
    /// Where the candidate ends at the latest.
    private var limit: Int
    private var bound: Int
    /// Whether a unit was asked for that did not come yet.
    private(set) var touchedEnd = false
    /// Whether a unit was asked for that is too far away to belong to the candidate.
    var touchedLimit = false
    /// The column of a table in which the last secret was found, and that of the one that is found now.
    var column: SecretColumn?
    var found: SecretColumn?
    private var made: Notes?

    /// What recognisers note down while they look at a text.
    final class Notes {
        /// The words that were found before candidates.
        var memory = ContextIndex.Memory()
        /// Room for the letters and digits of a token, and for its digits, while a check looks at them.
        var token: [UInt8] = []
        var digits: [UInt8] = []
        /// What was found of heads of columns of secrets.
        var heads = ColumnHeads()
    }

    /// The notes, which are made when they are first asked for: most pieces of a text need none.
    var notes: Notes {
        mutating get {
            if let made { return made }
            let notes = Notes()
            made = notes
            return notes
        }
    }

    /// `units` has to live as long as the reader.
    @unsafe
    init(_ units: UnsafeBufferPointer<UInt8>, isFinal: Bool) {
        unsafe self.base = units.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
        self.count = units.count
        self.isFinal = isFinal
        self.limit = 0
        self.bound = 0
    }

    /// Begins with a candidate.
    @inline(__always)
    mutating func begin(at start: Int) {
        limit = start &+ TextUnits.holdBack
        bound = min(limit, count)
        touchedEnd = false
    }

    /// The unit at a place; ``TextUnits/end`` where there is none, or none that belongs to the candidate.
    @inline(__always)
    subscript(_ index: Int) -> UInt8 {
        mutating get {
            // Sound: `bound` is no more than the units that are there.
            if index < bound { return unsafe base[index] }
            if index >= limit { touchedLimit = true } else if !isFinal { touchedEnd = true }
            return TextUnits.end
        }
    }

    /// A unit that the reader passed already, or looks back at; ``TextUnits/end`` before the first.
    @inline(__always)
    func before(_ index: Int) -> UInt8 {
        // Sound: the index is tested.
        index > 0 && index <= count ? unsafe base[index - 1] : TextUnits.end
    }

    /// A unit before a place that is known to be there.
    @inline(__always)
    @unsafe
    func unchecked(before index: Int) -> UInt8 {
        assert(index > 0 && index <= count)
        return unsafe base[index &- 1]
    }

    /// Whether a literal (ASCII) stands at a place.
    @inline(__always)
    mutating func has(_ literal: StaticString, at start: Int) -> Bool {
        for index in 0..<literal.utf8CodeUnitCount
        where self[start + index] != (unsafe literal.utf8Start[index]) { return false }
        return true
    }

    /// Whether a literal stands at a place.
    mutating func has(_ literal: [UInt8], at start: Int) -> Bool {
        for index in literal.indices where self[start + index] != literal[index] { return false }
        return true
    }

    /// Whether a literal in lower case stands at a place, in any case.
    mutating func hasCaseless(_ literal: [UInt8], at start: Int) -> Bool {
        for index in literal.indices where UnitClass.lowercased(self[start + index]) != literal[index] { return false }
        return true
    }
}
