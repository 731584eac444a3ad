/// Judges what a server of the Model Context Protocol answers, which a model reads next: results of tools, resources, and
/// the descriptions of its tools.
struct ProtocolAnswers: AnswerFilterMaker {
    private let inspector: InjectionInspector
    private let next: OutputAnswers?

    /// Judges by a policy; what passes is given to another maker's filters, where there is one.
    init(_ policy: InjectionPolicy, next: OutputAnswers?) {
        inspector = InjectionInspector(policy)
        self.next = next
    }

    func filter(
        for request: ModelRequest,
        status: Int,
        contentType: String?
    ) throws(DialectRefusal) -> any AnswerFilter {
        let format = contentType.flatMap { AnswerFormat(contentType: $0) }
        guard format == .json || format == .events else {
            throw DialectRefusal(
                status: 502,
                rule: "answer_content_type",
                message: "the answer is neither JSON nor a stream of events, and cannot be looked at"
            )
        }
        let next = try next?.filter(for: request, status: status, contentType: contentType)
        return Filter(inspector, next, isStream: format == .events)
    }

    private final class Filter: AnswerFilter {
        private let inspector: InjectionInspector
        private let next: (any AnswerFilter)?
        private var reader: EventReader?
        private var body: [UInt8] = []
        private var hasEmitted = false
        private var own: [AnswerNote] = []

        init(_ inspector: InjectionInspector, _ next: (any AnswerFilter)?, isStream: Bool) {
            self.inspector = inspector
            self.next = next
            reader = isStream ? EventReader(.events, maximumEvent: OutputFilter.maximumBody) : nil
        }

        var notes: [AnswerNote] { own + (next?.notes ?? []) }

        func feed(_ bytes: [UInt8]) -> AnswerPiece {
            guard reader != nil else {
                body += bytes
                return body.count > OutputFilter.maximumBody ? .refused([], Self.tooLarge) : .bytes([])
            }
            guard let events = reader?.feed(bytes) else { return .refused([], Self.tooLarge) }
            return pass(events)
        }

        func finish() -> AnswerPiece {
            if let last = reader?.finish() {
                let piece = pass(last)
                guard case .bytes(let bytes) = piece else { return piece }
                return end(after: bytes)
            }
            guard !body.allSatisfy(UnitClass.isSpace) else { return end(after: body) }
            do throws(DialectRefusal) {
                let judged = try judge(body)
                guard let next else { return .bytes(judged) }
                let piece = next.feed(judged)
                guard case .bytes(let bytes) = piece else { return piece }
                return end(after: bytes)
            } catch { return .refused([], error) }
        }

        private func end(after bytes: [UInt8]) -> AnswerPiece {
            switch next?.finish() {
            case nil: .bytes(bytes)
            case .bytes(let rest): .bytes(bytes + rest)
            case .refused(let rest, let refusal): .refused(bytes + rest, refusal)
            }
        }

        private func pass(_ events: [AnswerEvent]) -> AnswerPiece {
            var output: [UInt8] = []
            for event in events {
                var event = event
                if let data = event.data, !data.isEmpty {
                    do throws(DialectRefusal) { event.data = try judge(data) } catch {
                        guard hasEmitted || !output.isEmpty else { return .refused([], error) }
                        // The client hears of it under the id of its own call.
                        let call = (try? JSONDocument(data))?.root["id"]
                        event.data = DialectErrors.body(error, dialect: .mcp, requestID: "", call: call)
                        return .refused(output + event.bytes(.events), error)
                    }
                }
                switch next?.feed(event.bytes(.events)) ?? .bytes(event.bytes(.events)) {
                case .bytes(let bytes): output += bytes
                case .refused(let bytes, let refusal): return .refused(output + bytes, refusal)
                }
            }
            hasEmitted = hasEmitted || !output.isEmpty
            return .bytes(output)
        }

        /// A message as it may go on.
        private func judge(_ bytes: [UInt8]) throws(DialectRefusal) -> [UInt8] {
            let inspection = inspector.inspect(try Self.read(bytes))
            for finding in inspection.findings where own.count < 64 {
                own.append(
                    AnswerNote(
                        rule: finding.rule,
                        field: AnswerField.path(ofMember: finding.path),
                        range: finding.range
                    )
                )
            }
            if inspection.refusal != nil { throw Self.refusal(inspection) }
            guard !inspection.edits.isEmpty else { return bytes }
            let changed = BodyEdit.applied(inspection.edits, to: bytes)
            let left = inspector.inspect(try Self.read(changed))
            guard left.refusal == nil, left.edits.isEmpty else { throw Self.refusal(inspection) }
            return changed
        }

        private static func read(_ bytes: [UInt8]) throws(DialectRefusal) -> ModelRequest {
            do throws(JSONFailure) {
                let document = try JSONDocument(bytes)
                var reading = RequestReading(.mcp)
                let root = document.root
                if root.kind == .array {
                    for message in root.elements { take(message, &reading) }
                } else {
                    take(root, &reading)
                }
                return reading.finish(document)
            } catch {
                throw DialectRefusal(
                    status: 502,
                    rule: "answer_\(error.code.rawValue)",
                    message: "the answer cannot be read"
                )
            }
        }

        private static func take(_ message: JSONValue, _ reading: inout RequestReading) {
            for (key, value) in message.members {
                guard key.isString("result"), value.kind == .object else {
                    reading.takeAll(value, as: .toolResult)
                    continue
                }
                for (name, member) in value.members {
                    let channel: TextChannel =
                        switch name.string {
                        case "tools", "prompts", "instructions": .toolDescription
                        case "contents", "resources", "messages": .retrieved
                        default: .toolResult
                        }
                    reading.takeKey(name, as: channel)
                    reading.takeAll(member, as: channel)
                }
            }
        }

        private static func refusal(_ inspection: RequestInspection) -> DialectRefusal {
            DialectRefusal(
                status: 502,
                rule: "answer_injection",
                path: inspection.findings.first.map { AnswerField.path(ofMember: $0.path) } ?? "",
                range: inspection.findings.first?.range,
                message: "the answer holds instructions that do not belong where they stand"
            )
        }

        private static let tooLarge = DialectRefusal(
            status: 502,
            rule: "answer_too_large",
            message: "the answer is too large to be looked at"
        )
    }
}
