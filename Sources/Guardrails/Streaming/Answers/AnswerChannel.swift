/// One text of a streamed answer: its filter, and what an event of it looks like.
struct AnswerChannel: Sendable {
    /// An event whose text can be replaced by another.
    enum Template: Sendable {
        case json(AnswerEvent, AnswerText, Range<Int>)
        case text(AnswerEvent)
    }

    let name: String
    /// Whether it is the arguments of a tool call, which wait until they are complete.
    let isArguments: Bool
    private(set) var tool: String?
    /// The arguments so far, decoded.
    private(set) var arguments: [UInt8] = []
    /// What was taken from the budget for them.
    private(set) var bytesHeld = 0
    /// Since when something is held; nil while nothing is.
    private(set) var heldSince: Int?

    private var filter: TextFilter
    private var decoder = StringDecoder()
    private var template: Template?
    /// What is replaced in ``template`` beside this text: the event's other texts went out already.
    private var others: [(Range<Int>, [UInt8])] = []
    /// What the filter let go of outside an event.
    private var loose: [UInt8] = []
    private var tookFindings: [OutputFinding] = []

    init(name: String, rules: OutputRules, facts: RequestFacts, isArguments: Bool) {
        self.name = name
        self.isArguments = isArguments
        filter = TextFilter(rules, prompt: facts.prompt, hosts: facts.hosts, vault: facts.vault)
    }

    var held: Int { filter.held }
    var blocked: OutputFinding? { filter.blocked }

    /// Adds a piece of the text as JSON wrote it, and gives what may go out in its place.
    mutating func feed(escaped: ArraySlice<UInt8>, template: Template, now: Int) -> [UInt8] {
        let piece = decoder.decode(escaped)
        return feed(piece, template: template, now: now)
    }

    /// Adds a piece of the text, and gives what may go out in its place.
    mutating func feed(_ piece: [UInt8], template: Template, now: Int) -> [UInt8] {
        self.template = template
        others = []
        var output = loose
        loose = []
        filter.feed(piece[...], into: &output)
        if filter.held == 0 && !decoder.isWaiting { heldSince = nil } else if heldSince == nil { heldSince = now }
        return output
    }

    /// Adds a piece of a tool call's arguments; gives how many bytes they are.
    mutating func hold(_ escaped: ArraySlice<UInt8>, template: Template, tool: String?) -> Int {
        self.template = template
        others = []
        self.tool = self.tool ?? tool
        arguments += decoder.decode(escaped)
        bytesHeld += escaped.count
        return arguments.count
    }

    /// Says which tool's arguments they are, before any of them came.
    mutating func begin(tool: String) { self.tool = self.tool ?? tool }

    /// Says what is to stand in the place of the other texts of the event that it last took.
    mutating func setOthers(_ changes: [(Range<Int>, [UInt8])]) { others = changes }

    /// Ends the text, and gives what was held.
    mutating func finishText() -> [UInt8] {
        var output = loose
        loose = []
        filter.feed(decoder.finish()[...], into: &output)
        filter.finish(into: &output)
        heldSince = nil
        return output
    }

    /// Redacts what is held; it goes out with the next piece, or with ``pending(_:)``.
    mutating func redactHeld() {
        filter.redactHeld(into: &loose)
        heldSince = nil
    }

    /// An event with what went out of the filter and not yet to the caller.
    mutating func pending(_ framing: EventReader.Framing) -> [UInt8] {
        guard !loose.isEmpty else { return [] }
        defer { loose = [] }
        return event(carrying: loose, framing)
    }

    mutating func takeFindings() -> [OutputFinding] {
        filter.takeFindings().map { finding in
            var finding = finding
            finding.channel = name
            return finding
        }
    }

    /// An event like the last one of this text, with another text in it (rule S10).
    func event(carrying text: [UInt8], _ framing: EventReader.Framing) -> [UInt8] {
        switch template {
        case .json(var event, let json, let range):
            var changes: [(Range<Int>, [UInt8])] = [(range, AnswerText.quoted(text))]
            changes += others.filter { $0.0 != range }
            for value in json.values {
                if value.key == "logprobs", value.kind == .composite {
                    changes.removeAll { value.range.contains($0.0.lowerBound) }
                    changes.append((value.range, Array("null".utf8)))
                }
                // The choice's end was not told yet.
                if value.key == "finish_reason", value.kind == .string {
                    changes.append((value.range, Array("null".utf8)))
                }
            }
            event.data = json.replacing(changes)
            return event.bytes(framing)
        case .text(var event):
            event.data = text
            return event.bytes(framing)
        case nil: return []
        }
    }
}
