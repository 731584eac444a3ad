public import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
public import SPIFFE
import Synchronization
public import WorkloadIdentity
public import ZeroTrust

/// Asks a bundle endpoint for its bundle, once (SPIFFE Federation §5.2.1.4 and §5.2.2.4).
///
/// Each fetch makes its own connection, shows no certificate, and is bounded in time and bytes, redirects included. A
/// redirect is followed to another bundle endpoint only, whose server is told as the first one was, and is never kept.
///
/// ```swift
/// let document = try await BundleEndpointClient().fetch(relationship.url, telling: .spiffe(id, bundles))
/// let bundle = try SPIFFEBundle(trustDomain: relationship.trustDomain, document: document)
/// ```
public struct BundleEndpointClient: Sendable {
    /// How the server is told.
    public enum Judge: Sendable {
        /// By certificate authorities of the web, or those in a file (`https_web`).
        case web(authoritiesFile: String?)
        /// By its X.509-SVID, by the bundle of its own trust domain among these (`https_spiffe`).
        case spiffe(SPIFFEID, X509BundleSet)
    }

    /// How many redirects one fetch may take.
    static let maximumRedirects = 3
    /// The most that a head may add to a body, in bytes.
    static let maximumHead = 64 * 1024

    private let timeout: Duration
    private let maximumLength: Int
    private let clock: @Sendable () -> Date

    /// A client.
    ///
    /// - Parameters:
    ///   - timeout: how long one fetch may take, all redirects included.
    ///   - maximumLength: the longest body that is read, in bytes.
    ///   - clock: the time by which certificates are judged.
    public init(
        timeout: Duration = .seconds(10),
        maximumLength: Int = FederatedBundles.maximumDocumentLength,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.timeout = timeout
        self.maximumLength = maximumLength
        self.clock = clock
    }

    /// The body of the endpoint's answer.
    ///
    /// - Throws: ``FederationFailure``.
    public func fetch(_ url: BundleEndpointURL, telling judge: Judge) async throws -> [UInt8] {
        let end = ContinuousClock.now + timeout
        var place = url
        for _ in 0...Self.maximumRedirects {
            switch try await ask(place, judge, nil, until: end) {
            case .document(let bytes): return bytes
            case .answer(let status, _): throw FederationFailure(.badStatus, "`\(place)` answers \(status)")
            case .redirect(let location):
                do throws(IdentityError) { place = try place.redirect(to: location) } catch {
                    throw FederationFailure(
                        .badRedirect,
                        "`\(place)` redirects to where no bundle is fetched: \(error.message)"
                    )
                }
            }
        }
        throw FederationFailure(.badRedirect, "`\(url)` redirects more than \(Self.maximumRedirects) times")
    }

    /// Sends a document to an endpoint that is told in the same way; a redirect is not followed.
    ///
    /// - Returns: the status and the body of the answer.
    /// - Throws: ``FederationFailure`` where there is none.
    public func post(
        _ document: [UInt8],
        to url: BundleEndpointURL,
        telling judge: Judge
    ) async throws -> (status: Int, body: [UInt8]) {
        switch try await ask(url, judge, document, until: ContinuousClock.now + timeout) {
        case .answer(let status, let body): (status, body)
        case .document, .redirect: throw FederationFailure(.badAnswer, "`\(url)` answers with something else")
        }
    }

