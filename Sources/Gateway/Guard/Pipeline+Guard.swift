import Guardrails
import Logging
import NIOCore
import ZeroTrust

/// The guardrail of a route, which judges the whole body after policy has allowed the request and before its upstream is
/// called.
///
/// The upstream gets the bytes that were judged, and no others, under their own length. The decision is recorded once,
/// when the body is judged.
extension Pipeline {
    /// Begins to gather the body.
    func begin(_ guarding: Guarding) {
        self.guarding = guarding
        do throws(DialectRefusal) {
            try guarding.stage.judgeHead(method: method.rawValue, length: guarding.declaredLength)
        } catch {
            return refuse(guarding, error)
        }
        // A provider may have looked at the body before.
        for piece in outgoing.takeBack() where guarding.isOpen { bodyGrew(guarding, piece) }
        guard guarding.isOpen else { return }
        if connection.requestBody?.isComplete != false { return judge(guarding) }
        if isAwaited {
            // The body is needed now; that it may come says nothing of the decision.
            connection.write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
            connection.flush()
            isAwaited = false
        }
    }

    /// Takes a run of the body.
    func bodyGrew(_ guarding: Guarding, _ bytes: ByteBuffer) {
        guard guarding.take(bytes, limit: connection.terms.limits.guardedBytes) else {
            keepsAlive = false
            return refuse(guarding, Self.overloaded)
        }
        if guarding.content.count > guarding.stage.guardrail.body.maximum {
            refuse(guarding, guarding.stage.bodyTooLarge)
        }
    }

    private static let overloaded = DialectRefusal(
        status: 503,
        rule: LimitRule.guardOverloaded.rawValue,
        message: "too many bodies are being judged",
        retryAfter: 1
    )

    /// Judges the body, which is whole, and sends it on; a large one is looked at beside the event loop.
    func judge(_ guarding: Guarding) {
        guard let caller = connection.caller else { return connection.close() }
        guard guarding.examination == nil else { return }
        let examination = BodyExamination(
            guarding.stage,
            RequestBody(
                method: method.rawValue,
                path: guarding.path,
                query: guarding.query,
                contentTypes: guarding.header("content-type"),
                contentEncodings: guarding.header("content-encoding"),
                inferenceHeaderLengths: guarding.header("inference-header-content-length"),
                bytes: guarding.content
            ),
            by: RequestCaller(
                identity: caller.name,
                route: route?.route.name ?? "",
                day: Int(Timestamp.now().milliseconds / 86_400_000)
            )
        )
        guarding.examination = examination
        guard examination.isLong else {
            guard let outcome = examination.run() else { return }
            return examined(guarding, outcome)
        }
        guard let outcome = BodyExaminers.shared.run(examination, on: worker.eventLoop) else {
            return refuse(guarding, Self.overloaded)
        }
        outcome.assumeIsolated().whenComplete { result in
            // The client may be gone, or the request over, meanwhile.
            guard guarding.isOpen, !self.isOver else { return }
            switch result {
            case .success(.some(let outcome)): self.examined(guarding, outcome)
            // What was not examined does not go on.
            case .success(nil), .failure: self.refuse(guarding, Self.overloaded)
            }
        }
    }

    /// The body was looked at: it goes on, or is refused.
    private func examined(_ guarding: Guarding, _ outcome: BodyExamination.Outcome) {
        guard let caller = connection.caller else { return connection.close() }
        do throws(DialectRefusal) {
            let examined = try outcome.result.get()
            guard guarding.keep(examined, limit: connection.terms.limits.guardedBytes) else { throw Self.overloaded }
            try count(examined.request, by: caller.name, guarding)
        } catch {
            guarding.keepPrompt(of: outcome.heard)
            return refuse(guarding, error)
        }
        guarding.close()
        let body = guarding.body
        let told = tell(guarding)
        let hasNone = body.readableBytes == 0 && guarding.scanner.framing == .none
        outgoing.head = HeadWriter.request(
            guarding.scanner,
            guarding.head,
            path: guarding.subject.path,
            identity: identityFields(caller),
            id: id,
            keepsTrace: guarding.subject.trace != nil,
            tokens: guarding.tokens,
            guarded: GuardedBody(
                length: hasNone ? nil : body.readableBytes,
                isAnswerFiltered: guarding.stage.answers != nil,
                note: told
            ),
            bodyRoom: min(body.readableBytes, Self.copiedBytes)
        )
        if body.readableBytes > 0 { outgoing.take(body) }
        record(guarding)
        guard let permit = permit.take() else { return answer(status: 403, ending: .refused) }
        send(with: permit)
    }

    /// Tells of what was found in a request that goes on all the same, and gives what the upstream hears of it.
    private func tell(_ guarding: Guarding) -> String? {
        guard let told = guarding.findings.first(where: { $0.action != .shadow }) else { return nil }
        worker.context.logger.info(
            "request flagged",
            metadata: [
                "request.id": "\(idText)", "guardrail": "\(guarding.stage.guardrail.name)", "rule": "\(told.rule)",
                "action": "\(told.action.rawValue)", "field": "\(told.recordedPath)",
                "count": "\(guarding.findings.count)",
            ]
        )
        return "\(told.action.rawValue); rule=\"\(told.rule)\"; channel=\(told.channel.rawValue)"
    }

    /// Counts a request against the guardrail's limits.
    private func count(_ request: ModelRequest, by identity: String, _ guarding: Guarding) throws(DialectRefusal) {
        guard !guarding.stage.guardrail.limits.isEmpty else { return }
        let claims = guarding.stage.claims(of: request, by: identity)
        switch worker.context.usage.admit(claims, at: NIODeadline.now().uptimeNanoseconds) {
        case .admitted: guarding.claims = claims
        case .refused(let claim, let retryAfter): throw GuardrailStage.refusal(claim, retryAfter: retryAfter)
        }
    }

    /// Refuses a request for what its body says.
    func refuse(_ guarding: Guarding, _ refusal: DialectRefusal) {
        guard guarding.isOpen else { return }
        guarding.close(refusal)
        guarding.forgetRequest()
        guarding.letGo()
        permit = nil
        record(guarding)
        answer(status: refusal.status, ending: .refused)
    }

    /// A request ends whose body was not judged.
    func giveUpGuarding(_ reason: String) {
        guard let guarding, guarding.isOpen else { return }
        guarding.close(
            DialectRefusal(status: 408, rule: reason, message: "the request ended before its body was judged")
        )
        permit = nil
        record(guarding)
    }

    private func record(_ guarding: Guarding) {
        decided(
            guarding.decision,
            guarding.exchange,
            generation.snapshot.policy,
            latency: guarding.latency,
            trace: guarding.subject.trace,
            refusedFor: guarding.refusal.map { "guard_\($0.rule)" }
        )
    }
}
