import AuditLog
import Authorization
import Logging
import NIOCore
import Resources
import SPIFFE
import ZeroTrust

/// The path of one request, from its head to its completion record.
///
/// It reads from top to bottom as it happens: identity, policy, record, upstream, answer, completion. Everything runs
/// on the event loop of the client's connection; the two waits, for the record and for the upstream, overlap. No byte of
/// an answer leaves before the decision's record is durable.
final class Pipeline {
    private enum Record {
        case none
        /// Added to the log under this index.
        case pending(UInt64)
        case durable
        case failed
    }

    /// What the client gets.
    private enum Answer {
        case none
        /// Our own, to be sent as soon as the record is durable.
        case local(status: Int, ending: CompletionRecord.Ending)
        /// The upstream's, which waits for the record.
        case held(ByteBuffer, isWhole: Bool)
        /// The upstream's, which is being sent.
        case streaming
    }

    /// The bytes of a request that wait for an upstream, and of a response that wait for the record.
    private static let waitingBytes = 64 * 1024
    /// Pieces of a body up to this size are copied behind the head, so that both leave in one write.
    static let copiedBytes = 16 * 1024

    private let connection: any ClientSide
    private let worker: Worker
    private let id: RequestID
    /// The id as text, which goes to the client and to the upstream.
    let idText: String
    let method: HTTP1Method
    private let startedAt: NIODeadline
    private var keepsAlive = false
    private var isBeginning = false
    private var isAwaited = false
    private var record = Record.none
    private var recordedBy = NIODeadline.distantFuture
    /// Whether the request is called once its record is durable.
    private var isWaitingForRecord = false
    private var permit: Permit?
    private var route: RouteTable.Entry?
    /// The head for the upstream and what of the body was copied behind it, until it is sent.
    private var outgoing: ByteBuffer?
    private var further: [ByteBuffer] = []
    private var waiting = 0
    private var upstream: UpstreamConnection?
    private var isWaitingForUpstream = false
    private var hasRetried = false
    private var wasForwarded = false
    private var answer = Answer.none
    private var isOver = false
    private var status: Int?
    private var closes = false
    private var bytesReceived: UInt64 = 0
    private var bytesSent: UInt64 = 0
    private var bodyEndedAt: NIODeadline?
    private var respondedAt: NIODeadline?
    private var lastProgress: NIODeadline
    /// From when, and from which byte, the body's rate is measured: a pause for want of room upstream is no fault of the
    /// client's.
    private var measuredFrom: NIODeadline
    private var measuredBytes: UInt64 = 0

    init(connection: any ClientSide, method: HTTP1Method, startedAt: NIODeadline) {
        self.connection = connection
        self.worker = connection.worker
        self.method = method
        self.startedAt = startedAt
        self.lastProgress = startedAt
        self.measuredFrom = startedAt
        self.id = worker.makeID(at: .now())
        self.idText = id.description
    }

    // MARK: 1. Identity: who asks, and for what

