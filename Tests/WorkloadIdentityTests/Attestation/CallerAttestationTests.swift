import Foundation
import RPC
import Resources
import SPIFFE
import SwiftProtobuf
import Testing
import WireProtos
import ZeroTrust

@testable import WorkloadIdentity

/// A caller of the egress listener is who the Workload API would say it is.
@Suite(.timeLimit(.minutes(5))) struct CallerAttestationTests {
    /// The service on a socket of its own, with an entry for this process.
    private static func with(
        selectors: [String] = ["unix:uid:\(geteuid())"],
        allowing: Set<UInt32> = [geteuid()],
        _ body: (RPCClient) async throws -> Void
    ) async throws {
        try await with(selectors: selectors, allowing: allowing) { client, _, _ in try await body(client) }
    }

    /// The same, with the entries and the proofs at hand.
    private static func with(
        selectors: [String] = ["unix:uid:\(geteuid())"],
        allowing: Set<UInt32> = [geteuid()],
        _ body: (RPCClient, EntryRegistry, ModelProofs) async throws -> Void
    ) async throws {
        let proofs = ModelProofs()
        let base = try AuthorityFixture(clock: TestClock(Date()))
        let registry = EntryRegistry(trustDomain: try TrustDomain("cluster.local"), store: base.store)
        try await registry.refresh()
        _ = try await registry.create(
            WorkloadAPIFixture.entry("self", selectors: selectors),
            by: "test",
            at: base.clock.now
        )
        let attestation = CallerAttestation(
            registry: registry,
            proofs: proofs,
            attestor: WorkloadAttestor(logger: quietLogger),
            allowedUIDs: allowing,
            logger: quietLogger
        )
        let server = RPCServer(services: [attestation.service], logger: quietLogger)
        let path = base.directory.path + "/a.sock"
        try await server.bind(unixSocket: path, mode: 0o600)
        let client = try await RPCClient.connect(unixSocket: path)
        do { try await body(client, registry, proofs) } catch {
            await server.drain(grace: .zero)
            throw error
        }
        await client.close()
        await server.drain(grace: .zero)
    }

    private static func ask(
        _ client: RPCClient,
        _ fill: (inout Attestation_AttestCallerRequest) -> Void
    ) async throws -> Attestation_AttestCallerResponse {
        var request = Attestation_AttestCallerRequest()
        fill(&request)
        return try await client.unary("/\(ServiceName.attestation)/AttestCaller", request)
    }

    /// A socket of this process, and its inode.
    private static func socket() throws -> (descriptor: Int32, inode: UInt64) {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
        return (descriptor, try #require(UInt64(link.dropFirst("socket:[".count).dropLast())))
    }

    @Test func `a socket's holder is found, and gets the IDs that its entries say`() async throws {
        try await Self.with { client in
            let (descriptor, inode) = try Self.socket()
            let response = try await Self.ask(client) {
                $0.socket.inode = inode
                $0.socket.uid = geteuid()
            }
            #expect(response.spiffeIds == ["spiffe://cluster.local/self"])
            #expect(response.pid == getpid())
            close(descriptor)
            // Nobody holds it any more.
            let late = await #expect(throws: RPCStatus.self) {
                _ = try await Self.ask(client) {
                    $0.socket.inode = inode
                    $0.socket.uid = geteuid()
                }
            }
            #expect(late?.code == .aborted)
        }
    }

    @Test func `the models are told that the loaders of a process, or of all that hold a socket, prove`() async throws {
        try await Self.with { client, registry, proofs in
            let (descriptor, inode) = try Self.socket()
            func models(_ fill: (inout Attestation_AttestCallerRequest) -> Void) async throws -> [String] {
                var request = Attestation_AttestCallerRequest()
                fill(&request)
                let response: Attestation_AttestModelsResponse = try await client.unary(
                    "/\(ServiceName.attestation)/AttestModels",
                    request
                )
                return response.models.map { $0.digest + " " + $0.signer }
            }
            let child = Process()
            child.executableURL = URL(fileURLWithPath: "/bin/sleep")
            child.arguments = ["60"]
            try child.run()
            defer { child.terminate() }
            let pid = child.processIdentifier
            let ask: (inout Attestation_AttestCallerRequest) -> Void = {
                $0.process.pid = pid
                $0.process.uid = geteuid()
                $0.process.gid = getegid()
            }
            #expect(try await models(ask).isEmpty)
            let selectors: Set<Selector> = [
                try Selector("unix:uid:\(geteuid())"), try Selector("unix:path:/usr/bin/lapwing"),
            ]
            let entry = try WorkloadEntry(
                name: "loader",
                id: try SPIFFEID("spiffe://cluster.local/loader"),
                selectors: selectors,
                modelLoader: .sameUser
            )
            let loader = try WorkloadProcess(
                PeerCredentials(
                    pid: getpid(),
                    uid: geteuid(),
                    gid: getegid(),
                    process: ProcessHandle(pid: getpid())
                )
            )
            let claim = try #require(ModelClaim(digest: HeldProof.digest, signer: "trainer"))
            let held = try proofs.hold(claim, command: pid, by: loader, entry: entry, selectors: selectors)
            // No entry makes anybody a loader: its word counts for nothing.
            #expect(try await models(ask).isEmpty)
            try registry.load([Self.document(of: "loader", selectors: selectors.map(\.description))])
            #expect(try await models(ask).isEmpty, "nobody goes by a proof before it is recorded")
            proofs.show(held.proof.number)
            #expect(try await models(ask) == [HeldProof.digest + " trainer"])
            // This process is the loader, and has loaded nothing itself.
            #expect(
                try await models {
                    $0.socket.inode = inode
                    $0.socket.uid = geteuid()
                } == []
            )
            close(descriptor)
            #expect(proofs.withdraw(held.proof.number) != nil)
            #expect(try await models(ask).isEmpty)
            let status = await #expect(throws: RPCStatus.self) {
                _ = try await models {
                    $0.process.pid = 4_194_300; $0.process.uid = geteuid()
                }
            }
            #expect(status?.code == .permissionDenied)
            let nobody = await #expect(throws: RPCStatus.self) { _ = try await models { _ in } }
            #expect(nobody?.code == .invalidArgument)
        }
        try await Self.with(allowing: [4_000_000]) { client in
            let status = await #expect(throws: RPCStatus.self) {
                let _: Attestation_AttestModelsResponse = try await client.unary(
                    "/\(ServiceName.attestation)/AttestModels",
                    Attestation_AttestCallerRequest()
                )
            }
            #expect(status?.code == .permissionDenied)
        }
    }

    private static func document(of name: String, selectors: [String]) throws -> Document {
        try #require(
            try ResourceLoader.parse(
                yaml: """
                    apiVersion: lapwing.dev/v1alpha1
                    kind: WorkloadEntry
                    metadata: { name: \(name) }
                    spec: { spiffeID: "spiffe://cluster.local/\(name)", selectors: \(selectors), modelLoader: sameUser }
                    """,
                file: "entries.yaml"
            ).first
        )
    }

    @Test func `a gateway hears of everything by which callers may be others`() async throws {
        try await Self.with { client, registry, proofs in
            let changes: RPCMessages<Attestation_CallersChanged> = try await client.serverStreaming(
                "/\(ServiceName.attestation)/Watch",
                Attestation_WatchCallersRequest()
            )
            var heard = changes.makeAsyncIterator()
            #expect(try await heard.next() != nil)
            _ = try await registry.create(
                WorkloadAPIFixture.entry("more", selectors: ["unix:uid:4000000"]),
                by: "test",
                at: Date()
            )
            #expect(try await heard.next() != nil)
            let id = try SPIFFEID("spiffe://cluster.local/more")
            try await registry.revoke(Revocation(.id(id), reason: "stolen", creator: "test", at: Date()))
            #expect(try await heard.next() != nil)
            proofs.changes.announce()
            #expect(try await heard.next() != nil)
        }
        try await Self.with(allowing: [4_000_000]) { client in
            let changes: RPCMessages<Attestation_CallersChanged> = try await client.serverStreaming(
                "/\(ServiceName.attestation)/Watch",
                Attestation_WatchCallersRequest()
            )
            let status = await #expect(throws: RPCStatus.self) { for try await _ in changes {} }
            #expect(status?.code == .permissionDenied)
        }
    }

    @Test func `a process is found by its number and the ids that it connected with`() async throws {
        try await Self.with { client in
            let response = try await Self.ask(client) {
                $0.process.pid = getpid()
                $0.process.uid = geteuid()
                $0.process.gid = getegid()
            }
            #expect(response.spiffeIds == ["spiffe://cluster.local/self"])
        }
    }

    @Test func `a socket that another user made, a process of another user, or nobody at all is refused`() async throws
    {
        try await Self.with { client in
            let (descriptor, inode) = try Self.socket()
            defer { close(descriptor) }
            let requests: [(inout Attestation_AttestCallerRequest) -> Void] = [
                {
                    $0.socket.inode = inode; $0.socket.uid = 4_000_000
                },
                {
                    $0.socket.inode = 1; $0.socket.uid = geteuid()
                },
                {
                    $0.process.pid = getpid(); $0.process.uid = 4_000_000
                },
                {
                    $0.process.pid = 0; $0.process.uid = geteuid()
                },
            ]
            for fill in requests {
                let status = await #expect(throws: RPCStatus.self) { _ = try await Self.ask(client, fill) }
                var request = Attestation_AttestCallerRequest()
                fill(&request)
                // Who holds a socket may change in a moment; a process is what it is.
                if case .socket? = request.caller {
                    #expect(status?.code == .aborted)
                } else {
                    #expect(status?.code == .permissionDenied)
                }
            }
            let empty = await #expect(throws: RPCStatus.self) { _ = try await Self.ask(client) { _ in } }
            #expect(empty?.code == .invalidArgument)
        }
    }

    @Test func `who fits no entry is refused`() async throws {
        try await Self.with(selectors: ["unix:uid:4000000"]) { client in
            let status = await #expect(throws: RPCStatus.self) {
                _ = try await Self.ask(client) {
                    $0.process.pid = getpid()
                    $0.process.uid = geteuid()
                }
            }
            #expect(status?.code == .permissionDenied)
        }
    }

    @Test func `a socket that two workloads hold is nobody's`() async throws {
        let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        try await Self.with(selectors: ["unix:path:\(path)"]) { client in
            let (descriptor, inode) = try Self.socket()
            defer { close(descriptor) }
            // The child gets the socket as its standard input, and is another program.
            let child = Process()
            child.executableURL = URL(fileURLWithPath: "/bin/sleep")
            child.arguments = ["600"]
            child.standardInput = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
            try child.run()
            defer { child.end() }
            let status = await #expect(throws: RPCStatus.self) {
                _ = try await Self.ask(client) {
                    $0.socket.inode = inode
                    $0.socket.uid = geteuid()
                }
            }
            #expect(status?.code == .aborted)
            #expect(status?.message.contains("more than one workload") == true)
        }
    }

    @Test func `only the gateway's user may ask`() async throws {
        try await Self.with(allowing: [4_000_000]) { client in
            let status = await #expect(throws: RPCStatus.self) {
                _ = try await Self.ask(client) { $0.process.pid = getpid() }
            }
            #expect(status?.code == .permissionDenied)
        }
    }

    @Test(arguments: [
        ("Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t9 10 \n", true),
        ("Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t \n", true), ("Uid:\t1\nGid:\t5\t6\nGroups:\n", false),
        ("Uid:\t1\t2\nGid:\t5\tx\nGroups:\n", false), ("", false),
    ])
    func `the ids of a process are its effective ones`(status: String, isGood: Bool) {
        let ids = ProcessIDs(status: status)
        #expect((ids != nil) == isGood)
        if let ids { #expect(ids.uid == 2 && ids.gid == 6) }
    }
}
