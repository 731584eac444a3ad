/// Filters an answer on its way to the caller: fed with the body's bytes as they come from the upstream, it gives the
/// bytes that may go out.
///
/// It is a value and a state machine: it does no I/O and reads no clock. Offsets of findings are those of the text in
/// its channel, and no finding holds any of the text.
///
/// ```swift
/// guard let format = AnswerFormat(contentType: head.contentType) else { /* refuse: 502 */ }
/// var filter = OutputFilter(rules, dialect: .openAIChat, format: format, facts: facts)
/// switch filter.feed(chunk, now: now) {
/// case .bytes(let bytes): write(bytes)
/// case .end(let bytes, let refusal): write(bytes); cancelUpstream(); record(refusal)
/// }
/// // … at the end of the body:
/// switch filter.finish() { … }
/// record(filter.takeFindings())
/// ```
///
/// The length of the body changes: leave `content-length`, `etag` and digests out, and ask the upstream for no
/// compression. On ``deadline`` call ``time(now:)``. When the caller goes away drop the filter: what it holds is gone.
public struct OutputFilter: Sendable {
    /// Whether any bytes went out.
    public private(set) var hasEmitted = false
    /// Why the answer ended before its end; nil while it did not.
    public private(set) var refusal: AnswerRefusal?

    let rules: OutputRules
    let dialect: AnswerDialect
    let format: AnswerFormat
    let facts: RequestFacts
    private let share: ToolCallShare
    private var reader: EventReader?
    private var body: [UInt8] = []
    private var plain: TextFilter?
    private var channels: [String: AnswerChannel] = [:]
    private var order: [String] = []
    private var findings: [OutputFinding] = []
    private var last = AnswerEnding.Facts()
    private var lastInput = 0
    /// The signed texts that do not go out as they came.
    private var altered: Set<String> = []
    /// The keys of objects in which nothing was found.
    private var keys: Set<String> = []

    /// The largest body of JSON that is not a stream, and the largest event, in bytes.
    public static let maximumBody = 16 << 20
    /// The most texts that a stream may have at once.
    public static let maximumChannels = 128

    /// Makes the filter of one answer.
    public init(
        _ rules: OutputRules,
        dialect: AnswerDialect,
        format: AnswerFormat,
        facts: RequestFacts = RequestFacts()
    ) {
        self.rules = rules
        self.dialect = dialect
        self.format = format
        self.facts = facts
        share = ToolCallShare(facts.budget)
        switch format {
        case .events: reader = EventReader(.events, maximumEvent: Self.maximumBody)
        case .lines: reader = EventReader(.lines, maximumEvent: Self.maximumBody)
        case .json: break
        case .text: plain = TextFilter(rules, prompt: facts.prompt, hosts: facts.hosts, vault: facts.vault)
        }
    }

    /// Adds bytes of the body.
    ///
    /// `now` is a time in milliseconds of any clock that does not go back.
    public mutating func feed(_ bytes: [UInt8], now: Int = 0) -> AnswerStep {
        guard refusal == nil else { return .bytes([]) }
        lastInput = now
        var output: [UInt8] = []
        switch format {
        case .json:
            body += bytes
            if body.count > Self.maximumBody { return end(with: &output, .tooLarge, "the answer is too large") }
        case .text:
            plain?.feed(bytes[...], into: &output)
            if let refused = plainRefusal(&output) { return refused }
        case .events, .lines:
            guard let events = reader?.feed(bytes) else {
                return end(with: &output, .tooLarge, "an event of the answer is too large")
            }
            for event in events {
                if let refused = take(event, now: now, into: &output) { return refused }
            }
        }
        return step(output)
    }

    /// Ends the body.
    ///
    /// Where the upstream broke off, say `isComplete: false`: what was held is redacted.
    public mutating func finish(isComplete: Bool = true) -> AnswerStep {
        guard refusal == nil else { return .bytes([]) }
        var output: [UInt8] = []
        switch format {
        case .json:
            if let refused = finishJSON(into: &output) { return refused }
        case .text:
            if !isComplete { plain?.redactHeld(into: &output) }
            plain?.finish(into: &output)
            if let refused = plainRefusal(&output) { return refused }
        case .events, .lines:
            for event in reader?.finish() ?? [] {
                if let refused = take(event, now: lastInput, into: &output) { return refused }
            }
            if !isComplete {
                for name in order { channels[name]?.redactHeld() }
            }
            if let refused = flush(order, isComplete: isComplete, into: &output) { return refused }
        }
        return step(output)
    }

