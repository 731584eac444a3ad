import CLinux
public import ZeroTrust

/// Decision records that say the same but for their id, their time, how long the decision took and the port that the
/// caller came from: they are written by copying one of them.
///
/// ```swift
/// let entry = record.entry(with: fragments)
/// let template = DecisionTemplate(record, entry)
/// log.append(template.entry(id: id, time: .now(), latency: 850, port: 40_112))  // the bytes that encoding such a record gives
/// ```
public final class DecisionTemplate: Sendable {
    private let template: RecordTemplate
    private let gist: RecordGist.Decision

    /// A template from a record and its entry; nil where something of the record was cut, or it is too long.
    public init?(_ record: DecisionRecord, _ entry: RecordEntry) {
        guard case .decision(let gist)? = entry.gist,
            let template = RecordTemplate(
                entry.bytes,
                numbers: [.first("latency_ns"), .port(ofLast: "source")],
                .init(id: record.id, time: record.time, (record.latency, UInt64(record.source.port), 0, 0))
            )
        else { return nil }
        self.template = template
        self.gist = gist
    }

    /// The entry of a record like it.
    public func entry(id: RequestID, time: Timestamp, latency: UInt64, port: UInt16) -> RecordEntry {
        var gist = gist
        gist.id = id
        gist.time = time
        return RecordEntry(template, .init(id: id, time: time, (latency, UInt64(port), 0, 0)), gist: .decision(gist))
    }
}

/// Completion records that say the same but for their id, their time and their timings, all of which they have.
public final class CompletionTemplate: Sendable {
    private let template: RecordTemplate
    private let gist: RecordGist.Completion

    /// A template from a record and its entry; nil where a timing is missing, or something of the record was cut.
    public init?(_ record: CompletionRecord, _ entry: RecordEntry) {
        guard case .completion(let gist)? = entry.gist, let numbers = record.timings.numbers,
            let template = RecordTemplate(
                entry.bytes,
                numbers: [
                    .first("request_ns"), .first("total_ns"), .first("upstream_body_ns"), .first("upstream_head_ns"),
                ],
                .init(id: record.id, time: record.time, numbers)
            )
        else { return nil }
        self.template = template
        self.gist = gist
    }

    /// The entry of a record like it; nil where a timing is missing.
    public func entry(id: RequestID, time: Timestamp, timings: CompletionRecord.Timings) -> RecordEntry? {
        guard let numbers = timings.numbers else { return nil }
        var gist = gist
        gist.id = id
        gist.time = time
        return RecordEntry(template, .init(id: id, time: time, numbers), gist: .completion(gist))
    }
}

extension CompletionRecord.Timings {
    /// The timings in the order of their names; nil where one is missing.
    fileprivate var numbers: (UInt64, UInt64, UInt64, UInt64)? {
        guard let requestReceived, let upstreamBody, let upstreamHead else { return nil }
        return (requestReceived, total, upstreamBody, upstreamHead)
    }
}

/// An entry with holes for a record's id, its time and some of its numbers.
///
/// What is filled in gives what encoding would have given. Where it is not so for the record that the template was made
/// from, there is no template.
final class RecordTemplate: Sendable {
    /// What is filled in.
    struct Values: Sendable {
        var id: RequestID
        var time: Timestamp
        /// As many as the template has holes for, in the order of their names.
        var numbers: (UInt64, UInt64, UInt64, UInt64)

        init(id: RequestID, time: Timestamp, _ numbers: (UInt64, UInt64, UInt64, UInt64)) {
            self.id = id
            self.time = time
            self.numbers = numbers
        }

        fileprivate subscript(place: Int) -> UInt64 {
            switch place {
            case 0: numbers.0
            case 1: numbers.1
            case 2: numbers.2
            default: numbers.3
            }
        }
    }

    /// Where a number stands that differs.
    enum Number {
        /// The value of the first member of a name.
        case first(StaticString)
        /// The port in the value of the last member of a name, behind which no other port stands.
        case port(ofLast: StaticString)
    }

    private enum Content: Sendable {
        case id
        case time
        /// One of the numbers, by its place among their names.
        case number(Int)
    }

    private struct Hole: Sendable {
        var range: Range<Int>
        var content: Content
    }

    private let text: [UInt8]
    /// In the order in which they stand.
    private let holes: [Hole]
    /// The bytes that an entry has at most.
    let room: Int

    /// The longest that a number is; those of a record are at most 2^53.
    private static let numberLength = 16

