/// One event of a stream, or one line of it.
struct AnswerEvent: Sendable {
    /// The lines that are not data and may go out: `event: …`, `id: …`, `retry: …`, and `:` for a comment.
    var lines: [[UInt8]] = []
    /// What the `data:` lines say, joined; nil where there are none.
    var data: [UInt8]?

    /// The name of the event's type; empty where it has none.
    var name: [UInt8] {
        for line in lines where line.starts(with: "event:".utf8) {
            return Array(line.dropFirst(6).drop { $0 == 0x20 })
        }
        return []
    }
}

/// Cuts a body into events (the HTML standard, "Server-sent events") or into lines (NDJSON), however it is cut itself.
struct EventReader: Sendable {
    /// How events are told apart.
    enum Framing: Sendable { case events, lines }

    private let framing: Framing
    private let maximumEvent: Int
    private var line: [UInt8] = []
    private var event = AnswerEvent()
    private var size = 0
    private var skipsLineFeed = false
    private var isFirst = true

    init(_ framing: Framing, maximumEvent: Int) {
        self.framing = framing
        self.maximumEvent = maximumEvent
    }

    /// The events that bytes complete; nil when one is larger than may be.
    mutating func feed(_ bytes: [UInt8]) -> [AnswerEvent]? {
        var events: [AnswerEvent] = []
        for byte in bytes {
            if skipsLineFeed {
                skipsLineFeed = false
                if byte == 0x0A { continue }
            }
            if byte == 0x0A || (byte == 0x0D && framing == .events) {
                skipsLineFeed = byte == 0x0D
                endLine(&events)
                continue
            }
            line.append(byte)
            size += 1
            if size > maximumEvent { return nil }
        }
        return events
    }

    /// The event that the end of the body completes.
    ///
    /// An event that no blank line ended is one too: what it says must not get round the filter, nor be lost.
    mutating func finish() -> [AnswerEvent] {
        var events: [AnswerEvent] = []
        if !line.isEmpty { endLine(&events) }
        if framing == .events, !event.lines.isEmpty || event.data != nil { events.append(event) }
        event = AnswerEvent()
        return events
    }

    /// What of a line that is not data goes out: nothing in which a text could stand.
    private static func kept(_ line: [UInt8], _ colon: Int) -> [UInt8]? {
        if colon == 0, !line.isEmpty { return [UInt8(ascii: ":")] }
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == 0x20 { value = value.dropFirst() }
        guard !value.isEmpty, value.count <= 64 else { return nil }
        let name = String(decoding: line[..<colon], as: UTF8.self)
        let isSafe =
            switch name {
            case "event": value.allSatisfy { UnitClass.isLetter($0) || "._-/".utf8.contains($0) }
            case "id": value.allSatisfy { UnitClass.isAlphanumeric($0) || "._-:".utf8.contains($0) }
            case "retry": value.count <= 9 && value.allSatisfy(UnitClass.isDigit)
            default: false
            }
        return isSafe ? Array("\(name): ".utf8) + value : nil
    }

    private mutating func endLine(_ events: inout [AnswerEvent]) {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirst {
            isFirst = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        if framing == .lines {
            size = 0
            if !line.isEmpty { events.append(AnswerEvent(data: line)) }
            return
        }
        guard !line.isEmpty else {
            size = 0
            if !event.lines.isEmpty || event.data != nil { events.append(event) }
            event = AnswerEvent()
            return
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        guard line[..<colon].elementsEqual("data".utf8) else {
            if let kept = Self.kept(line, colon), event.lines.count < 8 { event.lines.append(kept) }
            return
        }
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == 0x20 { value = value.dropFirst() }
        if event.data == nil { event.data = Array(value) } else { event.data?.append(0x0A); event.data? += value }
    }
}

extension AnswerEvent {
    /// The event as bytes of the body.
    func bytes(_ framing: EventReader.Framing) -> [UInt8] {
        guard framing == .events else { return (data ?? []) + [0x0A] }
        var output: [UInt8] = []
        for line in lines { output += line + [0x0A] }
        if let data {
            for part in data.split(separator: 0x0A, omittingEmptySubsequences: false) {
                output += Array("data: ".utf8) + part + [0x0A]
            }
        }
        output.append(0x0A)
        return output
    }
}