    /// When ``time(now:)`` is to be called at the latest; nil while nothing is held.
    public var deadline: Int? {
        let held =
            channels.values.compactMap(\.heldSince).min() ?? (plain.map { $0.held > 0 } == true ? lastInput : nil)
        return held.map { min($0 + rules.policy.longest, lastInput + rules.policy.silence) }
    }

    /// Says that time went by (rule S9).
    public mutating func time(now: Int) -> AnswerStep {
        guard refusal == nil, let deadline, now >= deadline else { return .bytes([]) }
        var output: [UInt8] = []
        switch rules.policy.onTime {
        case .hold:
            lastInput = now
            return format == .events ? step(Array(": held\n\n".utf8)) : .bytes([])
        case .block: return end(with: &output, .time, "text was held for too long")
        case .redact:
            plain?.redactHeld(into: &output)
            for name in order {
                guard var channel = channels[name], channel.heldSince != nil else { continue }
                channel.redactHeld()
                output += channel.pending(framing)
                findings += channel.takeFindings()
                channels[name] = channel
            }
            return step(output)
        }
    }

    /// What was found since the last call.
    public mutating func takeFindings() -> [OutputFinding] {
        defer { findings = [] }
        return findings + (plain?.takeFindings() ?? [])
    }

    /// How many code points of all texts are held.
    public var held: Int { (plain?.held ?? 0) + channels.values.reduce(0) { $0 + $1.held } }

    // MARK: - Events

    private var framing: EventReader.Framing { format == .lines ? .lines : .events }

    private mutating func take(_ event: AnswerEvent, now: Int, into output: inout [UInt8]) -> AnswerStep? {
        guard let data = event.data else {
            output += event.bytes(framing)
            return nil
        }
        if data.elementsEqual("[DONE]".utf8) {
            if let refused = flush(order, isComplete: true, into: &output) { return refused }
            output += event.bytes(framing)
            return nil
        }
        guard let text = AnswerText(data) else {
            let opening = data.first { !UnitClass.isSpace($0) }
            guard dialect == .plain, framing == .events, opening != UInt8(ascii: "{"), opening != UInt8(ascii: "[")
            else {
                return end(with: &output, .malformed, "an event of the answer is not JSON")
            }
            return takePlain(event, data, now: now, into: &output)
        }
        if dialect == .plain, framing == .events, let only = text.values.first, only.path.isEmpty, only.kind == .literal
        {
            // A number of a stream of text.
            return takePlain(event, data, now: now, into: &output)
        }
        return take(text, of: event, now: now, into: &output)
    }

    /// A stream whose events are text.
    private mutating func takePlain(
        _ event: AnswerEvent,
        _ data: [UInt8],
        now: Int,
        into output: inout [UInt8]
    ) -> AnswerStep? {
        guard open("data") else { return end(with: &output, .tooLarge, "the answer has too many texts") }
        let piece = channels["data"]?.feed(data, template: .text(event), now: now) ?? []
        if let refused = refusal(of: "data", &output) { return refused }
        var event = event
        event.data = piece
        output += event.bytes(framing)
        return nil
    }