    /// Takes a whole head, of which so many bytes of body have come too.
    func begin(_ scanner: borrowing RequestScanner, _ head: ByteBuffer, room: Int) {
        isBeginning = true
        defer { isBeginning = false }
        keepsAlive = scanner.keepsAlive
        isAwaited = scanner.expectsContinue
        let trace = Self.trace(scanner, head)
        let resolved = connection.resolve(scanner, head)
        do throws(HTTP1Refusal) {
            connection.requestBody = try BodyScanner(
                scanner.framing,
                limit: resolved.route?.route.bodyLimit ?? UInt64(ClientConnection.waitingBytes)
            )
        } catch {
            return refuseHead(reason: error.code.rawValue, status: error.status, resolved, trace)
        }
        if connection.requestBody?.isComplete == true { bodyEndedAt = .now() }
        guard case .path(let path) = resolved.path else {
            guard case .badRequest(let reason) = resolved.path else { return }
            return refuseHead(reason: reason.rawValue, status: 400, resolved, trace)
        }
        let policy = worker.currentPolicy
        var headers = Self.headers(policy.engine.consultedHeaders, scanner, head)
        let tokens = policy.tokens.map { verifier in
            TokenPassage(verifier, headers: Self.headers(verifier.consultedHeaders, scanner, head), path: path)
        }
        // Policy sees of a verified claim's header what the upstream sees, and not what a client wrote there.
        if let tokens { headers = tokens.headers(headers, consulted: policy.engine.consultedHeaders) }
        guard let caller = connection.caller,
            var exchange = connection.describe(
                id: id,
                method: method.rawValue,
                path: path,
                authority: resolved.authority,
                headers: headers
            )
        else { return refuseHead(reason: "no_identity", status: 400) }

        // MARK: 2. Policy: may this caller ask for it?

        let before = NIODeadline.now()
        let authorization = policy.engine.authorize(caller.peer, exchange, token: tokens?.verdict)
        let latency = before.nanoseconds(until: .now())
        worker.metrics.decisionDuration.observe(latency)
        if let tokens, let verifier = policy.tokens {
            exchange.path = tokens.recordedPath
            exchange.headers.removeAll { verifier.consultedHeaders.contains($0.name) }
        }
        switch consume authorization {
        case .deny(let denial):
            let refusal = denial.decision.reason == .tokenRefused ? tokens?.verdict.refusal?.code.rawValue : nil
            decided(
                denial.decision,
                exchange,
                policy,
                latency: latency,
                trace: trace?.value,
                refusedFor: refusal
            )
            answer(status: denial.status, ending: .refused)
        case .ask(let question):
            // Nobody here asks providers: what would need one is refused.
            decided(question.decision, exchange, policy, latency: latency, trace: trace?.value)
            answer(status: 403, ending: .refused)
        case .allow(let permit):
            guard let route = resolved.route else {
                decided(
                    permit.decision,
                    exchange,
                    policy,
                    latency: latency,
                    trace: trace?.value,
                    refusedFor: "no_route"
                )
                return answer(status: 404, ending: .refused)
            }
            self.route = route
            outgoing = HeadWriter.request(
                scanner,
                head,
                path: path,
                identity: caller.fields,
                id: idText,
                keepsTrace: trace?.isValid ?? false,
                tokens: tokens,
                bodyRoom: min(room, Self.copiedBytes)
            )
            decided(permit.decision, exchange, policy, latency: latency, trace: trace?.value)
            if case .failed = record { return answer(status: 503, ending: .notRecorded) }
            if route.route.record == .first {
                self.permit = .some(consume permit)
                waitForRecord()
            } else {
                forward(with: permit)
            }
        }
    }

