import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing
import ZeroTrust

@testable import Registry

@Suite(.timeLimit(.minutes(5))) struct `A model of many short files` {
    private let repository = RepositoryName("open/m")
    private let tag = ManifestReference("v1")

    private func model(_ count: Int, in directory: TemporaryDirectory) throws -> String {
        let root = directory.path + "/many"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        for number in 0..<count {
            // Some of them the same, some without a byte, and some that are asked for first.
            let text = String(repeating: "\(number % 50) ", count: number % 10 == 0 ? 0 : number % 7 == 0 ? 9_000 : 20)
            try Data(text.utf8).write(to: URL(fileURLWithPath: root + "/\(number).txt"))
        }
        return root
    }

    @Test(arguments: [64, 1]) func `comes there whole, however many uploads there may be at once`(_ uploads: Int)
        async throws
    {
        let registry = try await TestRegistry(maximumUploads: uploads)
        let root = try model(150, in: registry.directory)
        let pack = try ModelPack(path: root, name: "m")
        let (repository, tag) = (try #require(repository), try #require(tag))
        var steps: [UInt64] = []
        _ = try await registry.transfer(.writer).push(pack, signature: nil, to: repository, as: tag) {
            steps.append($0)
        }
        #expect(steps.last == pack.size && steps == steps.sorted())
        let target = registry.directory.path + "/pulled"
        _ = try await registry.transfer(.reader).pull(tag, in: repository, to: target)
        for number in 0..<150 {
            #expect(
                FileManager.default.contents(atPath: root + "/\(number).txt")
                    == FileManager.default.contents(atPath: target + "/\(number).txt")
            )
        }
        #expect(registry.files.uploads().isEmpty)
        #expect(try await registry.registry.store.uploads().isEmpty)
        // A second time there is nothing to do.
        _ = try await registry.transfer(.writer).push(pack, signature: nil, to: repository, as: tag)
        try await registry.stop()
    }

    @Test func `is refused where one of them has changed, and nothing half is left`() async throws {
        let registry = try await TestRegistry()
        let root = try model(60, in: registry.directory)
        let pack = try ModelPack(path: root, name: "m")
        try Data("something else, of any length".utf8).write(to: URL(fileURLWithPath: root + "/31.txt"))
        let (repository, tag) = (try #require(repository), try #require(tag))
        let error = await #expect(throws: RegistryClientError.self) {
            _ = try await registry.transfer(.writer).push(pack, signature: nil, to: repository, as: tag)
        }
        #expect([.refused, .file].contains(error?.code), "\(String(describing: error))")
        await #expect(throws: RegistryClientError.self) {
            _ = try await registry.client(.reader).manifest(tag, in: repository)
        }
        try await registry.stop()
        #expect(registry.files.uploads().isEmpty)
    }

    @Test func `goes where a registry says that takes no blob with the first request, and closes after each`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let pack = try ModelPack(path: try model(20, in: directory), name: "m")
        let plain = PlainRegistry()
        let server = try await plain.bind(directory.path + "/plain.sock")
        let client = RegistryClient(
            RegistryConnector(.unixSocket(directory.path + "/plain.sock")),
            authority: "registry.test:443"
        )
        let repository = try #require(repository)
        var sizes: UInt64 = 0
        try await client.push(short: pack.files, to: repository) { sizes += $0 }
        #expect(sizes == pack.size)
        #expect(plain.taken == Set(pack.files.map(\.descriptor.digest.description)))
        try await server.close()
    }

    /// Pushes a model to a registry that answers some requests otherwise than usual; what is asked of each is its method and
    /// how many of that came before it.
    private func push(
        _ count: Int,
        refusing: @escaping @Sendable (HTTPMethod, Int) -> (HTTPResponseStatus, HTTPHeaders)?,
        _ check: (PlainRegistry, ModelPack, RegistryClientError?) throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let pack = try ModelPack(path: try model(count, in: directory), name: "m")
        let plain = PlainRegistry(refusing: refusing)
        let server = try await plain.bind(directory.path + "/plain.sock")
        let client = RegistryClient(
            RegistryConnector(.unixSocket(directory.path + "/plain.sock")),
            authority: "registry.test:443"
        )
        let repository = try #require(repository)
        var error: RegistryClientError?
        do { try await client.push(short: pack.files, to: repository) { _ in } } catch let thrown as RegistryClientError
        {
            error = thrown
        }
        try check(plain, pack, error)
        try await server.close()
    }

    @Test(arguments: [HTTPResponseStatus.tooManyRequests, .serviceUnavailable])
    func `waits where the registry has too much to do, and takes back what was begun`(_ status: HTTPResponseStatus)
        async throws
    {
        try await push(40) { method, before in
            // Fewer than one connection may hear one after the other.
            (method == .POST && before < 3) || (method == .PUT && before < 2) ? (status, ["retry-after": "0"]) : nil
        } _: { plain, pack, error in
            #expect(error == nil)
            #expect(plain.taken == Set(pack.files.map(\.descriptor.digest.description)))
            #expect(plain.count(.DELETE) == 2)
        }
    }

    @Test func `is given up where the registry stays busy, in its own words`() async throws {
        try await push(10) { _, _ in
            (.serviceUnavailable, ["retry-after": "0"])
        } _: { plain, _, error in
            #expect(error?.code == .failed && "\(error.map { "\($0)" } ?? "")".contains("status 503"))
            #expect(plain.taken.isEmpty)
        }
    }

    @Test func `ends at the first file that is not taken`() async throws {
        try await push(400) { method, before in
            method == .POST && before > 20 ? (.badRequest, [:]) : nil
        } _: { plain, _, error in
            #expect(error?.code == .refused)
            #expect(plain.count(.POST) < 60)
        }
    }
}

