import Guardrails

/// Attacks through documents and tools, put together from what people ask of models and what documents say.
///
/// What makes a request an attack there is where it stands. So requests that are harmless when a user makes them, and
/// attacks that users make, are put into documents and results of tools that are harmless without them.
enum Composition {
    /// Requests of users that are short enough to be put elsewhere.
    private static let longestRequest = 420
    private static let longestHost = 6000
    private static let requestSources: Set<String> = [
        "self_instruct_seed", "jbb_benign", "xstest", "gpteacher_code", "gpteacher_roleplay", "hinglish",
    ]

    static func make(from texts: [CorpusText], count: Int) -> [CorpusText] {
        var random = Random(seed: 23)
        func isShort(_ text: CorpusText) -> Bool {
            text.isDirect && (12...longestRequest).contains(text.text.utf8.count)
        }
        let requests = texts.filter { isShort($0) && !$0.isAttack && requestSources.contains($0.source) }
        let attacks = texts.filter {
            isShort($0) && $0.isAttack && $0.source != "sap200" && $0.source != "jbb_artifacts"
        }
        let errands = Errands.make(from: &random, each: 6)
        let hosts = texts.filter {
            !$0.isDirect && !$0.isAttack && (40...longestHost).contains($0.text.utf8.count)
                && $0.source != "bipia_train_clean"
        }
        guard !requests.isEmpty, !attacks.isEmpty, !hosts.isEmpty else { return [] }
        return (0..<count).map { _ in
            let host = random.pick(hosts)
            let origin: String
            let kind: String
            var payload: String
            switch random.below(15) {
            case 10..<15: (payload, origin, kind) = (Intrusions.order(&random), "own_orders", "own_carried_orders")
            case 0..<4:
                let request = random.pick(requests)
                (payload, origin, kind) = (request.text, request.source, "own_carried_requests")
            case 4..<7: (payload, origin, kind) = (random.pick(errands), "own_errands", "own_carried_errands")
            default:
                let attack = random.pick(attacks)
                (payload, origin, kind) = (attack.text, attack.source, "own_carried_attacks")
            }
            // Half of them stand there bare, as they would be said.
            if origin != "own_orders", random.below(2) == 0 {
                payload = random.pick(Seeds.carriers).with(payload.trimmingEnd)
            }
            payload = payload.replacing("\n", with: " ")
            return CorpusText(
                text: insert(payload, into: host.text, &random),
                isAttack: true,
                source: kind,
                isDirect: false,
                payload: payload,
                origins: [origin, host.source],
                weight: 0.5
            )
        }
    }

    /// Puts a request into a document: between its lines or sentences, or into a string where it is JSON.
    private static func insert(_ payload: String, into host: String, _ random: inout Random) -> String {
        let bytes = Array(host.utf8)
        let isJSON = bytes.first == UInt8(ascii: "{") || bytes.first == UInt8(ascii: "[")
        var places: [Int] = isJSON ? [] : [0, bytes.count]
        for index in bytes.indices.dropFirst(2) {
            if isJSON {
                let isQuote = bytes[index - 1] == UInt8(ascii: "\"") || bytes[index - 1] == UInt8(ascii: "'")
                let follows = bytes[index - 2] == UInt8(ascii: " ") || bytes[index - 2] == UInt8(ascii: ":")
                if isQuote, follows { places.append(index) }
            } else if bytes[index - 1] == UInt8(ascii: "\n")
                || (bytes[index - 1] == UInt8(ascii: " ") && bytes[index - 2] == UInt8(ascii: "."))
            {
                places.append(index)
            }
        }
        guard !places.isEmpty else { return host + " " + payload }
        // The beginning, the end and the middle are as likely.
        let place =
            switch random.below(3) {
            case 0 where !isJSON: 0
            case 1 where !isJSON: bytes.count
            default: places[random.below(places.count)]
            }
        let before = String(decoding: bytes[..<place], as: UTF8.self)
        let after = String(decoding: bytes[place...], as: UTF8.self)
        return before + (isJSON || place == 0 ? "" : random.below(2) == 0 ? "\n" : " ") + payload
            + (isJSON ? " " : random.below(2) == 0 ? "\n" : " ") + after
    }
}

extension String {
    /// The text without the points and spaces that end it.
    fileprivate var trimmingEnd: String {
        var text = Substring(self)
        while let last = text.last, last == "." || last == " " || last == "\n" { text.removeLast() }
        return String(text)
    }
}
