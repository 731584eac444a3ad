/// Simulates what an unpickler does, with abstract values in the place of objects.
///
/// Nothing is imported and nothing called.
///
/// All 68 opcodes of protocols 0 to 5 have their meaning: what they take from the stack, what they leave, and what goes
/// wrong. Constants keep their value, so that a finding can say what a call would have been given.
struct PickleMachine {
    /// Where a pickle is read from, which settles what persistent identifiers mean.
    enum Loader { case plain, torch, torchScript }

    /// How deep values may lie in one another; Python's own limit on recursion is twice that.
    static let depth = 500
    /// How many items may be added one at a time to one container: picklers of protocol 1 and up add up to 1,000 at once.
    static let singleAdditions = 10_000

    /// How many opcodes are followed where another unpickler would read an array's bytes.
    private static let otherReading = 1 << 14

    /// How many values may lie on the stack: picklers lay at most 1,000 down before they put them into a list, a set or
    /// a dictionary, and all of them only for a tuple.
    private static let stackDepth = 1 << 18
    /// How many marks may lie on it; each value that lies in others has at most three.
    private static let openMarks = 1 << 12

    /// How many bytes of longer texts are kept whole.
    private static let keptTexts = 8 << 20

    let loader: Loader
    let context: ScanContext
    var reader: PickleReader
    var stack: [PickleValue] = []
    var marks: [Int] = []
    var memo: [PickleValue?] = []
    /// What another reading stores, whose memo begins as it is here and is not copied for each array.
    var otherMemo: [Int: PickleValue] = [:]
    /// How many indices of the memo hold something; MEMOIZE takes this for the next one.
    var memoized = 0
    /// What values it may still make.
    var allowance = PickleAllowance()
    /// Steps that were taken from the budget and not yet made.
    private var steps = 0
    /// Bytes of the texts that are longer than most names.
    private var longTexts = 0
    /// The names that were imported, so that each is looked up once.
    var names: [PickleName: PickleGlobal] = [:]
    /// Nothing can be put into a tuple, so that one is all that are empty.
    let emptyTuple = PickleContainer(.tuple)
    /// Where the frame that is being read ends.
    private var frameEnd: UInt64?
    /// Whether an opcode has called something or set an object's state.
    private(set) var hasCalled = false
    /// Whether it has imported a name, not one of the harmless, of a module that is there to be imported.
    var importsLibrary = false
    /// Whether a byte stood where an opcode should that is none.
    private(set) var hasStrayed = false
    /// The opcode that is carried out, and its offset.
    private(set) var opcode = PickleOpcode.stop
    private(set) var start: UInt64 = 0
    private var protocolNumber = 0
    var taken = 0
    /// The storages that the pickle names, for an archive to compare.
    var storages: [String: TorchStorage] = [:]
    /// The names of those that are parts of others.
    var partNames: Set<String> = []
    /// The calls that make sparse tensors, whose indices lie in those storages.
    var sparseTensors: [TorchSparseCall] = []
    /// Bytes of those storages, which a tensor that is copied is made of.
    var storedBytes = 0
    /// Bytes that calls have made: zeros, and copies of what was read.
    var madeBytes = 0
    /// Values that calls have copied from one container into another.
    var madeValues = 0
    /// Whether this is how `pickle.load` reads what joblib wrote.
    private(set) var isOtherReading = false
    /// Whether it is tried whether this is a pickle at all: what Python may take and this machine does not is none of a
    /// reason to say no.
    var isTrial = false
    /// Whether it makes objects of scikit-learn, which are checked when their state is set.
    var makesEstimators = false
    /// Whether something changed that lay in something else already.
    var hasChangedHeld = false
    /// Pickles within this one, as joblib writes arrays of objects.
    var nesting = 0

    init(_ reader: PickleReader, loader: Loader, context: ScanContext) {
        self.reader = reader
        self.loader = loader
        self.context = context
    }

