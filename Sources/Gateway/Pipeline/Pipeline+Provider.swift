import Authorization
import Logging
import NIOCore
import ZeroTrust

/// The provider of a CUSTOM policy, which is asked before anything else is decided.
///
/// Nothing goes upstream and nothing is recorded before its answer, and there is always one: what keeps it from
/// answering refuses the request, under its own reason.
extension Pipeline {
    /// Whether a provider's answer is awaited.
    var isAsking: Bool { asking?.isOpen == true }

    /// The provider that a question is for, as the configuration in force declares it.
    func provider(of question: ExternalQuestion) -> ExternalProvider? {
        generation.snapshot.configuration.providers.first { $0.name == question.provider }
    }

    /// Asks, once there is of the body what the provider is to see.
    func ask(_ asking: Asking) {
        self.asking = asking
        guard let body = asking.provider.body else { return putQuestion(asking, body: nil, isPartial: false) }
        outgoing.hold(body.maximum)
        if isAwaited, connection.requestBody?.isComplete == false {
            // The body is needed now; that it may come says nothing of the decision.
            connection.write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
            connection.flush()
            isAwaited = false
        }
        bodyGrew(asking)
    }

    /// Looks whether there is of the body what the provider is to see.
    func bodyGrew(_ asking: Asking) {
        guard asking.isOpen, !asking.isAsked, let limit = asking.provider.body else { return }
        let isWhole = connection.requestBody?.isComplete != false
        if progress.bytesReceived > UInt64(limit.maximum) {
            guard limit.allowsPart else {
                giveUpWaiting("body_too_large_to_check")
                return answer(status: 413, ending: .badRequest)
            }
        } else if !isWhole {
            return
        }
        let content = outgoing.content(framed: asking.scanner.framing, atMost: limit.maximum)
        putQuestion(asking, body: content, isPartial: !isWhole || progress.bytesReceived > UInt64(content.count))
    }

    private func putQuestion(_ asking: Asking, body: [UInt8]?, isPartial: Bool) {
        asking.isAsked = true
        outgoing.holdNoMore()
        var exchange = asking.exchange
        exchange.path = asking.subject.path
        exchange.headers = Self.forwardedHeaders(asking.scanner, asking.head)
        let size: UInt64? =
            switch asking.scanner.framing {
            case .none: 0
            case .length(let length): length
            case .chunked, .untilClose: nil
            }
        let request = ExternalRequest(
            exchange: exchange,
            peer: connection.caller?.peer,
            body: body,
            isBodyPartial: isPartial,
            bodySize: size
        )
        let authorizer = worker.context.authorizers.authorizer(for: asking.provider)
        let eventLoop = worker.eventLoop
        let bound = NIOLoopBound((self, asking), eventLoop: eventLoop)
        asking.timer = eventLoop.scheduleTask(in: TimeAmount(asking.provider.timeout)) {
            let (pipeline, asking) = bound.value
            pipeline.answered(asking, .failed(ExternalFailure(.timedOut, "the provider did not answer in time")))
        }
        let question = asking.question
        asking.task = Task {
            let verdict = await authorizer.decide(question, request)
            eventLoop.execute {
                let (pipeline, asking) = bound.value
                pipeline.answered(asking, verdict)
            }
        }
    }

    /// Goes on with the provider's answer.
    private func answered(_ asking: Asking, _ said: ExternalVerdict) {
        guard asking.isOpen, !isOver else { return }
        var verdict = said
        var scanner = asking.scanner
        var head = asking.head
        if case .allow(let changes) = said {
            do throws(ExternalFailure) {
                let limits = connection.terms.limits.http1
                // All of the answer or nothing: what follows a bad one goes on as if there had been none.
                let responseHeaders = try Self.responseHeaders(changes.responseHeaders)
                let rewritten = try RewrittenHead(scanner, head, changes, limits: limits)
                (scanner, head) = (rewritten.scanner, rewritten.head)
                asking.userHeaders = rewritten.userHeaders
                asking.responseHeaders = responseHeaders
            } catch {
                verdict = .failed(error)
            }
        }
        var outcome = DecisionRecord.Provider.Answer(verdict)
        if case .failed(let failure) = verdict {
            let goesOn = asking.provider.failsOpen(generation.snapshot.configuration.compatibility)
            worker.context.logger.warning(
                "provider failed",
                metadata: [
                    "request.id": "\(idText)", "provider": "\(asking.provider.name)",
                    "reason": "\(failure.code.rawValue)", "error": "\(failure.message)", "fail-open": "\(goesOn)",
                ]
            )
            if goesOn {
                verdict = .allow(ExternalVerdict.Changes())
                outcome = .failedOpen
            }
        }
        asking.close(outcome)
        worker.metrics.countCheck(provider: asking.provider.name, answer: outcome.rawValue, latency: asking.latency)
        decide(scanner, head, asking.subject, room: 0, answer: asking.question.answered(verdict))
    }

    /// A request ends whose provider has not answered, or whose body was not judged: its decision is recorded as what it
    /// is, a refusal.
    func giveUpWaiting(_ reason: String) {
        giveUpGuarding(reason)
        guard let asking, asking.isOpen else { return }
        asking.close(.none)
        decided(
            asking.question.decision,
            asking.exchange,
            generation.snapshot.policy,
            latency: 0,
            trace: asking.subject.trace,
            refusedFor: reason
        )
    }

    private static func responseHeaders(
        _ headers: [Exchange.Header]
    ) throws(ExternalFailure) -> [Exchange.Header] {
        guard headers.allSatisfy(HeaderField.isSound) else {
            throw ExternalFailure(.badAnswer, "the answer sets a response header that is none")
        }
        return headers.filter { HeaderField.mayChangeResponse($0.name) }
    }

    /// The header lines that would go upstream, names in lower case.
    private static func forwardedHeaders(_ scanner: RequestScanner, _ head: ByteBuffer) -> [Exchange.Header] {
        func text(_ range: Range<Int>) -> String {
            head.getString(at: head.readerIndex + range.lowerBound, length: range.count) ?? ""
        }
        return scanner.fields.lines.filter { $0.name == .other || $0.name == .traceparent || $0.name == .tracestate }
            .map { Exchange.Header(name: text($0.nameRange).lowercased(), value: text($0.value)) }
    }
}

extension DecisionRecord.Provider.Answer {
    fileprivate init(_ verdict: ExternalVerdict) {
        switch verdict {
        case .allow: self = .allow
        case .deny: self = .deny
        case .failed: self = .failed
        }
    }
}