    private func ask(
        _ url: BundleEndpointURL,
        _ judge: Judge,
        _ document: [UInt8]?,
        until end: ContinuousClock.Instant
    ) async throws -> BundleAnswer {
        let left = end - .now
        guard left > .zero else { throw FederationFailure(.timedOut, "`\(url)` did not answer within \(timeout)") }
        // What the verifier says is nearer to the cause than the error that it leads to.
        let refusal = Refusal()
        let promise = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: BundleAnswer.self)
        let maximumLength = maximumLength
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: promise.futureResult.eventLoop)
                .connectTimeout(TimeAmount(left))
                .connect(host: url.host, port: url.port).get()
        } catch {
            promise.fail(error)
            throw Self.failure(error, url, refusal)
        }
        let rest: Duration = end - .now
        let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(rest > .zero ? rest : .zero)) {
            promise.fail(FederationFailure(.timedOut, "`\(url)` did not answer in time"))
            channel.close(promise: nil)
        }
        defer {
            deadline.cancel()
            channel.close(promise: nil)
        }
        do {
            // Once it stands: of several addresses that are tried, one connection is asked.
            let clock = clock
            try await channel.eventLoop.submit {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(EndpointTLS.client(judge, url.host, clock: clock) { refusal.note($0) })
                try pipeline.addHandler(ByteBudget(maximumLength + Self.maximumHead))
                try pipeline.addHTTPClientHandlers()
                try pipeline.addHandler(BundleAnswerHandler(url, document, maximumLength, promise))
            }.get()
        } catch {
            promise.fail(error)
            throw Self.failure(error, url, refusal)
        }
        do { return try await promise.futureResult.get() } catch { throw Self.failure(error, url, refusal) }
    }

    private static func failure(_ error: any Error, _ url: BundleEndpointURL, _ refusal: Refusal) -> FederationFailure {
        if let reason = refusal.reason { return FederationFailure(.untrusted, "`\(url)`: \(reason)") }
        switch error {
        case let failure as FederationFailure: return failure
        case is ByteBudget.Exceeded: return FederationFailure(.tooLarge, "`\(url)` answers with more than is read")
        case is HTTPParserError: return FederationFailure(.badAnswer, "`\(url)` answers with what is no HTTP")
        case let error as NIOSSLError where "\(error)".contains("CERTIFICATE_VERIFY_FAILED"):
            return FederationFailure(
                .untrusted,
                "`\(url)` shows a certificate that no authority known here vouches for, or one that is over"
            )
        case let error as NIOSSLError:
            return FederationFailure(.untrusted, "`\(url)` does not show a certificate that counts: \(error)")
        case is NIOSSLExtraError:
            return FederationFailure(.untrusted, "`\(url)` shows a certificate of another name: \(error)")
        case is BoringSSLError: return FederationFailure(.untrusted, "`\(url)` speaks no TLS that counts: \(error)")
        default: return FederationFailure(.unreachable, "`\(url)` cannot be reached: \(reason(of: error))")
        }
    }

    /// What the system says of a connection that was not made.
    private static func reason(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            return error.connectionErrors.first.map { reason(of: $0.error) } ?? "there is no such host"
        // Sound: the text is copied before anything else can ask for one.
        case let error as IOError: return unsafe String(cString: strerror(error.errnoCode))
        default: return "\(error)"
        }
    }

    /// Why the verifier did not take the server.
    private final class Refusal: Sendable {
        /// Guards the reason.
        private let text = Mutex<String?>(nil)

        var reason: String? { text.withLock { $0 } }

        func note(_ reason: String) { text.withLock { $0 = reason } }
    }
}

/// What an endpoint answered.
enum BundleAnswer: Hashable, Sendable {
    case document([UInt8])
    case redirect(String)
    /// What a document that was sent is answered with.
    case answer(Int, [UInt8])
}

/// Asks over one connection, and gathers the one answer.
private final class BundleAnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let url: BundleEndpointURL
    /// What is sent; nil where something is asked for.
    private let document: [UInt8]?
    private let maximumLength: Int
    private let promise: EventLoopPromise<BundleAnswer>
    private var status = 200
    private var body: [UInt8]?
    private var isOver = false

    init(
        _ url: BundleEndpointURL,
        _ document: [UInt8]?,
        _ maximumLength: Int,
        _ promise: EventLoopPromise<BundleAnswer>
    ) {
        self.url = url
        self.document = document
        self.maximumLength = maximumLength
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // What is written before the handshake is over waits until the server is the one that is meant.
        var head = HTTPRequestHead(version: .http1_1, method: document == nil ? .GET : .POST, uri: url.target)
        head.headers.add(name: "host", value: url.authority)
        head.headers.add(name: "accept", value: "application/json")
        head.headers.add(name: "user-agent", value: "lapwing")
        head.headers.add(name: "connection", value: "close")
        if let document {
            head.headers.add(name: "content-type", value: "application/json")
            head.headers.add(name: "content-length", value: String(document.count))
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let document {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: document)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = Int(head.status.code)
            switch head.status.code {
            case _ where document != nil: body = []
            case 200: body = []
            case 301, 302, 303, 307, 308:
                let locations = head.headers["location"]
                guard locations.count == 1 else {
                    return end(.failure(FederationFailure(.badRedirect, "`\(url)` redirects to nowhere")), context)
                }
                end(.success(.redirect(locations[0])), context)
            default: end(.failure(FederationFailure(.badStatus, "`\(url)` answers \(head.status.code)")), context)
            }
        case .body(let buffer):
            guard (body?.count ?? 0) + buffer.readableBytes <= maximumLength else {
                let problem = "`\(url)` answers with more than \(maximumLength) bytes"
                return end(.failure(FederationFailure(.tooLarge, problem)), context)
            }
            body?.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard let body else { return }
            end(.success(document == nil ? .document(body) : .answer(status, body)), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(.failure(error), context) }

    func channelInactive(context: ChannelHandlerContext) {
        end(
            .failure(FederationFailure(.unreachable, "`\(url)` closed the connection before its answer was over")),
            context
        )
        context.fireChannelInactive()
    }

    private func end(_ result: Result<BundleAnswer, any Error>, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        promise.completeWith(result)
        context.close(promise: nil)
    }
}