    private mutating func take(
        _ text: AnswerText,
        of event: AnswerEvent,
        now: Int,
        into output: inout [UInt8]
    ) -> AnswerStep? {
        let type = text.text(at: [.key("type")]) ?? ""
        last.note(text, event: event)
        if let refused = refused(text) { return end(with: &output, refused.code, refused.message) }
        guard openCalls(in: text, type: type) else {
            return end(with: &output, .tooLarge, "the answer has too many texts")
        }
        if dialect == .anthropicMessages, text.text(at: [.key("delta"), .key("type")]) == "signature_delta" {
            // What was signed is complete.
            let index = text.text(at: [.key("index")]) ?? ""
            let signed = order.filter { $0.hasSuffix("thinking.index=\(index)") }
            if let refused = flush(signed, isComplete: true, into: &output) { return refused }
        }
        var changes: [(Range<Int>, [UInt8])] = []
        var touched: [(name: String, value: AnswerText.Value, text: [UInt8], original: [UInt8])] = []
        var pieces: [(name: String, range: Range<Int>)] = []
        for value in text.values where TextPlace.isNumber(value, in: text, dialect: dialect) {
            if let refused = whole(value, in: text, isArguments: false, &changes) {
                return end(with: &output, refused.code, refused.message)
            }
        }
        for value in text.values where value.kind == .string {
            switch TextPlace.of(value, in: text, dialect: dialect, type: type) {
            case .structure:
                // A text that was changed is not the one that was signed.
                if value.key == "signature", !altered.isEmpty { changes.append((value.range, AnswerText.quoted([]))) }
            case .signedPiece(let name), .piece(let name):
                guard open(name) else { return end(with: &output, .tooLarge, "the answer has too many texts") }
                guard var channel = channels.removeValue(forKey: name) else { continue }
                let escaped = text.bytes[value.range.lowerBound + 1..<value.range.upperBound - 1]
                let original = text.decoded(value)
                let piece = channel.feed(
                    escaped: escaped,
                    template: .json(event, text, value.range),
                    now: now
                )
                channels[name] = channel
                if let refused = refusal(of: name, &output) { return refused }
                touched.append((name, value, piece, original))
                pieces.append((name, value.range))
            case .argumentsPiece(let name):
                guard open(name, isArguments: true) else {
                    return end(with: &output, .tooLarge, "the answer has too many texts")
                }
                let escaped = text.bytes[value.range.lowerBound + 1..<value.range.upperBound - 1]
                guard share.take(escaped.count),
                    channels[name]?.hold(escaped, template: .json(event, text, value.range), tool: last.tool(of: name))
                        ?? 0 <= rules.policy.maximumToolCall
                else { return end(with: &output, .tooLarge, "a tool call of the answer is too large") }
                changes.append((value.range, AnswerText.quoted([])))
                pieces.append((name, value.range))
            case .whole:
                if let refused = whole(value, in: text, isArguments: false, &changes) {
                    return end(with: &output, refused.code, refused.message)
                }
            case .wholeArguments:
                if let refused = whole(value, in: text, isArguments: true, &changes) {
                    return end(with: &output, refused.code, refused.message)
                }
            }
        }
        if pieces.count + changes.count > 1 {
            let others =
                changes.filter { change in !pieces.contains { $0.range == change.0 } }
                + pieces.map { ($0.range, AnswerText.quoted([])) }
            for piece in pieces { channels[piece.name]?.setOthers(others) }
        }
        // What ends with this event: its texts go out with it, or before it.
        for name in ending(with: text, type: type) {
            guard let channel = channels[name] else { continue }
            if let index = touched.firstIndex(where: { $0.name == name }), !channel.isArguments {
                var channel = channel
                touched[index].text += channel.finishText()
                channels[name] = channel
                if let refused = refusal(of: name, &output) { return refused }
                drop(name)
            } else if let refused = flush([name], isComplete: true, into: &output) {
                return refused
            }
        }
        var isAltered = !changes.isEmpty
        for entry in touched {
            if entry.text != entry.original {
                isAltered = true
                changes.append((entry.value.range, AnswerText.quoted(entry.text)))
            }
        }
        if isAltered {
            // What the tokens were would tell what was taken out.
            for value in text.values
            where value.kind == .composite
                && (value.key == "logprobs" || value.key == "token_ids" || value.key == "tokens")
            {
                changes.append((value.range, Array("null".utf8)))
            }
        }
        var event = event
        if !changes.isEmpty { event.data = text.replacing(Self.outermost(changes)) }
        output += event.bytes(framing)
        return nil
    }

    /// The changes that are not within another.
    private static func outermost(_ changes: [(Range<Int>, [UInt8])]) -> [(Range<Int>, [UInt8])] {
        changes.filter { change in
            !changes.contains { other in
                other.0 != change.0 && other.0.lowerBound <= change.0.lowerBound
                    && other.0.upperBound >= change.0.upperBound
            }
        }
    }

    /// The texts that end with an event.
    private func ending(with text: AnswerText, type: String) -> [String] {
        switch dialect {
        case .anthropicMessages:
            if type == "content_block_stop", let index = text.text(at: [.key("index")]) {
                return order.filter { $0.hasSuffix("index=\(index)") }
            }
            return type == "message_delta" || type == "message_stop" || type == "error" ? order : []
        case .openAIResponses:
            if type.hasSuffix(".done"), let item = text.text(at: [.key("item_id")]) {
                return order.filter { $0.contains("item_id=\(item)") }
            }
            let ends = [
                "response.completed", "response.incomplete", "response.failed", "response.output_item.done", "error",
            ]
            return ends.contains(type) ? order : []
        case .openAIChat, .openAICompletions, .plain:
            if text.text(at: [.key("done")]) == "true" { return order }
            var names: [String] = []
            for value in text.values where value.key == "finish_reason" && value.kind == .string {
                var prefix = TextPlace.channel(value, text)
                prefix.removeLast("finish_reason".count)
                names += order.filter { $0.hasPrefix(prefix) }
            }
            return names
        }
    }

