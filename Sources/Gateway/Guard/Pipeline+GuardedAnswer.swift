import Guardrails
import Logging
import NIOCore
import ZeroTrust

/// The answer on a route whose guardrail looks at answers.
extension Pipeline {
    /// Begins to look at an answer; returns whether it is looked at.
    func beginPassage(_ scanner: borrowing ResponseScanner, _ head: ByteBuffer) -> Bool {
        guard let guarding, let maker = guarding.stage.answers, let request = guarding.request,
            scanner.framing != .none
        else { return false }
        do throws(DialectRefusal) {
            guard values("content-encoding", scanner, head).allSatisfy({ $0.lowercased() == "identity" }) else {
                throw DialectRefusal(
                    status: 502,
                    rule: "answer_content_encoding",
                    message: "the answer is encoded, and cannot be looked at"
                )
            }
            guard scanner.status != 206 else {
                throw DialectRefusal(
                    status: 502,
                    rule: "answer_partial",
                    message: "the answer is a part of another, and cannot be looked at"
                )
            }
            let types = values("content-type", scanner, head)
            let filter = try maker.filter(
                for: request,
                status: scanner.status,
                contentType: types.count == 1 ? types[0] : nil
            )
            passage = try? AnswerPassage(
                filter,
                scanner.framing,
                budget: worker.context.guardedBytes,
                limit: connection.terms.limits.guardedBytes
            )
            if let passage, let tokens = usage.take() { passage.tokens = tokens.reader }
        } catch {
            passage = nil
            refuseAnswer(error)
        }
        guarding.forgetRequest()
        return true
    }

    /// A reader of the tokens that an answer says it took; nil where its API states none, or they cannot be read.
    func answerTokens(_ scanner: borrowing ResponseScanner, _ head: ByteBuffer) -> AnswerTokens? {
        guard let dialect = guarding?.dialect ?? dialect, scanner.framing != .none else { return nil }
        let types = values("content-type", scanner, head)
        guard types.count == 1, values("content-encoding", scanner, head).allSatisfy({ $0.lowercased() == "identity" }),
            let reader = AnswerUsage(dialect: dialect, contentType: types[0])
        else { return nil }
        return AnswerTokens(reader)
    }

    /// A piece of the body of the upstream's response has come.
    ///
    /// - Parameters:
    ///   - bytes: the piece.
    ///   - content: how many bytes of content it has.
    ///   - isChunked: whether the framing of chunks stands among them.
    ///   - now: when it came.
    func came(_ bytes: ByteBuffer, content: Int, isChunked: Bool, at now: NIODeadline = .now()) {
        if content > 0, progress.answeredAt == nil { progress.answeredAt = now }
        usage?.take(bytes, isChunked: isChunked)
    }

    /// What was found in the answer, the first thing first; the log says how many there were.
    var answerNote: DecisionRecord.Guardrail? {
        guard let passage, let first = passage.notes.first else { return nil }
        worker.context.logger.info(
            "answer filtered",
            metadata: ["request.id": "\(idText)", "rule": "\(first.rule)", "count": "\(passage.notes.count)"]
        )
        var recorded = DecisionRecord.Guardrail(
            name: guarding?.stage.guardrail.name ?? "",
            rule: first.rule,
            field: first.field.isEmpty ? nil : first.field,
            range: first.range
        )
        recorded.findings = findings(passage)
        return recorded
    }

    private func findings(_ passage: AnswerPassage) -> [DecisionRecord.Guardrail.Finding] {
        passage.notes.map {
            DecisionRecord.Guardrail.Finding(
                rule: $0.rule,
                channel: TextChannel.assistant.rawValue,
                field: $0.field,
                range: $0.range
            )
        }
    }

    /// Whether the answer is looked at, so that its head and its body are passed apart.
    var isFiltered: Bool { passage != nil || isAnswerRefused }

    /// Passes a piece of an answer that is looked at.
    func passFiltered(_ bytes: ByteBuffer) {
        progress.last = .now()
        guard !isAnswerRefused, let passage else { return }
        let outcome = passage.take(bytes)
        if outcome.bytes.readableBytes > 0 { passOn(outcome.bytes, content: outcome.content) }
        if let refusal = outcome.refusal { refuseAnswer(refusal) }
    }

    /// The upstream has said all of an answer that is looked at; returns whether it may end.
    func finishPassage() -> Bool {
        trailers = nil
        guard !isAnswerRefused, let passage else { return false }
        let outcome = passage.finish()
        if outcome.bytes.readableBytes > 0 { passOn(outcome.bytes, content: outcome.content) }
        guard let refusal = outcome.refusal else { return true }
        refuseAnswer(refusal)
        return false
    }

    /// An answer goes no further.
    private func refuseAnswer(_ refusal: DialectRefusal) {
        answerRefusal = DecisionRecord.Guardrail(
            name: guarding?.stage.guardrail.name ?? "",
            rule: refusal.rule,
            // It is written without the answer's own names already.
            field: refusal.path.isEmpty ? nil : refusal.path,
            range: refusal.range
        )
        // What of it was found says which rule it was, and where.
        if let passage { answerRefusal?.findings = findings(passage) }
        let hasBegun = passage?.hasBegun == true
        worker.context.logger.warning(
            "answer refused",
            metadata: [
                "request.id": "\(idText)", "guardrail": "\(guarding?.stage.guardrail.name ?? "")",
                "rule": "\(refusal.rule)", "field": "\(refusal.path)",
            ]
        )
        // The upstream is in the middle of saying it; it is cut off when it has finished speaking.
        let bound = NIOLoopBound(self, eventLoop: worker.eventLoop)
        worker.eventLoop.execute {
            let pipeline = bound.value
            guard !pipeline.isOver else { return }
            pipeline.abortUpstream()
            if hasBegun {
                pipeline.answerRefused()
            } else {
                pipeline.guarding?.refuseAnswer(refusal)
                pipeline.answer(status: refusal.status, ending: .answerRefused)
            }
        }
    }

    /// The values of a response's header lines by name.
    private func values(_ name: String, _ scanner: borrowing ResponseScanner, _ head: ByteBuffer) -> [String] {
        var values: [String] = []
        for line in scanner.fields.lines where line.nameRange.count == name.utf8.count {
            let start = head.readerIndex
            guard
                head.getString(at: start + line.nameRange.lowerBound, length: line.nameRange.count)?.lowercased()
                    == name
            else { continue }
            values.append(head.getString(at: start + line.value.lowerBound, length: line.value.count) ?? "")
        }
        return values
    }
}