    /// Carries out one pickle, up to and with its STOP; returns what it leaves.
    ///
    /// - Throws: ``ScanStop``: unsafe where a call was made before, since whatever it did is done by then.
    mutating func run() throws(ScanStop) -> PickleValue {
        defer {
            context.budget.steps += steps
            steps = 0
        }
        do throws(ScanStop) {
            let begin = reader.offset
            while true {
                start = reader.offset
                if let end = frameEnd, start == end { frameEnd = nil }
                if steps == 0 { try takeSteps() }
                steps -= 1
                taken += 1
                let code = try reader.byte()
                guard let opcode = PickleOpcode(rawValue: code) else {
                    hasStrayed = true
                    throw stop("pickle-malformed", "there is no opcode 0x\(String(code, radix: 16))")
                }
                self.opcode = opcode
                // Unpicklers take it anywhere.
                if opcode == .proto, start != begin, !isOtherReading {
                    throw stop("pickle-malformed", "PROTO stands within the pickle, where no pickler writes it")
                }
                if opcode == .stop { return try end() }
                try perform()
                guard stack.count <= Self.stackDepth else { throw Self.deepStack(self) }
                if let end = frameEnd, reader.offset > end, opcode != .frame {
                    throw stop(
                        "pickle-frame",
                        .unsafe,
                        "it reaches over the end of its frame: Python's two unpicklers read different pickles"
                    )
                }
            }
        } catch {
            var error = error
            if error.offset == nil { error.offset = start }
            if error.element == nil { error.element = opcode.name }
            guard hasCalled, error.verdict != .unsafe, !error.rule.hasPrefix("limit-") else { throw error }
            throw ScanStop(
                rule: error.rule,
                verdict: .unsafe,
                offset: error.offset,
                element: error.element,
                message: error.message + "; what it called before that has been done by then"
            )
        }
    }

    /// Takes some steps from the budget at once, and settles what has been made meanwhile.
    private mutating func takeSteps() throws(ScanStop) {
        let count = min(1 << 10, max(1, context.budget.steps))
        try context.budget.step(count)
        steps = count
        try context.budget.make(allowance.unsettled)
        allowance.settle()
    }

    /// Counts what takes memory for as long as the pickle keeps it.
    mutating func make(units: Int) throws(ScanStop) {
        guard !allowance.take(units, read: reader.offset - reader.passedOver) else { return }
        throw stop(
            "limit-values",
            "it makes more lists, dictionaries, tuples and objects than a pickle of its length does; have it pickled "
                + "as arrays, or in parts"
        )
    }

    /// Reports what an unpickler would import that goes on here, where joblib reads an array's bytes.
    ///
    /// `pickle.load` knows nothing of joblib's format and takes the bytes for opcodes. What lies on the stack and in the
    /// memo is kept as far as it is a constant; the rest is unknown, so that nothing here is changed.
    func reportOtherReading() throws(ScanStop) {
        let aside = ScanContext(scanners: [], budget: ScanBudget(expansion: 0, steps: Self.otherReading))
        var other = PickleMachine(reader, loader: loader, context: aside)
        guard stack.count <= Self.otherReading else { throw Self.deepStack(self) }
        other.stack = stack.map(Self.constant)
        other.marks = marks
        other.memo = memo
        other.memoized = memoized
        other.taken = taken
        other.isOtherReading = true
        var ended = true
        do throws(ScanStop) { _ = try other.run() } catch { ended = Self.endings.contains(error.rule) }
        try context.budget.step(Self.otherReading - aside.budget.steps)
        guard let finding = aside.findings.first(where: { $0.rule == "pickle-import" }) else {
            if ended { return }
            // Bytes that are no opcodes stop it soon; what does not stop may import something later.
            return try report(
                "joblib-array",
                .notProven,
                "to `pickle.load`, which is not joblib, an array's bytes are opcodes that do not end"
            )
        }
        try context.add(
            ScanFinding(
                rule: "joblib-array",
                verdict: finding.verdict,
                path: reader.input.path,
                offset: finding.offset,
                element: finding.element,
                message: "to `pickle.load`, which is not joblib, an array's bytes are opcodes: one \(finding.message)"
            )
        )
    }

    /// The rules of what stops Python's unpickler, too; by others it is only this one that goes no further.
    private static let endings: Set = ["pickle-malformed", "pickle-truncated", "pickle-stack"]

    /// What is refused here and may be taken by Python, such as nothing that is appended to a number.
    func stricter(_ message: String) -> ScanStop {
        stop(isOtherReading || isTrial ? "limit-reading" : "pickle-malformed", message)
    }

    /// What is no number here; Python takes some with spaces and underscores, or to another base.
    private func noNumber(_ line: [UInt8], _ message: String) -> ScanStop {
        Self.mayBeNumber(line) ? stricter(message) : stop("pickle-malformed", message)
    }

