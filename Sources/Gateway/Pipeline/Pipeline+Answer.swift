import Guardrails
import NIOCore
import ZeroTrust

/// The answer, which is held until the record of the decision is durable.
extension Pipeline {
    /// Whether more of the upstream's response can be taken.
    var canTakeResponse: Bool {
        if case .held(let bytes, _) = answer { return bytes.readableBytes < OutgoingRequest.waitingBytes }
        return connection.isWritable
    }

    /// Passes on a piece of the upstream's response, or holds it until the record is durable.
    func pass(_ bytes: ByteBuffer, content: Int, at now: NIODeadline = .now()) {
        if isFiltered { return passFiltered(bytes) }
        passOn(bytes, content: content, at: now)
    }

    /// Passes on what may be sent.
    func passOn(_ bytes: ByteBuffer, content: Int, at now: NIODeadline = .now()) {
        progress.bytesSent += UInt64(content)
        progress.last = now
        kept?.takeAnswer(bytes, content: content)
        lookForRecord()
        if record.isDurable {
            // What was held came first, also where the record has become durable since and nobody was called yet.
            if case .held(let held, _) = answer { connection.write(held) }
            answer = .streaming
            return connection.write(bytes)
        }
        if case .held(var held, let isWhole) = answer {
            answer = .none
            held.writeImmutableBuffer(bytes)
            answer = .held(held, isWhole: isWhole)
        } else {
            answer = .held(bytes, isWhole: false)
        }
    }

    /// Sends on what was passed since.
    func flushResponse() {
        if case .streaming = answer { connection.flush() }
    }

    /// Decides on an answer of our own.
    func answer(status: Int, ending: CompletionRecord.Ending) {
        outgoing.drop()
        // Nothing is said about a decision that was not recorded, not even that it was a refusal.
        if record.isFailed {
            answer = .local(status: 503, ending: .notRecorded)
        } else {
            answer = .local(status: status, ending: ending)
        }
        sendAnswer()
    }

    /// Sends what is ready, once the record allows it.
    func sendAnswer() {
        lookForRecord()
        switch record.stage {
        case .none, .pending: return
        case .durable, .failed: break
        }
        switch answer {
        case .none, .streaming: break
        case .held(let bytes, let isWhole):
            answer = .streaming
            connection.write(bytes)
            if isWhole {
                if let trailers { connection.write(trailers) }
                return end(isAnswerRefused ? .answerRefused : .complete)
            }
            connection.flush()
            upstream?.resumeReading()
        case .local(let status, let ending):
            closes = connection.closesAfter(keepsAlive, isLocal: true, isAwaited: isAwaited)
            self.status = status
            let hasBody = method != .head
            if let guarding, let refusal = guarding.refusal, !record.isFailed {
                connection.write(
                    HeadWriter.refusal(
                        refusal,
                        body: guarding.errorBody(id: idText),
                        methods: guarding.stage.guardrail.methods,
                        id: id,
                        closes: closes,
                        hasBody: hasBody
                    )
                )
            } else if let refusal = asking?.refusal, case .refused = ending {
                connection.write(HeadWriter.refusal(refusal, id: id, closes: closes, hasBody: hasBody))
            } else {
                connection.write(HeadWriter.local(status: status, id: id, closes: closes, hasBody: hasBody))
            }
            end(ending)
        }
    }
}
