/// Counts equal requests of many records, so that each is decided once.
///
/// ```swift
/// var tally = TrafficTally()
/// for entry in try log.entries(in: 0..<log.size()) { tally.add(entry.bytes) }
/// for (request, count) in tally.requests { print(count, request.method, request.path) }
/// ```
public struct TrafficTally: Sendable {
    /// What makes no difference to whoever reads the tally, and is left out of it.
    public struct Ignored: OptionSet, Sendable {
        /// The bits.
        public let rawValue: Int
        /// What follows `?` in a path.
        public static let query = Ignored(rawValue: 1)
        /// The address of the connection's other end.
        public static let source = Ignored(rawValue: 2)

        /// A set of bits.
        public init(rawValue: Int) {
            self.rawValue = rawValue
        }
    }

    /// The requests in the order in which they were first seen, each with how often it was.
    public private(set) var requests: [(request: RecordedRequest, count: Int)] = []
    /// How many entries were decisions.
    public private(set) var decisions = 0
    /// How many entries were no records, or decisions that could not be read.
    public private(set) var malformed = 0

    private let ignored: Ignored
    private let defaultPort: UInt16
    /// The keys of the requests, one after the other.
    private var keys: [UInt8] = []
    /// Where each request's key lies, and its hash.
    private var places: [(start: Int, end: Int, hash: Int)] = []
    /// Numbers of requests, by the hash of their keys; -1 where there is none.
    private var slots: [Int32]
    private var key: [UInt8] = []
    private var memory = RecordMemory()

    /// The most different requests that are kept; further ones are counted as malformed.
    public static let maximumRequests = 4_000_000

    /// An empty tally.
    ///
    /// - Parameters:
    ///   - ignored: what is left out.
    ///   - defaultPort: the port on which requests arrived whose lines do not say.
    public init(ignoring ignored: Ignored = [], defaultPort: UInt16 = 443) {
        self.ignored = ignored
        self.defaultPort = defaultPort
        self.slots = Array(repeating: -1, count: 1024)
    }

    /// How often a request was seen.
    public var total: Int { requests.reduce(0) { $0 + $1.count } }

    /// Counts an entry of the log, or a line of the same form; records other than decisions are passed over.
    public mutating func add(_ entry: [UInt8]) {
        add(entry.span)
    }

    /// Counts an entry.
    public mutating func add(_ text: Span<UInt8>) {
        switch RecordOutline.kind(of: text) {
        case .other: return
        case .malformed: malformed += 1
        case .decision(let outline):
            decisions += 1
            makeKey(text, outline)
            let hash = hash()
            if let known = find(hash) {
                requests[known].count += 1
            } else if requests.count < Self.maximumRequests,
                var request = RecordedRequest(text, outline, defaultPort: defaultPort, memory: &memory)
            {
                if ignored.contains(.query), let query = request.path.utf8.firstIndex(of: UInt8(ascii: "?")) {
                    request.path = String(request.path[..<query])
                }
                insert(request, hash)
            } else {
                malformed += 1
            }
        }
    }

    /// Counts the lines of a text, empty ones left out.
    public mutating func add(lines text: [UInt8]) {
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            let line = text.span.extracting(start..<end)
            var offset = 0
            JSONScan.space(line, &offset)
            if offset < line.count { add(line) }
            start = end + 1
        }
    }

    // MARK: - Keys

    /// Writes the parts that tell requests apart, each after its length.
    private mutating func makeKey(_ text: Span<UInt8>, _ outline: RecordOutline) {
        key.removeAll(keepingCapacity: true)
        var path = outline.path
        if ignored.contains(.query) {
            var end = path.lowerBound
            while end < path.upperBound, text[end] != UInt8(ascii: "?") { end += 1 }
            path = path.lowerBound..<end
        }
        append(text, outline.caller)
        append(text, outline.modelDigest)
        append(text, outline.modelSigner)
        append(text, outline.method)
        append(text, path)
        append(text, outline.authority)
        append(text, outline.headers)
        append(text, outline.destinationAddress)
        append(text, outline.destinationPort)
        append(text, outline.serverName)
        append(text, outline.outcome)
        append(text, outline.reason)
        append(text, outline.token)
        append(text, outline.provider)
        append(text, outline.providerAnswer)
        if !ignored.contains(.source) { append(text, outline.source) }
        key.append(outline.isCut ? 1 : 0)
    }

    private mutating func append(_ text: Span<UInt8>, _ range: Range<Int>) {
        key.append(UInt8(truncatingIfNeeded: range.count >> 16))
        key.append(UInt8(truncatingIfNeeded: range.count >> 8))
        key.append(UInt8(truncatingIfNeeded: range.count))
        for index in range { key.append(text[index]) }
    }

    /// Seeded anew in each process, so that nobody can write records whose hashes are all the same.
    private func hash() -> Int {
        var hasher = Hasher()
        // Sound: the buffer is read within the call.
        unsafe key.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    // MARK: - The table

    private func find(_ hash: Int) -> Int? {
        var slot = hash & (slots.count - 1)
        while slots[slot] >= 0 {
            let number = Int(slots[slot])
            let place = places[number]
            if place.hash == hash, keys[place.start..<place.end].elementsEqual(key) { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private mutating func insert(_ request: RecordedRequest, _ hash: Int) {
        requests.append((request, 1))
        places.append((keys.count, keys.count + key.count, hash))
        keys += key
        if requests.count * 2 > slots.count {
            slots = Array(repeating: -1, count: slots.count * 2)
            for number in places.indices { place(number) }
        } else {
            place(places.count - 1)
        }
    }

    private mutating func place(_ number: Int) {
        var slot = places[number].hash & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(number)
    }
}
