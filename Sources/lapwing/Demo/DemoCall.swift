import Foundation
import ZeroTrust

/// One call of the demo, and how it must end.
struct DemoCall: Sendable {
    /// Who makes it, and how.
    enum Caller: Sendable {
        case plaintext
        case anonymous
        case foreignAuthority
        case workload(DemoScenario.Workload)
    }

    /// How a call must end.
    enum Ending: Sendable {
        case status(Int)
        /// No answer at all.
        case refused
    }

    let title: String
    let caller: Caller
    let ending: Ending
    let bytes: [UInt8]
    /// What the answer's body must hold.
    var holds: String?
    /// What it must not.
    var lacks: String?

    var must: String {
        switch ending {
        case .status(let status): "\(status)"
        case .refused: "no answer"
        }
    }

    func isMet(by outcome: DemoOutcome) -> Bool {
        switch ending {
        case .status(let status):
            outcome.status == status && (holds.map { outcome.body.contains($0) } ?? true)
                && !(lacks.map { outcome.body.contains($0) } ?? false)
        case .refused: outcome.status == nil
        }
    }

    init(
        _ title: String,
        _ caller: Caller,
        _ ending: Ending,
        _ line: String,
        headers: [String] = [],
        body: String? = #"{"input": "I was charged twice for one order"}"#,
        holds: String? = nil,
        lacks: String? = nil
    ) {
        self.title = title
        self.caller = caller
        self.ending = ending
        self.holds = holds
        self.lacks = lacks
        var head = [line + " HTTP/1.1", "host: inference.ml-inference", "connection: close"] + headers
        if let body, !headers.contains(where: { $0.hasPrefix("transfer-encoding") }) {
            head += ["content-type: application/json", "content-length: \(body.utf8.count)"]
        }
        self.bytes = Array((head.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8)
    }

    private static let gateway = Caller.workload(.apiGateway)
    private static let batch = Caller.workload(.batchJob)
    private static let forged = [
        "x-lapwing-spiffe-id: \(DemoScenario.Workload.apiGateway.id)",
        "x-forwarded-client-cert: URI=\(DemoScenario.Workload.apiGateway.id)", "x-forwarded-for: 127.0.0.1",
    ]

    /// A call for which the service needs its own identity: it asks the feature store for the customer.
    static let featured = DemoCall(
        "api-gateway predicts for a customer",
        gateway,
        .status(200),
        "POST /v1/predict",
        body: #"{"input": "I was charged twice for one order", "customer": "ada"}"#,
        holds: "openOrders"
    )

    /// Every call, in the order of the table.
    static let all: [DemoCall] = [
        DemoCall("api-gateway predicts", gateway, .status(200), "POST /v1/predict", holds: "billing"),
        DemoCall("api-gateway streams", gateway, .status(200), "POST /v1/stream", holds: "[DONE]"),
        DemoCall("plaintext", .plaintext, .refused, "POST /v1/predict"),
        DemoCall("TLS without a certificate", .anonymous, .refused, "POST /v1/predict"),
        DemoCall("right name, foreign authority", .foreignAuthority, .refused, "POST /v1/predict"),
        DemoCall("right certificate, wrong caller", batch, .status(403), "POST /v1/predict"),
        DemoCall("wrong method: GET", gateway, .status(403), "GET /v1/predict", body: nil),
        DemoCall("wrong path: /v1/admin", gateway, .status(403), "POST /v1/admin"),
        DemoCall("wrong path: /v1/predict/../admin", gateway, .status(403), "POST /v1/predict/../admin"),
        DemoCall("wrong path: /v1/%2e%2e/admin", gateway, .status(403), "POST /v1/%2e%2e/admin"),
        DemoCall("wrong path: /v1%2fpredict", gateway, .status(403), "POST /v1%2fpredict"),
        DemoCall("wrong path: //v1/predict", gateway, .status(403), "POST //v1/predict"),
        DemoCall("wrong path: /V1/Predict", gateway, .status(403), "POST /V1/Predict"),
        DemoCall("wrong path: /v1/predict%00", gateway, .status(400), "POST /v1/predict%00"),
        DemoCall("wrong caller, forged identity headers", batch, .status(403), "POST /v1/predict", headers: forged),
        DemoCall(
            "right caller, forged identity header is replaced",
            gateway,
            .status(200),
            "POST /v1/predict",
            headers: ["x-lapwing-spiffe-id: spiffe://cluster.local/ns/kube-system/sa/root"],
            holds: DemoScenario.Workload.apiGateway.id
        ),
        DemoCall(
            "smuggled: two lengths",
            gateway,
            .status(400),
            "POST /v1/predict",
            headers: ["content-length: 4"]
        ),
        DemoCall(
            "smuggled: length and chunks",
            gateway,
            .status(400),
            "POST /v1/predict",
            headers: ["transfer-encoding: chunked", "content-length: 4"],
            body: "0\r\n\r\nPOST /v1/admin HTTP/1.1\r\nhost: x\r\n\r\n"
        ),
        DemoCall(
            "smuggled: folded header",
            gateway,
            .status(400),
            "POST /v1/predict",
            headers: ["x-padding: a", " transfer-encoding: chunked"]
        ),
    ]
}

/// What came of a call.
struct DemoOutcome: Sendable {
    let status: Int?
    let requestID: RequestID?
    let body: String
    let inWords: String

    init(_ outcome: RawClient.Outcome) { self.init(DemoCallCommand.Answer(outcome)) }

    init(_ answer: DemoCallCommand.Answer) {
        status = answer.status
        body = answer.body
        let lines = answer.head.split(separator: "\r\n")
        let id = lines.first { $0.lowercased().hasPrefix("x-request-id:") }
        requestID = id.flatMap { RequestID($0.dropFirst("x-request-id:".count).trimmingCharacters(in: .whitespaces)) }
        switch answer.status {
        case nil: inWords = String((answer.refusal ?? "closed").prefix(34))
        case 200 where answer.body.contains("data:"): inWords = "200, a stream in \(answer.arrivals) parts"
        case let status?: inWords = "\(status)"
        }
    }
}
