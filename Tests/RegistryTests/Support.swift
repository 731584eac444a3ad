import Crypto
import Foundation
import Glibc
import ModelTrust
import Registry
import Storage
import Synchronization
import Testing
import ZeroTrust

/// A directory of its own for each test, gone after it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = "/tmp/lwr-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Keeps acts in memory; can be told to keep none.
final class MemoryActLog: ActLog {
    private let state = Mutex((acts: [ActRecord](), isBroken: false))

    struct Broken: Error {}

    var acts: [ActRecord] { state.withLock { $0.acts } }

    func breakDown() { state.withLock { $0.isBroken = true } }

    func record(_ act: ActRecord) async throws {
        try state.withLock { state in
            if state.isBroken { throw Broken() }
            state.acts.append(act)
        }
    }
}

/// A check that wants a signature beside the artifact, and refuses the bytes that a test names.
struct TestCheck: AdmissionCheck {
    let name = "signature"

    func reasons(against artifact: Artifact, requirement: AdmissionRequirement) async throws -> [String] {
        for layer in artifact.manifest.layers {
            if String(decoding: try artifact.content(of: layer, limit: 4 << 20), as: UTF8.self).contains("explode") {
                throw MemoryActLog.Broken()
            }
        }
        return artifact.referrers.contains(where: \.isSignature) ? [] : ["nobody has signed it"]
    }
}

/// Who the tests are.
enum Caller: String {
    case reader, writer, promoter, stranger, both

    var id: String { "spiffe://cluster.local/\(rawValue)" }
}

/// A registry that serves on a socket of its own.
final class TestRegistry: Sendable {
    let directory: TemporaryDirectory
    let acts = MemoryActLog()
    let registry: ModelRegistry
    let server: RegistryServer
    let database: SQLiteDatabase
    let files: BlobFiles
    let clock = ClockBox()
    var socket: String { directory.path + "/registry.sock" }

    init(
        in directory: TemporaryDirectory? = nil,
        uids: Set<UInt32> = [geteuid()],
        maximumBlobLength: UInt64 = 1 << 30,
        maximumUploads: Int = 4,
        admission: AdmissionRequirement? = nil,
        policies: PolicyCheck? = nil
    ) async throws {
        let directory = try directory ?? TemporaryDirectory()
        self.directory = directory
        database = try SQLiteDatabase(path: directory.path + "/registry.db", schema: .registry)
        files = try BlobFiles(directory: directory.path + "/files")
        let time = clock
        var configuration = try Self.configuration(maximumBlobLength, admission)
        configuration.maximumUploads = maximumUploads
        registry = ModelRegistry(
            configuration: configuration,
            store: SQLiteRegistryStore(database),
            files: files,
            acts: acts,
            checks: admission == nil
                ? [TestCheck()] : [SignatureCheck(), ScanCheck(scanning: scanHere)] + (policies.map { [$0] } ?? []),
            node: "test",
            clock: { time.now }
        )
        server = RegistryServer(registry, allowedUIDs: uids)
        try await server.bind(unixSocket: directory.path + "/registry.sock")
    }

    /// A clock that a test moves.
    final class ClockBox: Sendable {
        private let ahead = Mutex(Int64(0))

        var now: Timestamp { Timestamp(nanoseconds: Timestamp.now().nanoseconds + ahead.withLock { $0 }) }

        func advance(hours: Int64) { ahead.withLock { $0 += hours * 3_600_000_000_000 } }
    }

    func stop() async throws {
        await server.stop()
        files.close()
        try database.close()
    }