    /// Whether Python may take a line for a number: `0x10`, `1_000`, ` 7 `, `+3`, of any length.
    private static func mayBeNumber(_ line: [UInt8]) -> Bool {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
        var rest = line.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest.removeFirst() }
        guard let first = rest.first else { return false }
        if 0x30...0x39 ~= first || first == UInt8(ascii: ".") { return rest.allSatisfy(numerals.contains) }
        return rest.count <= 8
            && ["inf", "infinity", "nan"].contains(String(decoding: rest, as: UTF8.self).lowercased())
    }

    private static let numerals = Set("0123456789abcdefABCDEFoOxXlL+-._".utf8)

    static func constant(_ value: PickleValue) -> PickleValue {
        switch value {
        case .container, .object: .unknown
        default: value
        }
    }

    private mutating func end() throws(ScanStop) -> PickleValue {
        guard marks.isEmpty, let result = stack.popLast() else { throw stop("pickle-malformed", "STOP finds no value") }
        guard stack.isEmpty else {
            throw stop("pickle-stack", "\(stack.count) values are left behind on the stack, as no pickler leaves them")
        }
        if let frameEnd, frameEnd != reader.offset {
            throw stop("pickle-frame", "the pickle stops before its frame ends")
        }
        return result
    }

    private mutating func perform() throws(ScanStop) {
        switch opcode {
        case .proto:
            protocolNumber = Int(try reader.byte())
            guard protocolNumber <= 5 else { throw stop("pickle-malformed", "there is no protocol \(protocolNumber)") }
        case .frame: try beginFrame()
        case .stop: break
        case .int, .long, .long1, .long4, .binInt, .binInt1, .binInt2, .float, .binFloat: try number()
        case .none: push(.none)
        case .newTrue: push(.bool(true))
        case .newFalse: push(.bool(false))
        case .string, .unicode: try textLine()
        case .binString: try push(text: reader.number(4))
        case .shortBinString, .shortBinUnicode: try push(text: reader.number(1))
        case .binUnicode: try push(text: reader.number(4))
        case .binUnicode8: try push(text: reader.number(8))
        case .shortBinBytes: try push(bytes: reader.number(1))
        case .binBytes: try push(bytes: reader.number(4))
        case .binBytes8, .byteArray8: try push(bytes: reader.number(8))
        case .nextBuffer, .readOnlyBuffer: try buffer()
        case .emptyList: try push(empty: .list)
        case .emptyTuple: push(.container(emptyTuple))
        case .emptyDict: try push(empty: .dictionary)
        case .emptySet: try push(empty: .set)
        case .tuple: try collect(.tuple, from: markedStart())
        case .tuple1: try collect(.tuple, from: startOf(1))
        case .tuple2: try collect(.tuple, from: startOf(2))
        case .tuple3: try collect(.tuple, from: startOf(3))
        case .list: try collect(.list, from: markedStart())
        case .frozenSet: try collect(.frozenSet, from: markedStart())
        case .dict:
            let start = try markedStart()
            guard (stack.count - start).isMultiple(of: 2) else { throw stop("pickle-malformed", "a key has no value") }
            try collect(.dictionary, from: start)
        case .append: try add(pop(1), singly: true)
        case .appends, .addItems: try add(popMark(), singly: false)
        case .setItem: try set(pop(2), singly: true)
        case .setItems: try set(popMark(), singly: false)
        case .mark:
            guard marks.count < Self.openMarks else {
                throw stop("limit-nesting", "more than \(Self.openMarks) containers are begun and not ended")
            }
            marks.append(stack.count)
        case .pop:
            if let mark = marks.last, mark == stack.count {
                marks.removeLast()
            } else {
                _ = try startOf(1)
                stack.removeLast()
            }
        case .popMark: stack.removeSubrange(try markedStart()...)
        case .dup: push(try top())
        case .get: try get(decimal(reader.line()))
        case .binGet: try get(Int(reader.number(1)))
        case .longBinGet: try get(Int(reader.number(4)))
        case .put: try put(decimal(reader.line()))
        case .binPut: try put(Int(reader.number(1)))
        case .longBinPut: try put(Int(reader.number(4)))
        case .memoize: try put(memoized)
        case .global, .stackGlobal, .ext1, .ext2, .ext4: try importName()
        case .inst:
            try importName()
            hasCalled = true
        case .reduce, .obj, .newObj, .newObjEx:
            try call()
            hasCalled = true
        case .build:
            let state = try pop(1)[0]
            try build(state)
            hasCalled = true
        case .persID, .binPersID: try persistent()
        }
    }

    /// Ends a frame that is over here; false within one.
    ///
    /// What joblib writes into the stream stands between frames.
    mutating func endFrame() -> Bool {
        guard let end = frameEnd, end != reader.offset else {
            frameEnd = nil
            return true
        }
        return false
    }

    // MARK: Constants

    private mutating func beginFrame() throws(ScanStop) {
        let count = try reader.number(8)
        guard frameEnd == nil else { throw stop("pickle-frame", .unsafe, "a frame begins within a frame") }
        guard count <= reader.remaining else {
            throw stop(isOtherReading ? "pickle-truncated" : "pickle-frame", "a frame reaches over the end of the file")
        }
        frameEnd = reader.offset + count
    }

    private mutating func number() throws(ScanStop) {
        switch opcode {
        case .binInt: push(.integer(Int(Int32(truncatingIfNeeded: try reader.number(4)))))
        case .binInt1: push(.integer(Int(try reader.number(1))))
        case .binInt2: push(.integer(Int(try reader.number(2))))
        case .long1: try long(count: reader.number(1))
        case .long4:
            let count = try reader.number(4)
            guard count <= UInt64(Int32.max) else { throw stop("pickle-malformed", "a number has a negative length") }
            try long(count: count)
        case .binFloat:
            _ = try reader.number(8)
            push(.float)
        case .float:
            let line = try reader.line()
            guard let text = String(validating: line, as: UTF8.self), Double(text) != nil else {
                throw noNumber(line, "what should be a number is none")
            }
            push(.float)
        default:
            let line = try reader.line()
            if opcode == .int, line == [0x30, 0x30] { return push(.bool(false)) }
            if opcode == .int, line == [0x30, 0x31] { return push(.bool(true)) }
            var digits = Substring(String(decoding: line, as: UTF8.self))
            if opcode == .long, digits.hasSuffix("L") { digits.removeLast() }
            let unsigned = digits.first == "-" || digits.first == "+" ? digits.dropFirst() : digits
            // Python takes a time that grows with the square of the length to read one.
            guard !unsigned.isEmpty, unsigned.utf8.count <= 4300, unsigned.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
                throw noNumber(line, "what should be a number is none")
            }
            push(.integer(Int(digits)))
        }
    }

    private mutating func long(count: UInt64) throws(ScanStop) {
        let bytes = try reader.run(count, keeping: 8)
        guard count <= 8 else { return push(.integer(nil)) }
        var value: UInt64 = bytes.last.map { $0 & 0x80 != 0 ? .max : 0 } ?? 0
        for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
        push(.integer(Int(Int64(bitPattern: value))))
    }

    private func decimal(_ line: [UInt8]) throws(ScanStop) -> Int {
        guard let text = String(validating: line, as: UTF8.self), let value = Int(text), value >= 0,
            value <= Int(UInt32.max)
        else { throw noNumber(line, "what should be an index of the memo is none") }
        return value
    }

    private mutating func textLine() throws(ScanStop) {
        // Protocol 0 writes an array's bytes as one line.
        let (line, last, count) = try reader.longLine(keeping: 8 * PickleValue.longestText)
        let isWhole = line.count == count
        guard opcode == .string else { return push(text: PickleText.unescape(line), of: count, whole: isWhole) }
        guard count >= 2, let quote = line.first, quote == 0x22 || quote == 0x27, last == quote else {
            // Python 2 passes over blanks at the end.
            let isQuoted = line.first == 0x22 || line.first == 0x27
            let endsInBlank = last.map { $0 <= 0x20 } ?? false
            throw isQuoted && endsInBlank
                ? stricter("blanks follow a text in quotes") : stop("pickle-malformed", "a text is not within quotes")
        }
        let text = Array(isWhole ? line[1..<(line.count - 1)] : line[1...])
        push(text: PickleText.unescape(text), of: count, whole: isWhole)
    }

    private mutating func push(text count: UInt64) throws(ScanStop) {
        let bytes = try reader.run(count, keeping: PickleValue.longestText)
        push(text: bytes, of: Int(min(count, 1 << 50)), whole: UInt64(bytes.count) == count)
    }

    private mutating func push(text bytes: [UInt8], of count: Int, whole: Bool) {
        let isLong = bytes.count > PickleValue.shortText
        if isLong { longTexts += bytes.count }
        // No pickle has so many names that long: of texts, the beginnings are enough by then.
        let kept = isLong && longTexts > Self.keptTexts ? PickleValue.shortText : PickleValue.longestText
        let text = String(decoding: bytes.prefix(kept), as: UTF8.self)
        push(whole && bytes.count <= kept ? .text(text) : .longText(text, count: count))
    }

    private mutating func push(bytes count: UInt64) throws(ScanStop) {
        let offset = reader.offset
        try make(units: count <= 8 ? 1 : 3)
        push(.bytes(PickleBytes(count: count, beginning: try reader.run(count, keeping: 64), offset: offset)))
    }

    private mutating func buffer() throws(ScanStop) {
        try report("pickle-buffer", .notProven, "it takes a buffer from outside the pickle, which nobody has looked at")
        if opcode == .readOnlyBuffer { _ = try pop(1) }
        push(.unknown)
    }

    private mutating func persistent() throws(ScanStop) {
        if opcode == .persID {
            _ = try reader.line()
        } else {
            let identifier = try pop(1)[0]
            if loader != .plain, try storage(identifier) { return }
        }
        try report(
            "pickle-persistent",
            .notProven,
            "it names an object that lies outside the pickle, which nobody has looked at"
        )
        push(.unknown)
    }

    // MARK: What goes wrong

    /// Values that grow as they are read again and again, and what grows too deep, never end to be walked through.
    func check(weight: Int, depth: Int) throws(ScanStop) {
        guard depth <= Self.depth else {
            throw stop("limit-nesting", "values lie more than \(Self.depth) deep in one another")
        }
        guard weight <= max(1_000_000, 64 * taken) else {
            throw stop("limit-expansion", "values are repeated so often that walking through them would not end")
        }
    }

    /// How many bytes calls may make, beside a few times those that were read.
    static let freeBytes = 16 << 20

    /// Counts bytes that a call makes of nothing or copies: what lies in the memo can be copied again and again.
    mutating func make(bytes count: Int) throws(ScanStop) {
        // Picklers of protocol 2 copy bytes twice: out of a text, and into their array.
        let most = Self.freeBytes + 4 * Int(min(reader.input.size, 1 << 50)) + 4 * min(storedBytes, 1 << 50)
        let (sum, overflows) = madeBytes.addingReportingOverflow(count)
        guard !overflows, sum <= most else {
            throw stop("limit-expansion", "its calls make more than \(most) bytes of nothing, or of the same bytes")
        }
        madeBytes = sum
    }

    /// Counts values that a call copies out of a container.
    mutating func make(values count: Int) throws(ScanStop) {
        madeValues += count
        guard madeValues <= max(1_000_000, 16 * taken) else {
            throw stop("limit-expansion", "its calls copy the same values again and again")
        }
    }

    /// Counts additions of one item at a time, which only protocol 0 makes.
    func check(singleAdditions count: Int) throws(ScanStop) {
        guard count <= Self.singleAdditions || protocolNumber < 1 else {
            throw stop(
                "limit-additions",
                "a container grows by one thing at a time, as no pickler of this protocol writes"
            )
        }
    }

    private static func deepStack(_ machine: PickleMachine) -> ScanStop {
        machine.stop(
            "limit-stack",
            "more than \(stackDepth) values lie on its stack; have a tuple of so many pickled as a list or an array"
        )
    }

    func stop(_ rule: String, _ message: String) -> ScanStop {
        stop(rule, .notProven, message)
    }

    func stop(_ rule: String, _ verdict: ScanVerdict, _ message: String) -> ScanStop {
        ScanStop(rule: rule, verdict: verdict, offset: start, element: opcode.name, message: message)
    }

    /// Adds a finding at the opcode.
    func report(_ rule: String, _ verdict: ScanVerdict, _ message: String) throws(ScanStop) {
        try context.add(
            ScanFinding(
                rule: rule,
                verdict: verdict,
                path: reader.input.path,
                offset: start,
                element: opcode.name,
                message: message
            )
        )
    }
}
