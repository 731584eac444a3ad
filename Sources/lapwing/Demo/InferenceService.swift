import FoundationEssentials
import NIOCore
import NIOHTTP1

/// The inference service of the demo: `POST /v1/predict` sorts a message, `POST /v1/stream` writes an answer to it.
///
/// `POST /v1/chat/completions` and `POST /v1/extract` stand in for models that make mistakes: the one says again what it is
/// told, and streams a card number and a key in pieces; the other does not keep to its schema.
///
/// It knows nothing of certificates or policies. The gateway in front of it tells it who is calling, in a header that
/// no client can set.
///
/// ```console
/// $ curl --unix-socket inference.sock -d '{"input": "I was charged twice"}' http://service/v1/predict
/// {"caller":null,"label":"billing","model":"sha256:5b4d439c…","scores":{"billing":0.91,…}}
/// ```
struct InferenceService: Sendable {
    let model: TicketModel
    /// The header, in lower case, in which the gateway names the verified caller.
    let callerHeader: String
    /// The pause after each token of a stream.
    var tokenPause: TimeAmount = .milliseconds(15)

    /// The longest message, in bytes.
    static let maximumInputLength = 4096

    private struct Prompt: Decodable {
        let input: String
        let customer: String?
    }

    private struct Prediction: Encodable {
        let caller: String?
        let label: String
        let model: String
        let scores: [String: Double]
        var features: FeatureStoreStandIn.Features?
    }

    private struct Token: Encodable {
        let token: String
    }

    /// Answers one request, with what the feature store knows of the customer that it names; without that, not at all.
    @Sendable
    func answer(_ request: LocalHTTPServer.Request, with features: DemoFeatures) async -> LocalHTTPServer.Response {
        guard request.method == "POST", request.path == "/v1/predict",
            let customer = (try? JSONDecoder().decode(Prompt.self, from: Data(request.body)))?.customer,
            customer.utf8.allSatisfy({ (0x61...0x7a).contains($0) }), (1...64).contains(customer.utf8.count)
        else { return answer(request) }
        switch await features.fetch(customer) {
        case .features(let found):
            return withInput(of: request) { predict($0, caller: request.headers[callerHeader].first, found) }
        case .refused(let reason): return .failure(reason, status: .serviceUnavailable)
        }
    }

    /// Answers one request.
    @Sendable
    func answer(_ request: LocalHTTPServer.Request) -> LocalHTTPServer.Response {
        switch (request.method, request.path) {
        case ("GET", "/healthz"): .json(#"{"status":"ready"}"#)
        case ("POST", "/v1/predict"):
            withInput(of: request) { predict($0, caller: request.headers[callerHeader].first) }
        case ("POST", "/v1/stream"): withInput(of: request, stream)
        case ("POST", "/v1/chat/completions"): CarelessModel.chat(request.body, pause: tokenPause)
        case ("POST", "/v1/extract"): CarelessModel.extract()
        case (_, "/v1/predict"), (_, "/v1/stream"), (_, "/v1/chat/completions"), (_, "/v1/extract"):
            .failure("this path takes POST", status: .methodNotAllowed)
        default: .failure("there is no such path", status: .notFound)
        }
    }

    private func withInput(
        of request: LocalHTTPServer.Request,
        _ work: (String) -> LocalHTTPServer.Response
    ) -> LocalHTTPServer.Response {
        guard let prompt = try? JSONDecoder().decode(Prompt.self, from: Data(request.body)) else {
            return .failure("the body is not {\"input\": \"…\"}", status: .badRequest)
        }
        guard !prompt.input.isEmpty, prompt.input.utf8.count <= Self.maximumInputLength else {
            return .failure("the input is empty or too long", status: .badRequest)
        }
        return work(prompt.input)
    }

    private func predict(
        _ input: String,
        caller: String?,
        _ features: FeatureStoreStandIn.Features? = nil
    ) -> LocalHTTPServer.Response {
        let scores = model.scores(of: input)
        let rounded = scores.map { ($0.label, ($0.probability * 10_000).rounded() / 10_000) }
        return .encoded(
            Prediction(
                caller: caller,
                label: scores.first?.label ?? "",
                model: "sha256:\(model.digest)",
                scores: Dictionary(uniqueKeysWithValues: rounded),
                features: features
            )
        )
    }

    private func stream(_ input: String) -> LocalHTTPServer.Response {
        let events = model.answer(to: input).map { LocalHTTPServer.Response.text(Token(token: $0)) } + ["[DONE]"]
        return LocalHTTPServer.Response(
            contentType: "text/event-stream",
            body: .events(events, pause: tokenPause)
        )
    }
}

extension LocalHTTPServer.Response {
    /// An answer that says what was wrong with the request.
    static func failure(_ message: String, status: HTTPResponseStatus) -> Self {
        .json(text(["error": message]), status: status)
    }

    /// A value as JSON.
    static func encoded(_ value: some Encodable) -> Self { .json(text(value)) }

    /// The JSON text of a value, with its keys in order.
    static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings and finite numbers always encode.
        guard let data = try? encoder.encode(value) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }
}