/// A registry that says where a blob goes before it takes it, and keeps no connection.
private final class PlainRegistry: Sendable {
    private let digests = Mutex<Set<String>>([])
    /// How many requests of each method came.
    private let counts = Mutex<[String: Int]>([:])
    private let refusing: @Sendable (HTTPMethod, Int) -> (HTTPResponseStatus, HTTPHeaders)?

    init(refusing: @escaping @Sendable (HTTPMethod, Int) -> (HTTPResponseStatus, HTTPHeaders)? = { _, _ in nil }) {
        self.refusing = refusing
    }

    var taken: Set<String> { digests.withLock { $0 } }
    func count(_ method: HTTPMethod) -> Int { counts.withLock { $0[method.rawValue] ?? 0 } }

    func bind(_ path: String) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(self))
                }
            }
            .bind(unixDomainSocketPath: path).get()
    }

    private func answer(_ head: HTTPRequestHead, _ body: [UInt8]) -> (HTTPResponseStatus, HTTPHeaders) {
        let before = counts.withLock { counts in
            defer { counts[head.method.rawValue, default: 0] += 1 }
            return counts[head.method.rawValue] ?? 0
        }
        if let refusal = refusing(head.method, before) { return refusal }
        switch head.method {
        case .DELETE: return (.noContent, [:])
        case .HEAD: return (.notFound, [:])
        case .POST: return (.accepted, ["location": "/v2/open/m/blobs/uploads/7?state=x"])
        default:
            let digest = head.uri.split(separator: "=").last.map(String.init) ?? ""
            guard head.uri.hasPrefix("/v2/open/m/blobs/uploads/7?state=x&digest="),
                ContentDigest(of: body).description == digest
            else { return (.badRequest, [:]) }
            digests.withLock { _ = $0.insert(digest) }
            return (.created, [:])
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let registry: PlainRegistry
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(_ registry: PlainRegistry) { self.registry = registry }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, [])
            case .body(let bytes): body += bytes.readableBytesView
            case .end:
                guard let head else { return }
                var (status, headers) = registry.answer(head, body)
                headers.add(name: "content-length", value: "0")
                // The end of an upload is the end of its connection, too.
                let isLast = head.method == .PUT && status == .created
                if isLast { headers.add(name: "connection", value: "close") }
                let answer = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
                context.write(wrapOutboundOut(.head(answer)), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
                if isLast { context.close(promise: nil) }
            }
        }
    }
}