    static func configuration(_ maximumBlobLength: UInt64, _ admission: AdmissionRequirement? = nil) throws
        -> RegistryConfiguration
    {
        func rule(_ pattern: String, admission: AdmissionRequirement = AdmissionRequirement()) throws -> RepositoryRule
        {
            func who(_ callers: Caller...) -> [IdentityPattern] {
                callers.compactMap { IdentityPattern(spiffe: $0.id) }
            }
            return RepositoryRule(
                pattern: try #require(PathPattern(pattern)),
                principals: [
                    .read: who(.reader, .both), .write: who(.writer, .both), .promote: who(.promoter),
                    .delete: who(.both, .promoter),
                ],
                protectedTags: [try #require(PathPattern("production"))],
                immutableTags: [try #require(PathPattern("v*"))],
                admission: admission
            )
        }
        return RegistryConfiguration(
            name: "test",
            repositories: [
                try rule("checked/*", admission: admission ?? AdmissionRequirement(signature: .init())),
                try rule("open/*"),
            ],
            maximumBlobLength: maximumBlobLength,
            maximumUploads: 4
        )
    }

    /// A client that the gateway would say is a caller.
    func client(_ caller: Caller) -> RegistryClient {
        RegistryClient(
            RegistryConnector(.unixSocket(socket)),
            authority: "registry.test:443",
            fields: [("x-lapwing-spiffe-id", caller.id)]
        )
    }

    func transfer(_ caller: Caller) -> ModelTransfer { ModelTransfer(client(caller)) }

    /// Pushes bytes as a blob in one request.
    @discardableResult
    func blob(_ text: String, to repository: String, as caller: Caller = .writer) async throws -> ContentDigest {
        let bytes = Array(text.utf8)
        let digest = ContentDigest(of: bytes)
        let answer = try await client(caller).request(
            "POST",
            "/v2/\(repository)/blobs/uploads/?digest=\(digest)",
            content: bytes
        )
        try #require(answer.status == 201, "\(String(decoding: answer.body, as: UTF8.self))")
        return digest
    }

    /// Pushes a model of one layer.
    func model(
        _ text: String,
        to repository: String,
        as tag: String,
        by caller: Caller = .writer
    ) async throws -> RegistryClient.Answer {
        let config = #"{"descriptor":{"name":"m"},"config":{},"modelfs":{"type":"layers","diffIds":["x"]}}"#
        try await blob(config, to: repository, as: caller)
        try await blob(text, to: repository, as: caller)
        let manifest = Self.manifest(config: config, layers: [text])
        return try await client(caller).request(
            "PUT",
            "/v2/\(repository)/manifests/\(tag)",
            fields: [("content-type", MediaType.imageManifest)],
            content: Array(manifest.utf8)
        )
    }

    /// A Sigstore bundle by its form, whose signature is nobody's.
    static let bundle =
        #"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"x"}},"#
        + #""dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA"}]}}"#

    static func manifest(config: String, layers: [String], subject: String? = nil) -> String {
        func descriptor(_ type: String, _ text: String) -> String {
            let digest = ContentDigest(of: Array(text.utf8))
            return #"{"mediaType":"\#(type)","digest":"\#(digest)","size":\#(text.utf8.count)}"#
        }
        let layers = layers.map { descriptor("application/vnd.cncf.model.weight.v1.raw", $0) }.joined(separator: ",")
        let subject = subject.map { #","subject":"# + descriptor(MediaType.imageManifest, $0) } ?? ""
        return
            #"{"schemaVersion":2,"mediaType":"\#(MediaType.imageManifest)","artifactType":"\#(MediaType.modelManifest)","#
            + #""config":\#(descriptor(MediaType.modelConfig, config)),"layers":[\#(layers)]\#(subject)}"#
    }
}

/// The code of a refusal.
func code(_ answer: RegistryClient.Answer) -> String? {
    struct Form: Decodable {
        struct Entry: Decodable { let code: String }
        let errors: [Entry]
    }
    return try? JSONDecoder().decode(Form.self, from: Data(answer.body)).errors.first?.code
}

func text(_ answer: RegistryClient.Answer) -> String { String(decoding: answer.body, as: UTF8.self) }

/// Scans in this process, which the program leaves to another.
private func scanHere(_ folder: String) -> ScanReport {
    let tree = ScanTree(folder)
    return ScanReport(
        files: tree.entries.map { ModelScanner().scan(path: $0.root + "/" + $0.name) },
        findings: tree.findings
    )
}
