import AuditLog
import Authorization
import Guardrails
import NIOCore
import Resources
import SPIFFE
import ZeroTrust

/// The path of one request, from its head to its completion record.
///
/// It reads from top to bottom as it happens: identity, policy, guard (where the route has a guardrail), record,
/// upstream, answer, completion. Everything runs on the event loop of the client's connection; the two waits, for the
/// record and for the upstream, overlap. No byte of an answer leaves before the decision's record is durable.
final class Pipeline: RecordWaiter {
    /// Pieces of a body up to this size are copied behind the head, so that both leave in one write.
    static let copiedBytes = 16 * 1024

    /// What the record says of an answer that was refused; a class, since few are, and a request is to be a small object.
    private final class RefusedAnswer {
        let record: DecisionRecord.Guardrail

        init(record: DecisionRecord.Guardrail) { self.record = record }
    }

    let connection: any ClientSide
    let worker: Worker
    /// What was in force when the request began; everything about it is decided and routed by this.
    let generation: Worker.Generation
    let id: RequestID
    /// The id as text, which goes to the client and to the upstream.
    var idText: String { id.description }
    let method: HTTP1Method
    var keepsAlive = false
    private var isBeginning = false
    /// Whether the client waits for `100 Continue`.
    var isAwaited = false
    var record = RecordState()
    /// The provider that is asked or was, where a CUSTOM rule matches.
    var asking: Asking?
    /// What the request's verified token proves.
    private(set) var tokenIdentity: RequestIdentity?
    /// What it says.
    var token: TokenClaims? { tokenIdentity?.claims }
    /// What judges the request's body, where the route has a guardrail.
    var guarding: Guarding?
    /// What looks at the answer, where the guardrail says so.
    var passage: AnswerPassage?
    /// The API of the request, where its path says so; a guardrail knows it better.
    private(set) var dialect: Dialect?
    /// What the answer says of the tokens that it took, where its API states them.
    var usage: AnswerTokens?
    /// The request's bodies, where any are kept.
    var kept: KeptBodies?
    /// Why the answer goes no further.
    var answerRefusal: DecisionRecord.Guardrail? {
        get { refusedAnswer?.record }
        set { refusedAnswer = newValue.map { RefusedAnswer(record: $0) } }
    }
    var isAnswerRefused: Bool { refusedAnswer != nil }
    private var refusedAnswer: RefusedAnswer?
    var permit: Permit?
    var route: RouteTable.Entry?
    /// What the request is to become, where the client asks for a tunnel; and whether there is one.
    private(set) var wanted: WantedTunnel?
    var isTunnel = false
    /// What later configurations judge a tunnel by, once its request was allowed.
    private(set) var tunnel: Tunnel?
    var outgoing = OutgoingRequest()
    var upstream: UpstreamExchange?
    /// Whether the client reads fields behind the body of an answer, and what stands there.
    var takesTrailers = false
    var trailers: TrailerSection?
    /// What is known of the model that answers.
    private(set) var model: CompletionRecord.Model?
    private var isWaitingForUpstream = false
    private var hasRetried = false
    private(set) var wasForwarded = false
    var answer = Answer.none
    private(set) var isOver = false
    var status: Int?
    var closes = false
    var progress: Progress

    /// A request whose first byte came at a moment, and whose head is there now.
    init(connection: any ClientSide, method: HTTP1Method, startedAt: NIODeadline, now: NIODeadline = .now()) {
        self.connection = connection
        self.worker = connection.worker
        self.generation = worker.current
        self.method = method
        self.progress = Progress(startedAt: startedAt, now: now)
        self.id = worker.makeID(at: progress.time(at: now))
    }

    // MARK: 1. Identity: who asks, and for what