    /// A template from an entry, and the values that it was written with; nil where that is not possible.
    ///
    /// - Parameters:
    ///   - entry: the entry.
    ///   - numbers: those that differ, at most four.
    ///   - values: the record's id, its time, and those numbers.
    init?(_ entry: [UInt8], numbers: [Number], _ values: Values) {
        room = entry.count + numbers.count * Self.numberLength
        guard room <= RecordEncoding.maximumLength,
            let idStart = Self.value(of: "id", in: entry[...]), let timeStart = Self.value(of: "time", in: entry[...])
        else { return nil }
        // Both texts have always as many characters; their quotation marks stay.
        var holes = [
            Hole(range: idStart + 1..<idStart + 37, content: .id),
            Hole(range: timeStart + 1..<timeStart + 31, content: .time),
        ]
        for (place, number) in numbers.enumerated() {
            guard let start = Self.place(of: number, in: entry) else { return nil }
            let end = entry[start...].firstIndex { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            holes.append(Hole(range: start..<(end ?? entry.count), content: .number(place)))
        }
        holes.sort { $0.range.lowerBound < $1.range.lowerBound }
        guard holes.allSatisfy({ $0.range.upperBound <= entry.count }),
            zip(holes, holes.dropFirst()).allSatisfy({ $0.range.upperBound <= $1.range.lowerBound })
        else { return nil }
        self.text = entry
        self.holes = holes
        var bytes: [UInt8] = []
        append(values, to: &bytes)
        guard bytes == entry else { return nil }
    }

    private static func place(of number: Number, in entry: [UInt8]) -> Int? {
        switch number {
        case .first(let name): return value(of: name, in: entry[...])
        case .port(ofLast: let name):
            var rest = entry[...]
            while let start = value(of: name, in: rest) { rest = entry[start...] }
            return rest.startIndex > 0 ? value(of: "port", in: rest) : nil
        }
    }

    /// Where the value of the first member of a name begins.
    ///
    /// Within a string of JSON a quotation mark has a backslash before it, so a name with its quotation marks cannot stand
    /// in one.
    private static func value(of name: StaticString, in entry: ArraySlice<UInt8>) -> Int? {
        let mark = Array("\"\(name)\":".utf8)
        // Both buffers are only read within the closures.
        let found = unsafe entry.withUnsafeBytes { bytes in
            unsafe mark.withUnsafeBytes { mark in
                unsafe lapwing_find(bytes.baseAddress, bytes.count, mark.baseAddress, mark.count)
            }
        }
        return found < 0 ? nil : entry.startIndex + found + mark.count
    }

    /// Adds the entry of a record with these values to other bytes.
    func append(_ values: Values, to bytes: inout [UInt8]) {
        let stored = text
        bytes.append(addingCapacity: room) { span in
            // The buffer is the room that was asked for, and is filled up to where `count` says.
            unsafe span.withUnsafeMutableBufferPointer { buffer, count in
                let room = UnsafeMutableRawBufferPointer(buffer)
                var output = unsafe OutputRawSpan(buffer: room, initializedCount: count)
                let text = stored.span
                var position = 0
                for hole in holes {
                    output.append(text.extracting(position..<hole.range.lowerBound))
                    position = hole.range.upperBound
                    switch hole.content {
                    case .id: values.id.append(to: &output)
                    case .time: values.time.append(to: &output)
                    case .number(let place): output.append(decimal: min(values[place], 1 << 53))
                    }
                }
                output.append(text.extracting(position..<text.count))
                count = unsafe output.finalize(for: room)
            }
        }
    }
}

extension OutputRawSpan {
    fileprivate mutating func append(_ bytes: Span<UInt8>) {
        // Both buffers are used within the closures only, and as far as they go.
        unsafe withUnsafeMutableBytes { output, count in
            unsafe bytes.withUnsafeBytes { bytes in
                precondition(bytes.count <= output.count - count)
                guard let from = bytes.baseAddress, let to = output.baseAddress else { return }
                unsafe (to + count).copyMemory(from: from, byteCount: bytes.count)
            }
            count += bytes.count
        }
    }

    /// Appends a number in decimal.
    fileprivate mutating func append(decimal value: UInt64) {
        // From the last digit, in a number that holds a digit in each four bits: sixteen are enough for 2^53.
        var digits: UInt64 = 0
        var length = 0
        var rest = value
        repeat {
            digits = digits << 4 | rest % 10
            rest /= 10
            length += 1
        } while rest > 0
        for _ in 0..<length {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digits & 0xf))
            digits >>= 4
        }
    }
}
