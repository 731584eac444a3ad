import AsyncHTTPClient
import Crypto
import Foundation
import Monitoring
import NIOCore
import NIOHTTP1
import NIOPosix
import SPIFFE
import ZeroTrust

/// Sends alerts over HTTP.
struct AlertSender: Sendable {
    private let client: HTTPClient
    /// For how long one try may take, from the first byte out to the whole head of the answer.
    private let timeout: TimeAmount
    /// Secrets and URLs in files have at most so many bytes.
    private static let maximumSecret = 4_096

    init(timeout: TimeAmount = .seconds(10)) {
        self.timeout = timeout
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(connect: timeout, read: timeout, write: timeout)
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration
        )
    }

    func shutdown() async { try? await client.shutdown() }

    /// Tries once.
    func send(_ item: DeliveryQueue.Item, by route: AlertRoute, at time: Timestamp) async -> DeliveryQueue.Result {
        await send(item.body, by: route, at: time)
    }

    /// Tries once to send a body.
    func send(_ body: String, by route: AlertRoute, at time: Timestamp) async -> DeliveryQueue.Result {
        var url: String
        var signature: String?
        switch route.receiver {
        case .alertmanager(let base): url = base + (base.hasSuffix("/") ? "" : "/") + "api/v2/alerts"
        case .webhook(let address, let file):
            guard let secret = Self.secret(file) else { return .failed("the secret file `\(file)` cannot be read") }
            url = address
            signature = Self.signature(of: body, with: secret, at: time)
        case .slack(let file):
            guard let address = Self.secret(file) else { return .failed("the URL file `\(file)` cannot be read") }
            url = address
            // The URL is a secret, and what is wrong with it would quote it.
            guard AlertRoute.problem(with: url) == nil else {
                return .refused("`\(file)` holds no URL that alerts are sent to; expected `https://`")
            }
        }
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "user-agent", value: "lapwing")
        request.headers.add(name: "content-type", value: "application/json")
        if let signature { request.headers.add(name: "x-lapwing-signature", value: signature) }
        request.body = .bytes(Array(body.utf8))
        do {
            // The status says all; a body that trickles in is not waited for.
            let response = try await client.execute(request, timeout: timeout)
            switch response.status.code {
            case 200..<300: return .delivered
            // Busy, or not well; and what a redirect or a proxy's refusal says may pass.
            case 300..<400, 407, 408, 425, 429, 500...: return .failed("status \(response.status.code)")
            default: return .refused("status \(response.status.code)")
            }
        } catch {
            // The error's own words may hold the URL, which may be a secret.
            return .failed("no answer: \(type(of: error))")
        }
    }

    /// `t=SECONDS,v1=HEX`: the HMAC-SHA-256 of the seconds, a point and the body.
    static func signature(of body: String, with secret: String, at time: Timestamp) -> String {
        let seconds = time.nanoseconds / 1_000_000_000
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("\(seconds).\(body)".utf8),
            using: SymmetricKey(data: Data(secret.utf8))
        )
        return "t=\(seconds),v1=\(Hexadecimal.text(Array(code)))"
    }

    /// What a file of secrets holds, or nil where it cannot be read, is empty or longer than any.
    static func secret(_ file: String) -> String? {
        guard let data = FileManager.default.contents(atPath: file), data.count <= maximumSecret else { return nil }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }
}