    // MARK: - Texts

    private mutating func open(_ name: String, isArguments: Bool = false) -> Bool {
        guard channels[name] == nil else { return true }
        guard channels.count < Self.maximumChannels else { return false }
        channels[name] = AnswerChannel(name: name, rules: rules, facts: facts, isArguments: isArguments)
        order.append(name)
        return true
    }

    private mutating func drop(_ name: String) {
        guard let channel = channels.removeValue(forKey: name) else { return }
        order.removeAll { $0 == name }
        share.giveBack(channel.bytesHeld)
    }

    /// Ends texts: what they hold goes out in events of its own.
    private mutating func flush(_ names: [String], isComplete: Bool, into output: inout [UInt8]) -> AnswerStep? {
        for name in names {
            guard var channel = channels[name] else { continue }
            if channel.isArguments {
                guard isComplete else {
                    drop(name)
                    continue
                }
                guard !channel.arguments.allSatisfy(UnitClass.isSpace) else {
                    // The call went out without any: they are none.
                    if let reason = facts.refusesToolCall?(channel.tool ?? "", Array("{}".utf8)) {
                        return end(with: &output, .toolCall, reason)
                    }
                    drop(name)
                    continue
                }
                switch ToolArguments.filtered(channel.arguments, rules: rules, facts: facts, channel: name) {
                case .success(let call):
                    findings += call.findings
                    if let reason = facts.refusesToolCall?(channel.tool ?? "", call.text) {
                        return end(with: &output, .toolCall, reason)
                    }
                    output += channel.event(carrying: call.text, framing)
                case .failure(let refused): return end(with: &output, refused.code, refused.message)
                }
            } else {
                let rest = channel.finishText()
                channels[name] = channel
                if let refused = refusal(of: name, &output) { return refused }
                if !rest.isEmpty { output += channel.event(carrying: rest, framing) }
            }
            drop(name)
        }
        return nil
    }

    /// Takes a text's findings, and says whether one of them ends the answer.
    private mutating func refusal(of name: String, _ output: inout [UInt8]) -> AnswerStep? {
        guard var channel = channels[name] else { return nil }
        let found = channel.takeFindings()
        findings += found
        if name.contains("thinking"), found.contains(where: { $0.action != .flag }) { altered.insert(name) }
        channels[name] = channel
        guard let blocked = channel.blocked else { return nil }
        return end(with: &output, .blocked, "`\(blocked.rule)` was found in `\(name)`")
    }

    /// Filters a string that is a whole text; gives why the answer cannot go on.
    private mutating func whole(
        _ value: AnswerText.Value,
        in text: AnswerText,
        isArguments: Bool,
        _ changes: inout [(Range<Int>, [UInt8])]
    ) -> AnswerRefusal? {
        let original = value.kind == .string ? text.decoded(value) : Array(text.bytes[value.range])
        let name = TextPlace.channel(value, text)
        let outcome =
            isArguments
            ? ToolArguments.filtered(original, rules: rules, facts: facts, channel: name)
            : WholeText.filtered(original, rules: rules, facts: facts, channel: name)
        switch outcome {
        case .failure(let refused): return refused
        case .success(let result):
            findings += result.findings
            if result.text != original { changes.append((value.range, AnswerText.quoted(result.text))) }
        }
        guard isArguments, let refuses = facts.refusesToolCall else { return nil }
        let parent = Array(value.path.dropLast())
        var tool = text.text(at: parent + [.key("name")])
        if let call = ToolArguments.called(in: text).first(where: { $0.name.path.dropLast().elementsEqual(parent) }) {
            tool = call.tool
        }
        if parent.isEmpty { tool = last.tool(of: name) ?? tool }
        guard var arguments = try? outcome.get().text else { return nil }
        if arguments.allSatisfy(UnitClass.isSpace) {
            // The arguments of an item that was only begun come after it.
            if text.text(at: [.key("type")]) == "response.output_item.added" { return nil }
            arguments = Array("{}".utf8)
        }
        guard let reason = refuses(tool ?? "", arguments) else { return nil }
        return AnswerRefusal(code: .toolCall, message: reason)
    }

