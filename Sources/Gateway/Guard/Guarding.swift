import Authorization
import Guardrails
import NIOCore
import ZeroTrust

/// A request that policy allowed, and whose body is gathered to be judged by its route's guardrail.
///
/// There is one only where the route has a guardrail, so that other requests pay nothing for it.
final class Guarding {
    let stage: GuardrailStage
    let scanner: RequestScanner
    let head: ByteBuffer
    let subject: Pipeline.Subject
    let decision: Decision
    /// The request as it is recorded.
    let exchange: Exchange
    let tokens: TokenPassage?
    let latency: UInt64

    /// Whether the body is still gathered.
    private(set) var isOpen = true
    /// The content of the body so far, without its framing, as it is judged: what is read of it shares its memory.
    private(set) var content: [UInt8] = []
    /// The body as it goes on.
    private(set) var body = ByteBuffer()
    /// What was found in the body, the gravest first.
    private(set) var findings: [RequestFinding] = []
    /// Why the request was refused.
    private(set) var refusal: DialectRefusal?
    /// The id of the JSON-RPC message, where the body is one, apart from the body.
    private(set) var call: JSONValue?
    /// What the request says, where its answer is looked at; the body it was read from counts as held until then.
    private(set) var request: ModelRequest?
    /// The model that the request asks for, where it names one.
    private(set) var model: String?
    /// What is recorded of its prompt.
    private(set) var prompt: DecisionRecord.Prompt?
    /// The API that the request is of.
    private(set) var dialect: Dialect?
    /// The examination of the body, once it began.
    var examination: BodyExamination?
    /// What was counted of the guardrail's limits.
    var claims: [UsageClaim] = []
    private let context: GatewayContext
    private var frame: BodyScanner?
    /// What is held of the content, or of the body that goes on in its place.
    private var held = 0
    /// What the body that goes on holds beside the content, which its answer still needs.
    private var heldBeside = 0
    /// Whether the filter of the answer has the request's texts, which count as held.
    private var keepsTexts = false

    init(
        _ stage: GuardrailStage,
        _ scanner: borrowing RequestScanner,
        _ head: ByteBuffer,
        _ subject: Pipeline.Subject,
        decision: Decision,
        _ exchange: Exchange,
        tokens: TokenPassage?,
        latency: UInt64,
        context: GatewayContext
    ) {
        self.stage = stage
        self.scanner = copy scanner
        self.head = head
        self.subject = subject
        self.decision = decision
        self.exchange = exchange
        self.tokens = tokens
        self.latency = latency
        self.context = context
        // Its limits were kept when the body was read; this takes the framing away.
        self.frame = try? BodyScanner(self.scanner.framing, keepsChunks: false)
    }

    /// The path without its query.
    var path: String { String(subject.path.prefix { $0 != "?" }) }

    /// The query that goes on.
    var query: String { String((tokens?.path ?? subject.path).drop { $0 != "?" }.dropFirst()) }

    /// The body's length, where the head says it.
    var declaredLength: UInt64? {
        switch scanner.framing {
        case .none: 0
        case .length(let length): length
        case .chunked, .untilClose: nil
        }
    }

    /// Takes a run of the body as it came, which was scanned before; returns whether there is room for it.
    func take(_ bytes: ByteBuffer, limit: Int) -> Bool {
        var rest = bytes
        while rest.readableBytes > 0, var frame, !frame.isComplete {
            guard let step = try? frame.next(rest.readableBytesUInt8Span), step.forward + step.drop > 0 else { break }
            self.frame = frame
            if step.forward > 0, let piece = rest.readSlice(length: step.forward) {
                guard context.guardedBytes.take(piece.readableBytes, of: limit) else { return false }
                held += piece.readableBytes
                content.append(contentsOf: piece.readableBytesView)
            }
            rest.moveReaderIndex(forwardBy: step.drop)
        }
        return true
    }

