import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Registry

@Suite(.timeLimit(.minutes(5))) struct `Files that are pulled` {
    private let directory: TemporaryDirectory
    private let repository: RepositoryName

    init() throws {
        directory = try TemporaryDirectory()
        repository = try #require(RepositoryName("open/m"))
    }

    /// Pulls blobs from a registry that answers as a test says; returns what is there, what was asked, and the steps.
    private func pull(
        _ blobs: [[UInt8]],
        _ answering: @escaping BlobRegistry.Answering = { _ in .blob },
        there: [Int: [UInt8]] = [:]
    ) async throws -> (error: RegistryClientError?, registry: BlobRegistry, steps: [Int64]) {
        let registry = BlobRegistry(blobs, answering)
        let server = try await registry.bind(directory.path + "/blobs.sock")
        let client = RegistryClient(
            RegistryConnector(.unixSocket(directory.path + "/blobs.sock")),
            authority: "registry.test:443"
        )
        for (index, bytes) in there { try Data(bytes).write(to: URL(fileURLWithPath: path(index))) }
        let files = blobs.enumerated().map { index, bytes in
            WantedFile(
                path: path(index),
                descriptor: Descriptor(
                    mediaType: "application/octet-stream",
                    digest: ContentDigest(of: bytes),
                    size: UInt64(bytes.count)
                )
            )
        }
        var steps: [Int64] = []
        var error: RegistryClientError?
        do { try await client.pull(files, from: repository) { steps.append($0) } } catch let thrown
            as RegistryClientError
        { error = thrown }
        try await server.close()
        return (error, registry, steps)
    }

    private func path(_ index: Int) -> String { directory.path + "/file\(index)" }

    private func content(_ index: Int) -> [UInt8] {
        FileManager.default.contents(atPath: path(index)).map(Array.init) ?? []
    }

    private static func blobs(_ count: Int, of size: Int = 200) -> [[UInt8]] {
        (0..<count).map { number in (0..<(size + number % 3)).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) } }
    }

    @Test func `share few connections that stay open`() async throws {
        let blobs = Self.blobs(300) + [[]]
        let (error, registry, steps) = try await pull(blobs)
        #expect(error == nil)
        for (index, bytes) in blobs.enumerated() { #expect(content(index) == bytes) }
        #expect(registry.connections <= RegistryClient.connections)
        #expect(steps.reduce(0, +) == blobs.reduce(0) { $0 + Int64($1.count) })
    }

    @Test(arguments: [HTTPResponseStatus.tooManyRequests, .serviceUnavailable])
    func `are asked for again where the registry has too much to do`(_ status: HTTPResponseStatus) async throws {
        let blobs = Self.blobs(30)
        let (error, _, steps) = try await pull(blobs) { $0.number < 4 ? .status(status, ["retry-after": "0"]) : .blob }
        #expect(error == nil)
        for (index, bytes) in blobs.enumerated() { #expect(content(index) == bytes) }
        #expect(steps.reduce(0, +) == blobs.reduce(0) { $0 + Int64($1.count) })
    }

    @Test func `are given up where the registry stays busy, in its own words`() async throws {
        let (error, _, _) = try await pull(Self.blobs(3)) { _ in .status(.serviceUnavailable, ["retry-after": "0"]) }
        #expect(error?.code == .failed && "\(error.map { "\($0)" } ?? "")".contains("cannot be pulled: status 503"))
    }

    @Test func `go on where a connection broke, with what is not there yet`() async throws {
        let blobs = Self.blobs(2, of: 2 << 20)
        let (error, registry, steps) = try await pull(blobs) { $0.number < 2 ? .broken(after: 1_000_000) : .blob }
        #expect(error == nil)
        for (index, bytes) in blobs.enumerated() { #expect(content(index) == bytes) }
        #expect(registry.asked.contains { $0.range != nil })
        #expect(steps.reduce(0, +) == blobs.reduce(0) { $0 + Int64($1.count) })
    }

    @Test func `begin again where the registry serves no ranges`() async throws {
        let blobs = Self.blobs(2, of: 2 << 20)
        let (error, _, steps) = try await pull(blobs) { $0.number < 2 ? .broken(after: 1_000_000) : .whole }
        #expect(error == nil)
        for (index, bytes) in blobs.enumerated() { #expect(content(index) == bytes) }
        #expect(steps.reduce(0, +) == blobs.reduce(0) { $0 + Int64($1.count) })
    }

    @Test func `that are there already are not asked for, and of others the rest`() async throws {
        let blobs = Self.blobs(3, of: 1_000)
        let there = [0: blobs[0], 1: Array(blobs[1].prefix(400)), 2: blobs[2] + [1, 2]]
        let (error, registry, _) = try await pull(blobs, there: there)
        #expect(error == nil)
        for (index, bytes) in blobs.enumerated() { #expect(content(index) == bytes) }
        #expect(Set(registry.asked.map(\.range)) == ["bytes=400-\(blobs[1].count - 1)", nil])
        #expect(registry.asked.count == 2)
    }

    @Test func `are refused where the bytes are others, more or fewer`() async throws {
        for (change, code) in [
            (BlobRegistry.Change.other, RegistryClientError.Code.unverified), (.longer, .unverified),
            (.shorter, .unreachable),
        ] {
            let (error, _, _) = try await pull(Self.blobs(2)) { _ in .changed(change) }
            #expect(error?.code == code, "\(change)")
            for index in 0..<2 { try? FileManager.default.removeItem(atPath: path(index)) }
        }
    }

    @Test func `end at the first that the registry does not have`() async throws {
        let (error, registry, _) = try await pull(Self.blobs(400)) { $0.number > 20 ? .status(.notFound, [:]) : .blob }
        #expect(error?.code == .notFound)
        #expect(registry.asked.count < 60)
    }
}

/// A registry of blobs and nothing else, which answers each request as it is told.
private final class BlobRegistry: Sendable {
    struct Asked {
        let number: Int
        let range: String?
    }

    enum Change { case other, longer, shorter }

    enum Reply {
        /// The blob, or the piece of it that is asked for.
        case blob
        /// All of it, whatever is asked for.
        case whole
        case changed(Change)
        case broken(after: Int)
        case status(HTTPResponseStatus, HTTPHeaders)
    }

    typealias Answering = @Sendable (Asked) -> Reply

    private let blobs: [String: [UInt8]]
    private let answering: Answering
    /// What was asked, and on how many connections.
    private let state = Mutex((asked: [Asked](), connections: 0))

    var asked: [Asked] { state.withLock { $0.asked } }
    var connections: Int { state.withLock { $0.connections } }

    init(_ blobs: [[UInt8]], _ answering: @escaping Answering) {
        self.blobs = Dictionary(blobs.map { (ContentDigest(of: $0).description, $0) }) { first, _ in first }
        self.answering = answering
    }

    func bind(_ path: String) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                self.state.withLock { $0.connections += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
    }

    private func reply(_ head: HTTPRequestHead) -> (head: HTTPResponseHead, body: [UInt8], breaks: Bool) {
        let range = head.headers.first(name: "range")
        let asked = state.withLock { state in
            state.asked.append(Asked(number: state.asked.count, range: range))
            return state.asked[state.asked.count - 1]
        }
        func answer(_ status: HTTPResponseStatus, _ body: [UInt8], length: Int? = nil, _ more: HTTPHeaders = [:])
            -> (HTTPResponseHead, [UInt8], Bool)
        {
            var headers = more
            headers.add(name: "content-length", value: String(length ?? body.count))
            return (HTTPResponseHead(version: .http1_1, status: status, headers: headers), body, length != nil)
        }
        guard let blob = blobs[head.uri.split(separator: "/").last.map(String.init) ?? ""] else {
            return answer(.notFound, [])
        }
        switch answering(asked) {
        case .blob:
            guard let start = range?.dropFirst("bytes=".count).split(separator: "-").first.flatMap({ Int($0) }) else {
                return answer(.ok, blob)
            }
            return answer(.partialContent, Array(blob[start...]))
        case .whole: return answer(.ok, blob)
        case .changed(.other): return answer(.ok, blob.map { ~$0 })
        case .changed(.longer): return answer(.ok, blob + [0])
        case .changed(.shorter): return answer(.ok, blob.dropLast())
        case .broken(let count): return answer(.ok, Array(blob.prefix(count)), length: blob.count)
        case .status(let status, let headers): return answer(status, [], headers)
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let registry: BlobRegistry
        private var head: HTTPRequestHead?

        init(_ registry: BlobRegistry) { self.registry = registry }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body: break
            case .end:
                guard let head else { return }
                let (answer, body, breaks) = registry.reply(head)
                context.write(wrapOutboundOut(.head(answer)), promise: nil)
                let last = context.writeAndFlush(
                    wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body))))
                )
                let channel = context.channel
                if breaks {
                    last.whenComplete { _ in channel.close(promise: nil) }
                } else {
                    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
                }
            }
        }
    }
}