    /// Takes a whole head, of which so many bytes of body have come too.
    func begin(_ scanner: borrowing RequestScanner, _ head: ByteBuffer, room: Int) {
        isBeginning = true
        defer { isBeginning = false }
        keepsAlive = scanner.keepsAlive
        isAwaited = scanner.expectsContinue
        let trace = Self.trace(scanner, head)
        let resolved = connection.resolve(scanner, head, in: generation.snapshot)
        do throws(HTTP1Refusal) {
            connection.requestBody = try BodyScanner(
                scanner.framing,
                limit: resolved.route?.bodyLimit ?? UInt64(ClientConnection.waitingBytes)
            )
        } catch {
            return refuseHead(reason: error.code.rawValue, status: error.status, resolved, trace)
        }
        do throws(HTTP1Refusal) {
            wanted = try WantedTunnel(scanner, head, resolved.route)
        } catch {
            return refuseHead(reason: error.code.rawValue, status: error.status, resolved, trace)
        }
        // What becomes no tunnel ends here: nothing behind it is a request.
        if wanted != nil { keepsAlive = false }
        if connection.requestBody?.isComplete == true { progress.bodyEndedAt = progress.takenUpAt }
        kept = worker.context.bodies?.begin(id, trace: trace, scanner.framing, method, &worker.bodies)
        guard case .path(let path) = resolved.path else {
            guard case .badRequest(let reason) = resolved.path else { return }
            return refuseHead(reason: reason.rawValue, status: 400, resolved, trace)
        }
        decide(scanner, head, Subject(resolved: resolved, path: path, trace: trace), room: room)
    }

    // MARK: 2. Policy: may this caller ask for it?

    /// What a request asks for, as far as its head says it.
    struct Subject {
        let resolved: RequestCache.Entry
        let path: String
        let trace: String?
    }

    /// Decides; where a provider has to be asked first, this comes a second time, with its answer and its changes.
    func decide(
        _ scanner: borrowing RequestScanner,
        _ head: ByteBuffer,
        _ subject: Subject,
        room: Int,
        answer: ExternalAnswer? = nil
    ) {
        let policy = generation.snapshot.policy
        let (path, trace) = (subject.path, subject.trace)
        let judged = Self.judged(scanner, head, method, path, by: policy)
        var headers = judged.headers
        let tokens = judged.tokens
        if let asking { headers += asking.userHeaders.filter { policy.engine.consultedHeaders.contains($0.name) } }
        guard let caller = connection.caller,
            var exchange = connection.describe(
                id: id,
                method: method.rawValue,
                path: path,
                authority: subject.resolved.authority,
                headers: headers
            )
        else { return refuseHead(reason: "no_identity", status: 400) }
        let before = NIODeadline.now()
        let authorization = policy.engine.authorize(caller.peer, exchange, token: tokens?.verdict, answer: answer)
        let now = NIODeadline.now()
        let latency = before.nanoseconds(until: now)
        worker.metrics.decisionDuration.observe(latency)
        tokenIdentity = tokens?.verdict.identity
        if let tokens, let verifier = policy.tokens {
            exchange.path = tokens.recordedPath
            exchange.headers.removeAll { verifier.consultedHeaders.contains($0.name) }
        }
        switch consume authorization {
        case .deny(let denial):
            var refusal = denial.decision.reason == .tokenRefused ? tokens?.verdict.refusal?.code.rawValue : nil
            var status = denial.status
            if case .failed(let failure)? = answer?.verdict, denial.decision.reason == .providerFailed {
                refusal = failure.code.rawValue
                status = asking?.provider.statusOnError ?? status
            }
            asking?.refusal = denial.refusal
            decided(
                denial.decision,
                exchange,
                policy,
                latency: latency,
                trace: trace,
                refusedFor: refusal
            )
            self.answer(status: status, ending: .refused)
        case .ask(let question):
            guard answer == nil, let provider = provider(of: question) else {
                decided(question.decision, exchange, policy, latency: latency, trace: trace)
                return self.answer(status: 403, ending: .refused)
            }
            // No request can be asked about a tunnel that is like it and opens none.
            guard method != .connect || provider.service == .grpc else {
                decided(
                    question.decision,
                    exchange,
                    policy,
                    latency: latency,
                    trace: trace,
                    refusedFor: "tunnel_not_asked_about"
                )
                return self.answer(status: 403, ending: .refused)
            }
            ask(Asking(provider, question, scanner, head, subject, exchange))
        case .allow(let permit):
            guard let route = subject.resolved.route else {
                decided(
                    permit.decision,
                    exchange,
                    policy,
                    latency: latency,
                    trace: trace,
                    refusedFor: "no_route"
                )
                return self.answer(status: 404, ending: .refused)
            }
            self.route = route
            dialect = subject.resolved.dialect
            if let wanted {
                let asked = asking.map { ($0.scanner, $0.head) }
                tunnel = Tunnel(wanted, asked?.0 ?? copy scanner, asked?.1 ?? head, openedBy: generation)
            }
            if generation.pools[route.upstream].isShared { takesTrailers = Self.takesTrailers(scanner, head) }
            // Guard: the body is judged first, and the permit waits.
            if let stage = route.guardrail {
                let guarding = Guarding(
                    stage,
                    scanner,
                    head,
                    subject,
                    decision: permit.decision,
                    exchange,
                    tokens: tokens,
                    latency: latency,
                    context: worker.context
                )
                self.permit = .some(consume permit)
                return begin(guarding)
            }
            outgoing.head = HeadWriter.request(
                scanner,
                head,
                path: path,
                identity: identityFields(caller),
                id: id,
                keepsTrace: trace != nil,
                keepsTrailers: takesTrailers,
                upgrades: wanted?.switchesProtocol == true,
                tokens: tokens,
                bodyRoom: min(room, Self.copiedBytes),
                into: worker.spareHeads.take()
            )
            progress.last = now
            decided(permit.decision, exchange, policy, latency: latency, trace: trace, at: now)
            send(with: permit)
        }
    }