    /// Refuses a request that cannot be understood, or is too large.
    func refuseHead(
        reason: String,
        status: Int,
        _ resolved: RequestCache.Entry? = nil,
        _ trace: (value: String, isValid: Bool)? = nil
    ) {
        var path = ""
        if case .path(let normal)? = resolved?.path {
            path = worker.currentPolicy.tokens.map { TokenPassage.recorded(normal, by: $0) } ?? normal
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
        decided(nil, exchange, worker.currentPolicy, latency: 0, trace: trace?.value, refusedFor: reason)
        answer(status: status, ending: status == 408 ? .timedOut : .badRequest)
    }

    /// The trace context that was sent, where there is one line of it.
    private static func trace(_ scanner: borrowing RequestScanner, _ head: ByteBuffer) -> (
        value: String, isValid: Bool
    )? {
        var found: FieldLine?
        for line in scanner.fields.lines where line.name == .traceparent {
            guard found == nil else { return nil }
            found = line
        }
        guard let found, TraceParent.isValid(head.readableBytesUInt8Span, found.value) else { return nil }
        return (head.getString(at: head.readerIndex + found.value.lowerBound, length: found.value.count) ?? "", true)
    }

    /// The header lines that policy looks at, among those that go upstream.
    private static func headers(
        _ consulted: Set<String>,
        _ scanner: borrowing RequestScanner,
        _ head: ByteBuffer
    ) -> [Exchange.Header] {
        guard !consulted.isEmpty else { return [] }
        var headers: [Exchange.Header] = []
        for line in scanner.fields.lines {
            switch line.name {
            case .other, .contentLength, .transferEncoding, .traceparent, .tracestate, .alternativeService: break
            default: continue
            }
            let start = head.readerIndex
            guard
                let name = head.getString(at: start + line.nameRange.lowerBound, length: line.nameRange.count)?
                    .lowercased(), consulted.contains(name)
            else { continue }
            headers.append(
                Exchange.Header(
                    name: name,
                    value: head.getString(at: start + line.value.lowerBound, length: line.value.count) ?? ""
                )
            )
        }
        return headers
    }

    // MARK: 3. Record: the decision goes to the log at once, and the answer waits for it

    private func decided(
        _ decision: Decision?,
        _ exchange: Exchange,
        _ policy: PolicySnapshot,
        latency: UInt64,
        trace: String?,
        refusedFor refusal: String? = nil
    ) {
        guard let caller = connection.caller else { return }
        let isAllowed = refusal == nil && decision?.outcome == .allow
        let reason = refusal ?? decision?.reason.rawValue ?? "bad_request"
        let rule = decision?.rule
        var entry = DecisionRecord(
            id: id,
            time: .now(),
            node: worker.context.node,
            caller: caller.record,
            source: exchange.source,
            tls: caller.tls,
            request: .init(
                method: exchange.method,
                path: exchange.path,
                authority: exchange.authority,
                headers: exchange.headers,
                destination: exchange.destination
            ),
            outcome: isAllowed ? .allow : .deny,
            reason: reason,
            policy: rule.map(DecisionRecord.Policy.init),
            snapshot: policy.digest,
            compatibility: worker.context.configuration.compatibility.rawValue,
            dryRun: decision?.dryRun.map {
                $0.deniedBy == nil && (!$0.hasAllowPolicy || $0.allowedBy != nil) ? .allow : .deny
            },
            latency: latency,
            route: route?.route.name,
            traceparent: trace
        )
        entry.audited = decision?.auditedBy.map(DecisionRecord.Policy.init)
        worker.metrics.countDecision(isAllowed: isAllowed, policy: rule?.policy ?? "", reason: reason)
        if !isAllowed {
            worker.context.logger.info(
                "request denied",
                metadata: [
                    "request.id": "\(idText)", "spiffe.id": "\(caller.peer.id)", "method": "\(exchange.method)",
                    "path": "\(exchange.path.prefix { $0 != "?" })", "reason": "\(reason)",
                    "policy.rule": "\(decision?.matchedPolicy ?? "none")",
                ]
            )
        }
        recordedBy = .now() + worker.context.timeouts.record
        do throws(AuditLogError) {
            record = .pending(try worker.context.log.append(entry.encoded()))
        } catch {
            notRecorded(error.description)
        }
        if isAwaited { waitForRecord() }
    }

    private func notRecorded(_ reason: String) {
        record = .failed
        worker.metrics.recordFailures += 1
        worker.context.logger.error(
            "decision not recorded",
            metadata: ["request.id": "\(idText)", "reason": "\(reason)"]
        )
    }

    /// Asks to be called once the record is durable or never will be.
    private func waitForRecord() {
        guard case .pending(let index) = record, !isWaitingForRecord else { return }
        isWaitingForRecord = true
        worker.records.add(self, waitingFor: index)
    }

    /// Looks whether the record has become durable, and asks to be called where it has not.
    private func lookForRecord() {
        guard case .pending(let index) = record else { return }
        if worker.context.log.durable > index {
            record = .durable
        } else {
            waitForRecord()
        }
    }

    /// The decision's record is durable, or never will be.
    func recorded(isDurable: Bool) {
        guard !isOver else { return }
        if case .pending = record {
            guard isDurable else {
                notRecorded("the audit log did not take it")
                permit = nil
                abortUpstream()
                return answer(status: 503, ending: .notRecorded)
            }
            record = .durable
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
        worker.pools[route.upstream].checkOut(for: self)
    }

    /// A connection is there for this request.
    func upstreamReady(_ connection: UpstreamConnection) {
        isWaitingForUpstream = false
        upstream = connection
        connection.attach(self)
        lastProgress = .now()
        measuredFrom = lastProgress
        measuredBytes = bytesReceived
        // Where the body came with the head, both leave in one write: the connection sends them once it has read on.
        guard !isBeginning else { return }
        sendPending()
        self.connection.resumeBody()
    }

    /// No connection could be had.
    func upstreamUnavailable(_ problem: UpstreamPool.Problem) {
        isWaitingForUpstream = false
        worker.metrics.upstreamFailures += 1
        switch problem {
        case .overloaded: answer(status: 503, ending: .upstreamUnreachable)
        case .unreachable: answer(status: 502, ending: .upstreamUnreachable)
        case .timedOut: answer(status: 504, ending: .upstreamUnreachable)
        }
    }

    /// Whether more of the request's body can be taken.
    var canTakeBody: Bool { upstream.map(\.isWritable) ?? (waiting < Self.waitingBytes) }

    /// Whether the request's answer is decided, so that the rest of its body is of no use.
    var isAnswered: Bool {
        if case .local = answer { return true }
        return false
    }

    /// Takes a run of the body, as it came.
    func takeBody(_ bytes: ByteBuffer, content: Int) {
        bytesReceived += UInt64(content)
        lastProgress = .now()
        waiting += bytes.readableBytes
        if outgoing != nil, further.isEmpty, bytes.readableBytes <= Self.copiedBytes {
            outgoing?.writeImmutableBuffer(bytes)
        } else {
            further.append(bytes)
        }
    }

    /// The body is whole.
    func endBody() {
        bodyEndedAt = .now()
        guard isAnswered == false else { return }
        if upstream != nil { sendPending() }
    }

    /// The body cannot be read, or is too large.
    func breakBody(_ refusal: HTTP1Refusal) {
        keepsAlive = false
        abortUpstream()
        if case .streaming = answer { return end(.badRequest, aborts: true) }
        answer(status: refusal.status, ending: .badRequest)
    }

    /// Sends what waits for the upstream, in one go.
    func sendPending() {
        guard let upstream else { return }
        let isWhole = connection.requestBody?.isComplete == true
        if isWhole { upstream.requestEnded() }
        guard outgoing != nil || !further.isEmpty else { return }
        if let head = outgoing {
            outgoing = nil
            upstream.send(head: head, isWhole: further.isEmpty && isWhole)
        }
        for bytes in further { upstream.send(bytes) }
        further.removeAll(keepingCapacity: true)
        waiting = 0
        upstream.flush()
    }

    /// The connection that was reused turned out to be closed before anything was sent: another one is tried, once.
    func retry(_ head: ByteBuffer) {
        upstream = nil
        guard !hasRetried else { return upstreamFailed(.upstreamDied) }
        hasRetried = true
        worker.metrics.upstreamRetries += 1
        outgoing = head
        callUpstream()
    }

    // MARK: 5. Answer: the upstream's, or our own

    /// The head of the upstream's response, with room for the body that came with it.
    func makeResponseHead(_ scanner: borrowing ResponseScanner, _ head: ByteBuffer, room: Int) -> ByteBuffer {
        status = scanner.status
        respondedAt = .now()
        closes = connection.closesAfter(keepsAlive, isLocal: false, isAwaited: isAwaited)
        return HeadWriter.response(scanner, head, id: idText, closes: closes, bodyRoom: room)
    }

    /// Whether more of the upstream's response can be taken.
    var canTakeResponse: Bool {
        if case .held(let bytes, _) = answer { return bytes.readableBytes < Self.waitingBytes }
        return connection.isWritable
    }

    /// Passes on a piece of the upstream's response, or holds it until the record is durable.
    func pass(_ bytes: ByteBuffer, content: Int) {
        bytesSent += UInt64(content)
        lastProgress = .now()
        lookForRecord()
        if case .durable = record {
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

    /// The upstream's response is whole, and its connection free again.
    func endResponse() {
        upstream = nil
        switch answer {
        case .held(let bytes, _): answer = .held(bytes, isWhole: true)
        case .streaming: end(.complete)
        default: break
        }
    }

    /// The upstream's connection broke, or what it said could not be read.
    func upstreamFailed(_ ending: CompletionRecord.Ending) {
        upstream = nil
        worker.metrics.upstreamFailures += 1
        if case .streaming = answer { return end(ending, aborts: true) }
        answer(status: ending == .timedOut ? 504 : 502, ending: ending)
    }

    /// Decides on an answer of our own.
    private func answer(status: Int, ending: CompletionRecord.Ending) {
        outgoing = nil
        further = []
        // Nothing is said about a decision that was not recorded, not even that it was a refusal.
        if case .failed = record {
            answer = .local(status: 503, ending: .notRecorded)
        } else {
            answer = .local(status: status, ending: ending)
        }
        sendAnswer()
    }

    /// Sends what is ready, once the record allows it.
    private func sendAnswer() {
        lookForRecord()
        switch record {
        case .none, .pending: return
        case .durable, .failed: break
        }
        switch answer {
        case .none, .streaming: break
        case .held(let bytes, let isWhole):
            answer = .streaming
            connection.write(bytes)
            if isWhole { return end(.complete) }
            connection.flush()
            upstream?.resumeReading()
        case .local(let status, let ending):
            closes = connection.closesAfter(keepsAlive, isLocal: true, isAwaited: isAwaited)
            self.status = status
            let hasBody = method != .head
            let bytes = HeadWriter.local(status: status, id: idText, closes: closes, hasBody: hasBody)
            connection.write(bytes)
            end(ending)
        }
    }

    // MARK: 6. Completion: exactly one record of how it ended

    private func end(_ ending: CompletionRecord.Ending, aborts: Bool = false) {
        guard !isOver else { return }
        isOver = true
        complete(ending)
        if aborts {
            connection.close()
        } else {
            connection.ended(self, closes: closes)
        }
    }

    /// The connection is gone, and the request with it.
    func abandon(_ ending: CompletionRecord.Ending) {
        guard !isOver else { return }
        isOver = true
        abortUpstream()
        complete(ending)
    }

    private func complete(_ ending: CompletionRecord.Ending) {
        let now = NIODeadline.now()
        let total = startedAt.nanoseconds(until: now)
        let upstreamName = wasForwarded ? route.map { worker.context.configuration.upstreams[$0.upstream].name } : nil
        worker.metrics.requestDuration.observe(total)
        worker.metrics.bytesReceived += bytesReceived
        worker.metrics.bytesSent += bytesSent
        if let caller = connection.caller {
            worker.metrics.countRequest(
                source: caller.peer.id.description,
                upstream: upstreamName ?? "",
                status: status ?? 0
            )
        }
        worker.context.logger.debug(
            "request ended",
            metadata: ["request.id": "\(idText)", "status": "\(status ?? 0)", "ending": "\(ending.rawValue)"]
        )
        if case .none = record { return }
        let entry = CompletionRecord(
            id: id,
            time: .now(),
            node: worker.context.node,
            status: status,
            bytesReceived: bytesReceived,
            bytesSent: bytesSent,
            upstream: upstreamName,
            timings: .init(
                requestReceived: bodyEndedAt.map { startedAt.nanoseconds(until: $0) },
                upstreamHead: respondedAt.map { startedAt.nanoseconds(until: $0) },
                total: total
            ),
            ending: ending
        )
        // What could not be added is counted by the log, which tells of it.
        _ = try? worker.context.log.append(entry.encoded())
    }

    private func abortUpstream() {
        if isWaitingForUpstream, let route {
            isWaitingForUpstream = false
            worker.pools[route.upstream].forget(self)
        }
        upstream?.abort()
        upstream = nil
    }

    // MARK: Time and room

    func clientWritabilityChanged() {
        if connection.isWritable { upstream?.resumeReading() }
    }

    func upstreamWritable() {
        measuredFrom = .now()
        measuredBytes = bytesReceived
        connection.resumeBody()
    }

    /// Whether the body has taken longer than its slowest rate allows, however steadily it trickles.
    private func isBodyTooSlow(_ now: NIODeadline) -> Bool {
        let limits = worker.context.configuration.limits
        guard limits.minimumBodyRate > 0 else { return false }
        let allowed = Double(bytesReceived - measuredBytes) / Double(limits.minimumBodyRate)
        return measuredFrom + worker.context.timeouts.body + .nanoseconds(Int64(allowed * 1e9)) <= now
    }

    /// Looks whether something takes too long.
    func check(_ now: NIODeadline) {
        guard !isOver else { return }
        if case .pending(let index) = record, recordedBy <= now {
            return recorded(isDurable: worker.context.log.durable > index)
        }
        if case .local = answer { return }
        let isBodyWhole = connection.requestBody?.isComplete != false
        switch answer {
        case .streaming:
            let limit =
                connection.isWritable ? route.map { TimeAmount($0.route.streamTimeout) } : worker.context.timeouts.body
            guard let limit, lastProgress + limit <= now else { return }
            abortUpstream()
            end(.timedOut, aborts: true)
        case .none where !isBodyWhole && canTakeBody:
            guard lastProgress + worker.context.timeouts.body <= now || isBodyTooSlow(now) else { return }
            keepsAlive = false
            abortUpstream()
            answer(status: 408, ending: .timedOut)
        case .none where upstream != nil:
            guard let route, lastProgress + TimeAmount(route.route.responseTimeout) <= now else { return }
            abortUpstream()
            answer(status: 504, ending: .timedOut)
        default: break
        }
    }
}

extension NIODeadline {
    /// The nanoseconds from here to a later moment; zero where it is not later.
    func nanoseconds(until later: NIODeadline) -> UInt64 {
        UInt64(clamping: (later - self).nanoseconds)
    }
}