    /// Why a JSON text may not go out, whatever its texts are: a tool that it calls, or a key.
    private mutating func refused(_ text: AnswerText) -> AnswerRefusal? {
        if let refused = ToolArguments.refusedName(in: text, facts: facts) { return refused }
        if let refused = ToolArguments.refusedInput(in: text, facts: facts) { return refused }
        for key in text.keys.subtracting(keys).sorted() {
            if let refused = WholeText.refusedKey(key, rules: rules, facts: facts) { return refused }
            if keys.count < 1024 { keys.insert(key) }
        }
        return nil
    }

    /// Notes the tool calls that an event begins, so that those are judged whose arguments never come.
    private mutating func openCalls(in text: AnswerText, type: String) -> Bool {
        guard facts.refusesToolCall != nil else { return true }
        for call in ToolArguments.called(in: text) {
            let name: String
            switch dialect {
            case .openAIChat:
                let channel = TextPlace.channel(call.name, text)
                guard call.name.path.contains(.key("delta")),
                    channel.hasSuffix("function.name")
                        || channel.hasSuffix("function_call.name")
                else { continue }
                name = channel.dropLast("name".count) + "arguments"
            case .anthropicMessages:
                let input = text.value(at: [.key("content_block"), .key("input")])
                guard type == "content_block_start",
                    text.text(at: [.key("content_block"), .key("type")]) == "tool_use",
                    input.map({ ToolArguments.isEmpty($0, text) }) ?? true
                else { continue }
                name = "delta.partial_json" + (text.text(at: [.key("index")]).map { ".index=\($0)" } ?? "")
            default: continue
            }
            guard open(name, isArguments: true) else { return false }
            channels[name]?.begin(tool: call.tool)
        }
        return true
    }

    // MARK: - Bodies

    private mutating func finishJSON(into output: inout [UInt8]) -> AnswerStep? {
        guard !body.allSatisfy(UnitClass.isSpace) else {
            output += body
            return nil
        }
        guard let text = AnswerText(body) else {
            return end(with: &output, .malformed, "the answer is not JSON, or has a key twice")
        }
        var changes: [(Range<Int>, [UInt8])] = []
        if let refused = refused(text) { return end(with: &output, refused.code, refused.message) }
        for value in text.values {
            let isText = value.kind == .string && !TextPlace.isStructure(value, dialect: dialect)
            guard isText || TextPlace.isNumber(value, in: text, dialect: dialect) else { continue }
            let isArguments = value.key == "arguments" && value.kind == .string && !TextPlace.isOpen(value.path)
            if let refused = whole(value, in: text, isArguments: isArguments, &changes) {
                return end(with: &output, refused.code, refused.message)
            }
        }
        if !changes.isEmpty {
            for value in text.values where value.kind == .composite && value.key == "logprobs" {
                changes.removeAll { value.range.contains($0.0.lowerBound) }
                changes.append((value.range, Array("null".utf8)))
            }
        }
        output += text.replacing(changes)
        body = []
        return nil
    }

    // MARK: - Ends

    private mutating func plainRefusal(_ output: inout [UInt8]) -> AnswerStep? {
        guard let blocked = plain?.blocked else { return nil }
        return end(with: &output, .blocked, "`\(blocked.rule)` was found")
    }

    private mutating func end(with output: inout [UInt8], _ code: AnswerRefusal.Code, _ message: String) -> AnswerStep {
        let refusal = AnswerRefusal(code: code, message: message)
        self.refusal = refusal
        for name in order {
            guard var channel = channels.removeValue(forKey: name) else { continue }
            findings += channel.takeFindings()
        }
        // What is held goes nowhere.
        channels = [:]
        order = []
        body = []
        // What ends it is not part of the answer: before it nothing may have gone out.
        hasEmitted = hasEmitted || !output.isEmpty
        output += AnswerEnding.bytes(dialect: dialect, format: format, refusal: refusal, facts: last)
        return .end(output, refusal)
    }

    private mutating func step(_ output: [UInt8]) -> AnswerStep {
        hasEmitted = hasEmitted || !output.isEmpty
        return .bytes(output)
    }
}