    /// The values of header lines by name, `_` read as `-` as upstreams may.
    func header(_ name: String) -> [String] {
        var values: [String] = []
        for line in scanner.fields.lines where line.name == .other {
            let start = head.readerIndex
            guard line.nameRange.count == name.utf8.count,
                let found = head.getString(at: start + line.nameRange.lowerBound, length: line.nameRange.count),
                found.lowercased().replacing("_", with: "-") == name
            else { continue }
            values.append(head.getString(at: start + line.value.lowerBound, length: line.value.count) ?? "")
        }
        return values
    }

    /// The body is judged: nothing more of it is gathered.
    func close(_ refusal: DialectRefusal? = nil) {
        isOpen = false
        examination?.abandon()
        examination = nil
        self.refusal = refusal
        if let refusal { findings = refusal.findings }
    }

    /// Keeps what is recorded of the prompt of a request that is refused, so that one attack can be known again.
    func keepPrompt(of request: ModelRequest?) {
        guard prompt == nil, let request else { return }
        prompt = context.prompts?(request)
    }

    /// The answer is refused.
    func refuseAnswer(_ refusal: DialectRefusal) { self.refusal = refusal }

    /// Keeps what is needed of a request that was judged, and the body as it goes on; returns whether there is room for it.
    func keep(_ examined: ExaminedRequest, limit: Int) -> Bool {
        findings = examined.findings
        let bytes = examined.body ?? content
        // Where the request is kept for its answer, the body is there twice until it has gone on.
        if stage.answers != nil {
            guard context.guardedBytes.take(bytes.count, of: limit) else { return false }
            heldBeside = bytes.count
        }
        content = []
        body = ByteBuffer(bytes: bytes)
        let request = examined.request
        model = request.model
        prompt = context.prompts?(request)
        dialect = request.dialect
        if stage.answers != nil { self.request = request }
        guard request.dialect == .mcp, let id = request.document?.root["id"], id.range.count <= 1024 else {
            return true
        }
        call = (try? JSONDocument(Array(id.document.bytes[id.range])))?.root
        return true
    }

    /// The answer is being looked at, and what the request said is not needed any more.
    func forgetRequest() {
        request = nil
        keepsTexts = stage.answers?.keepsTexts == true
        if content.isEmpty, body.readableBytes == 0 { letGo() }
    }

    /// The body has gone on, or is of no use any more.
    func letGo() {
        content = []
        body = ByteBuffer()
        context.guardedBytes.giveBack(heldBeside)
        heldBeside = 0
        // What was read of it keeps it in memory.
        guard request == nil, !keepsTexts else { return }
        context.guardedBytes.giveBack(held)
        held = 0
    }

    /// The request is over.
    func end() {
        isOpen = false
        examination?.abandon()
        examination = nil
        request = nil
        keepsTexts = false
        letGo()
        if !claims.isEmpty { context.usage.release(claims) }
        claims = []
    }

    /// What the record says of it.
    var recorded: DecisionRecord.Guardrail {
        let first = findings.first
        var recorded = DecisionRecord.Guardrail(
            name: stage.guardrail.name,
            rule: first?.rule ?? refusal?.rule,
            field: first?.recordedPath ?? refusal.flatMap { $0.path.isEmpty ? nil : $0.recordedPath },
            range: first?.range ?? refusal?.range
        )
        guard let first else { return recorded }
        recorded.action = refusal == nil ? first.action.rawValue : InjectionPolicy.Action.block.rawValue
        recorded.basis = stage.basis
        recorded.findings = findings.map {
            DecisionRecord.Guardrail.Finding(
                rule: $0.rule,
                channel: $0.channel.rawValue,
                field: $0.recordedPath,
                range: $0.range,
                score: $0.score,
                threshold: $0.threshold
            )
        }
        return recorded
    }

    /// What the client is told.
    func errorBody(id: String) -> [UInt8] {
        guard let refusal else { return [] }
        return DialectErrors.body(refusal, dialect: stage.dialect(path: path), requestID: id, call: call)
    }
}