    /// The lines by which the upstream knows the caller, and the user where a provider says who that is.
    func identityFields(_ caller: ClientConnection.Caller) -> ByteBuffer {
        asking.map { caller.fields(with: $0.userHeaders) } ?? caller.fields
    }

    /// Goes on with a request whose decision is on its way to the log.
    func send(with permit: consuming Permit) {
        if record.isFailed { return answer(status: 503, ending: .notRecorded) }
        if route?.recordsFirst == true {
            self.permit = .some(consume permit)
            waitForRecord()
        } else {
            forward(with: permit)
        }
    }

    /// What a policy is to know of a request's headers, and what its token comes to.
    static func judged(
        _ scanner: borrowing RequestScanner,
        _ head: ByteBuffer,
        _ method: HTTP1Method,
        _ path: String,
        by policy: PolicySnapshot
    ) -> (headers: [Exchange.Header], tokens: TokenPassage?) {
        let headers = Self.headers(policy.engine.consultedHeaders, scanner, head)
        guard policy.verifiesTokens, let verifier = policy.tokens else { return (headers, nil) }
        let isPreflight =
            !verifier.looksAtPreflights && method == .options
            && TokenRequest.isPreflight(
                method: method.rawValue,
                headers: Self.headers(TokenRequest.preflightHeaders, scanner, head)
            )
        let tokens = TokenPassage(
            verifier,
            headers: Self.headers(verifier.consultedHeaders, scanner, head),
            path: path,
            isPreflight: isPreflight
        )
        // Policy sees of a verified claim's header what the upstream sees, and not what a client wrote there.
        return (tokens.headers(headers, consulted: policy.engine.consultedHeaders), tokens)
    }

    /// Refuses a request that cannot be understood, or is too large.
    func refuseHead(
        reason: String,
        status: Int,
        _ resolved: RequestCache.Entry? = nil,
        _ trace: String? = nil
    ) {
        var path = ""
        if case .path(let normal)? = resolved?.path {
            path = generation.snapshot.policy.tokens.map { TokenPassage.recorded(normal, by: $0) } ?? normal
        }
        guard
            let exchange = connection.describe(
                id: id,
                method: resolved == nil ? "" : method.rawValue,
                path: path,
                authority: resolved?.authority ?? "",
                headers: []
            )
        else { return connection.close() }
        keepsAlive = false
        decided(nil, exchange, generation.snapshot.policy, latency: 0, trace: trace, refusedFor: reason)
        answer(status: status, ending: status == 408 ? .timedOut : .badRequest)
    }

    // MARK: 3. Record: the decision goes to the log at once, and the answer waits for it

    /// The decision's record is durable, or never will be.
    func recorded(isDurable: Bool) {
        guard !isOver else { return }
        if case .pending = record.stage {
            guard isDurable else {
                notRecorded("the audit log did not take it")
                permit = nil
                abortUpstream()
                return answer(status: 503, ending: .notRecorded)
            }
            record.stage = .durable
        }
        if let permit = permit.take() { forward(with: permit) }
        if isAwaited, connection.requestBody?.isComplete == false, case .none = answer {
            connection.write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
            connection.flush()
        }
        sendAnswer()
    }

    // MARK: 4. Upstream: the permit is used up, and the request goes on

    private func forward(with permit: consuming Permit) {
        permit.redeem()
        wasForwarded = true
        callUpstream()
    }

    private func callUpstream() {
        guard let route else { return }
        isWaitingForUpstream = true
        generation.pools[route.upstream].checkOut(for: self)
    }

