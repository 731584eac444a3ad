import Foundation
import RPC
import Storage
import Synchronization
import WorkloadIdentity
import ZeroTrust

/// An authority with its store in a directory that goes with it.
struct FigureAuthority {
    let authority: Authority
    let registry: EntryRegistry
    let directory: String

    init() async throws {
        directory = NSTemporaryDirectory() + "lapwing-identity-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let store = SQLiteAuthorityStore(try SQLiteDatabase(path: directory + "/authority.sqlite"))
        let trustDomain = try TrustDomain("cluster.local")
        authority = Authority(
            Authority.Options(trustDomain: trustDomain, schedule: RotationSchedule(overlap: 0)),
            store: store,
            keys: MemoryKeyStore(),
            logger: IdentityFigures.logger
        )
        registry = EntryRegistry(trustDomain: trustDomain, store: store)
        try await registry.refresh()
        try await authority.maintain()
    }
}

/// A Workload API for clients in other processes, as `lapwing authority` has one.
enum Server {
    static func run(socket: String) async throws {
        let base = try await FigureAuthority()
        defer { try? FileManager.default.removeItem(atPath: base.directory) }
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        for (name, selectors) in [
            ("client", ["unix:uid:\(geteuid())", "unix:path:\(program)"]),
            // Entries of others, which the index passes by.
            ("other", ["unix:uid:4294967294"]),
        ] {
            _ = try await base.registry.create(
                try WorkloadEntry(
                    name: name,
                    id: try SPIFFEID("spiffe://cluster.local/\(name)"),
                    selectors: Set(try selectors.map { try Selector($0) })
                ),
                by: "figures",
                at: Date()
            )
        }
        let attestor = WorkloadAttestor(logger: IdentityFigures.logger)
        let continuous = try ContinuousAttestation(
            registry: base.registry,
            attestor: attestor,
            store: SQLiteStandingStore(
                try SQLiteDatabase(path: base.directory + "/standing.sqlite", schema: .standing)
            ),
            logger: IdentityFigures.logger
        )
        let api = WorkloadAPIService(
            authority: base.authority,
            registry: base.registry,
            attestor: attestor,
            continuous: continuous,
            logger: IdentityFigures.logger
        )
        let server = RPCServer(services: [api.service], logger: IdentityFigures.logger)
        try await server.bind(unixSocket: socket, mode: 0o600)
        let running = Task { await continuous.run() }
        try IdentityFigures.say(["ready": 1])
        for await line in IdentityFigures.lines() {
            switch line {
            case "rotate":
                let began = IdentityFigures.processSeconds
                try await base.authority.prepare()
                try await base.authority.activate(force: true)
                try IdentityFigures.say(["rotated": 1, "cpu_s": IdentityFigures.processSeconds - began])
            case "memory":
                try IdentityFigures.say([
                    "resident": try IdentityFigures.residentBytes(), "streams": Double(api.streamCount),
                    "cpu_s": IdentityFigures.processSeconds, "issued": Double(base.authority.issued),
                ])
            default:
                running.cancel()
                await server.drain(grace: .zero)
                return
            }
        }
    }
}
