/// Gathers what is read from a body.
struct RequestReading {
    var request: ModelRequest
    /// The bytes of the texts so far.
    private var textBytes = 0
    /// Keys of this length and more may hold a text of their own.
    private static let longKey = 24

    init(_ dialect: Dialect) {
        request = ModelRequest(dialect)
    }

    /// Takes in a string.
    mutating func take(_ value: JSONValue, as channel: TextChannel, at path: JSONPath) throws(DialectRefusal) {
        guard value.kind == .string else {
            throw value.refusal(at: path, "expected a string, found \(value.kind.name)")
        }
        add(value, channel)
    }

    /// Takes in a string, where there is one.
    mutating func take(_ value: JSONValue?, as channel: TextChannel, at path: JSONPath) throws(DialectRefusal) {
        if let value { try take(value, as: channel, at: path) }
    }

    /// Takes in the name of what is called, which reaches the model as a text does; empty where there is none.
    mutating func takeName(
        _ fields: inout RequestFields,
        _ field: String = "name",
        as channel: TextChannel = .assistant
    ) throws(DialectRefusal) -> String {
        let name = fields.take(field)
        try take(name, as: channel, at: fields.path.appending(field))
        return name?.string ?? ""
    }

    /// Takes in every string of a value, and the keys that are long enough to be texts.
    mutating func takeAll(_ value: JSONValue, as channel: TextChannel) {
        switch value.kind {
        case .string: add(value, channel)
        case .array: for element in value.elements { takeAll(element, as: channel) }
        case .object:
            for (key, member) in value.members {
                takeKey(key, as: channel)
                takeAll(member, as: channel)
            }
        default: break
        }
    }

    mutating func takeKey(_ key: JSONValue, as channel: TextChannel) {
        if key.range.count - 2 >= Self.longKey { add(key, channel) }
    }

    /// Takes in a run of a body that is no JSON.
    mutating func take(text: String, _ range: Range<Int>, as channel: TextChannel, at path: String) {
        textBytes += text.utf8.count
        request.texts.append(RequestText(channel: channel, text: text, range: range, value: nil, place: path))
    }

    private mutating func add(_ value: JSONValue, _ channel: TextChannel) {
        guard let text = value.string else { return }
        textBytes += text.utf8.count
        guard !text.isEmpty else { return }
        request.texts.append(
            RequestText(
                channel: channel,
                text: text,
                range: value.range.lowerBound + 1..<value.range.upperBound - 1,
                value: value,
                place: ""
            )
        )
    }

    /// The request, as far as it goes for all dialects alike.
    mutating func finish(_ document: JSONDocument?) -> ModelRequest {
        request.counts.inputTokens = (textBytes + 3) / 4
        request.document = document
        if let root = document?.root, root.kind == .object {
            request.parameters = root.members.map { .init(name: $0.key.string ?? "", range: $0.value.range) }
        }
        return request
    }
}