    /// A connection is there for this request.
    func upstreamReady(_ exchange: UpstreamExchange) {
        isWaitingForUpstream = false
        upstream = exchange
        model = exchange.model.map { .init(digest: $0.digest, signer: $0.signer) }
        exchange.attach(self)
        // While the request begins, hardly any time has passed since the decision.
        if !isBeginning { progress.last = .now() }
        progress.measure(from: progress.last)
        // Where the body came with the head, both leave in one write: the connection sends them once it has read on.
        guard !isBeginning else { return }
        sendPending()
        connection.resumeBody()
    }

    /// No connection could be had.
    func upstreamUnavailable(_ problem: UpstreamPool.Problem) {
        isWaitingForUpstream = false
        worker.metrics.upstreamFailures += 1
        switch problem {
        case .overloaded: answer(status: 503, ending: .upstreamUnreachable)
        case .unreachable: answer(status: 502, ending: .upstreamUnreachable)
        case .timedOut: answer(status: 504, ending: .upstreamUnreachable)
        case .unproven(let reason):
            model = .init(refusal: reason.rawValue)
            answer(status: 503, ending: .modelUnproven)
        }
    }

    /// The connection that was reused turned out to be closed before anything was sent: another one is tried, once.
    func retry(_ head: ByteBuffer) {
        upstream = nil
        // Nobody has answered, and the next may have loaded another model, or not be there.
        model = nil
        guard !hasRetried else { return upstreamFailed(.upstreamDied) }
        hasRetried = true
        worker.metrics.upstreamRetries += 1
        outgoing.head = head
        callUpstream()
    }

    // MARK: 5. Answer: the upstream's, or our own

    /// The head of the upstream's response, with room for the body that came with it.
    func makeResponseHead(
        _ scanner: borrowing ResponseScanner,
        _ head: ByteBuffer,
        room: Int,
        at now: NIODeadline = .now()
    ) -> ByteBuffer {
        status = scanner.status
        progress.respondedAt = now
        closes = connection.closesAfter(keepsAlive, isLocal: false, isAwaited: isAwaited)
        usage = answerTokens(scanner, head)
        let isFiltered = beginPassage(scanner, head)
        return HeadWriter.response(
            scanner,
            head,
            id: id,
            closes: closes,
            setting: asking?.responseHeaders ?? [],
            isFiltered: isFiltered,
            bodyRoom: room,
            into: worker.spareHeads.take()
        )
    }

    /// The upstream's response is whole, and its connection free again.
    func endResponse(at now: NIODeadline = .now()) {
        upstream = nil
        if isFiltered, !finishPassage() { return }
        switch answer {
        case .held(let bytes, _): answer = .held(bytes, isWhole: true)
        case .streaming:
            if let trailers { connection.write(trailers) }
            end(.complete, at: now)
        default: break
        }
    }

    /// An answer that was refused after it had begun is at its end.
    func answerRefused() {
        switch answer {
        case .held(let bytes, _): answer = .held(bytes, isWhole: true)
        case .streaming: end(.answerRefused)
        default: break
        }
    }

    /// The upstream's connection broke, or what it said could not be read.
    func upstreamFailed(_ ending: CompletionRecord.Ending) {
        upstream = nil
        worker.metrics.upstreamFailures += 1
        if case .modelUnproven = ending { model?.refusal = UnprovenModel.withdrawn.rawValue }
        if case .streaming = answer { return end(ending, aborts: true) }
        let status =
            switch ending {
            case .timedOut: 504
            case .modelUnproven: 503
            default: 502
            }
        answer(status: status, ending: ending)
    }

    // MARK: 6. Completion: exactly one record of how it ended

    func end(_ ending: CompletionRecord.Ending, aborts: Bool = false, at now: NIODeadline = .now()) {
        guard !isOver else { return }
        isOver = true
        complete(ending, at: now)
        if aborts {
            connection.close()
        } else {
            connection.ended(self, closes: closes)
        }
    }

    /// The connection is gone, and the request with it.
    func abandon(_ ending: CompletionRecord.Ending) {
        guard !isOver else { return }
        giveUpWaiting(ending.rawValue)
        isOver = true
        abortUpstream()
        complete(ending, at: .now())
    }

    func abortUpstream() {
        if isWaitingForUpstream, let route {
            isWaitingForUpstream = false
            generation.pools[route.upstream].forget(self)
        }
        upstream?.abort()
        upstream = nil
    }
}
