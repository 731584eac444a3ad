import NIOHTTP1
import Testing

@testable import lapwing

@Suite("The demo's services", .timeLimit(.minutes(5)))
struct InferenceServiceTests {
    private let model: TicketModel
    private let service: InferenceService

    init() throws {
        model = try TicketModel(PackageResources.model_safetensors)
        service = InferenceService(model: model, callerHeader: "x-caller")
    }

    private func request(
        _ method: String,
        _ path: String,
        _ body: String = "",
        headers: HTTPHeaders = [:]
    ) -> LocalHTTPServer.Request {
        LocalHTTPServer.Request(method: method, path: path, headers: headers, body: Array(body.utf8))
    }

    private func text(_ response: LocalHTTPServer.Response) -> String {
        switch response.body {
        case .whole(let bytes): String(decoding: bytes, as: UTF8.self)
        case .events(let events, _): events.joined(separator: "\n")
        }
    }

    @Test(arguments: [
        ("I was charged twice for one order", "billing"),
        ("My password is refused and I cannot sign in", "login"),
        ("The parcel has not arrived, where is the courier", "delivery"),
        ("The handle of the rake broke", "defect"),
        ("Please cancel my order", "cancellation"),
    ])
    func `A message goes to its queue`(message: String, queue: String) throws {
        let scores = model.scores(of: message)
        #expect(scores.first?.label == queue)
        #expect(abs(scores.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
    }

    @Test func `A prediction names the model and the caller that the gateway verified`() {
        let response = service.answer(
            request("POST", "/v1/predict", #"{"input":"cancel it"}"#, headers: ["x-caller": "spiffe://cluster.local/a"])
        )
        #expect(response.status == .ok)
        #expect(text(response).contains(#""model":"sha256:\#(model.digest)""#))
        #expect(text(response).contains(#""caller":"spiffe://cluster.local/a""#))
    }

    @Test func `A stream ends, and the same message gets the same answer`() {
        let first = service.answer(request("POST", "/v1/stream", #"{"input":"the parcel is late"}"#))
        let second = service.answer(request("POST", "/v1/stream", #"{"input":"the parcel is late"}"#))
        #expect(first.contentType == "text/event-stream")
        #expect(text(first).hasSuffix("\n[DONE]"))
        #expect(text(first) == text(second))
        #expect(model.answer(to: "the parcel is late", maximumTokens: 3).count == 3)
    }

    @Test(arguments: [
        ("GET", "/v1/predict", "", 405), ("POST", "/v1/other", "{}", 404), ("POST", "/v1/predict", "", 400),
        ("POST", "/v1/predict", #"{"input":7}"#, 400), ("POST", "/v1/stream", #"{"input":""}"#, 400),
        ("POST", "/v1/predict", #"{"input":"\#(String(repeating: "x", count: 5000))"}"#, 400),
    ])
    func `What is not a prediction is refused`(method: String, path: String, body: String, status: UInt) {
        #expect(service.answer(request(method, path, body)).status.code == status)
    }

    @Test func `The feature store knows its customers`() {
        #expect(text(FeatureStoreStandIn().answer(request("GET", "/v1/features/ada"))).contains(#""openOrders":1"#))
        #expect(FeatureStoreStandIn().answer(request("GET", "/v1/features/eve")).status == .notFound)
        #expect(FeatureStoreStandIn().answer(request("DELETE", "/v1/features/ada")).status == .methodNotAllowed)
    }
}
