import Foundation
import RPC
import Resources
import SPIFFE
import SwiftProtobuf
import Synchronization
import Testing
import WireProtos
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct AdminServiceTests {
    /// The admin service on a real socket, and every act that it handed over.
    final class Fixture: Sendable {
        let base: WorkloadAPIFixture
        let service: AdminService
        let server: RPCServer
        let socket: String
        let client: RPCClient
        let log: ActLog

        init() async throws {
            let base = try await WorkloadAPIFixture()
            let acts = ActLog()
            let clock = base.base.clock
            self.base = base
            self.log = acts
            self.service = AdminService(
                authority: base.authority,
                registry: base.registry,
                policy: AdminPolicy(),
                streams: { base.api.streamCount },
                clock: { clock.now },
                logger: quietLogger,
                onAct: { try acts.append($0) }
            )
            self.server = RPCServer(services: [service.service], logger: quietLogger)
            self.socket = base.base.directory.path + "/a.sock"
            try await server.bind(unixSocket: socket, mode: 0o666)
            self.client = try await RPCClient.connect(unixSocket: socket)
        }

        func call<Request: Message, Response: Message>(_ method: String, _ request: Request) async throws -> Response {
            try await client.unary("/lapwing.admin.v1.Admin/\(method)", request)
        }

        func end() async {
            await client.close()
            await server.drain(grace: .zero)
            await base.drain()
        }
    }

    /// Remembers acts, or refuses to.
    final class ActLog: Sendable {
        struct Full: Error {}
        // Guards the acts and whether there is room for more.
        private let state = Mutex<(acts: [AdminAct], isFull: Bool)>(([], false))

        func append(_ act: AdminAct) throws {
            try state.withLock { state in
                guard !state.isFull else { throw Full() }
                state.acts.append(act)
            }
        }

        func fill() { state.withLock { $0.isFull = true } }
        var acts: [AdminAct] { state.withLock { $0.acts } }
    }

    static func entry(_ name: String) -> Admin_Entry {
        var entry = Admin_Entry()
        entry.name = name
        entry.spiffeID = "spiffe://cluster.local/\(name)"
        entry.selectors = ["unix:uid:\(geteuid())", "unix:gid:\(getegid())"]
        entry.ttl = Google_Protobuf_Duration(seconds: 900)
        entry.dnsNames = ["a.example"]
        entry.subject = "CN=a"
        entry.hint = "h"
        entry.outlivesProcess = true
        return entry
    }

    static func create(_ entry: Admin_Entry) -> Admin_CreateEntryRequest {
        var request = Admin_CreateEntryRequest()
        request.entry = entry
        return request
    }

    @Test func `an entry is created, listed, shown, served and deleted, and each act is handed over`() async throws {
        let fixture = try await Fixture()
        let created: Admin_Entry = try await fixture.call("CreateEntry", Self.create(Self.entry("a")))
        #expect(created.source == .store)
        #expect(created.selectors.count == 2)
        #expect(created.ttl.seconds == 900 && created.outlivesProcess)
        #expect(fixture.base.registry.snapshot.items["a"]?.entry.outlivesProcess == true)
        let list: Admin_ListEntriesResponse = try await fixture.call("ListEntries", Admin_ListEntriesRequest())
        #expect(list.entries == [created])
        var show = Admin_ShowEntryRequest()
        show.name = "a"
        #expect(try await fixture.call("ShowEntry", show) as Admin_Entry == created)
        let context = try await fixture.base.client.fetchX509Context()
        #expect(context.defaultSVID.id.path == "/a")
        #expect(context.defaultSVID.hint == "h")
        var delete = Admin_DeleteEntryRequest()
        delete.name = "a"
        let _: Admin_DeleteEntryResponse = try await fixture.call("DeleteEntry", delete)
        #expect(fixture.base.registry.snapshot.items.isEmpty)
        #expect(
            fixture.log.acts.map(\.action) == [.createEntry, .listEntries, .showEntry, .deleteEntry]
        )
        #expect(fixture.log.acts.allSatisfy { $0.outcome == .allowed && $0.caller == .user(geteuid()) })
        #expect(fixture.log.acts.map(\.subject) == ["a", "", "a", "a"])
        await fixture.end()
    }

    @Test func `a loader is made by command as by a file: by its user and its program`() async throws {
        let fixture = try await Fixture()
        var loader = Self.entry("loader")
        loader.modelLoader = "separateUser"
        await #expect(throws: RPCStatus.self) {
            let _: Admin_Entry = try await fixture.call("CreateEntry", Self.create(loader))
        }
        loader.selectors += ["unix:path:/usr/bin/lapwing"]
        let made: Admin_Entry = try await fixture.call("CreateEntry", Self.create(loader))
        #expect(made.modelLoader == "separateUser")
        #expect(fixture.base.registry.snapshot.items["loader"]?.entry.modelLoader == .separateUser)
        loader.name = "other"
        loader.modelLoader = "anyUser"
        let refused = await #expect(throws: RPCStatus.self) {
            let _: Admin_Entry = try await fixture.call("CreateEntry", Self.create(loader))
        }
        #expect(refused?.message.contains("`separateUser` or `sameUser`") == true, "\(refused as Any)")
        await fixture.end()
    }

    @Test func `what cannot be done says why, and the failure is handed over as well`() async throws {
        let fixture = try await Fixture()
        let _: Admin_Entry = try await fixture.call("CreateEntry", Self.create(Self.entry("a")))
        let specification = try WorkloadEntryTests.document(
            "spiffeID: spiffe://cluster.local/f\nselectors: [\"unix:uid:1\"]",
            name: "f"
        )
        try fixture.base.registry.load([specification])
        var delete = Admin_DeleteEntryRequest()
        func failure<Request: Message>(_ method: String, _ request: Request) async -> RPCStatus.Code? {
            await #expect(throws: RPCStatus.self) {
                let _: Google_Protobuf_Empty = try await fixture.call(method, request)
            }?.code
        }
        #expect(await failure("CreateEntry", Self.create(Self.entry("a"))) == .alreadyExists)
        #expect(await failure("CreateEntry", Self.create(Self.entry("f"))) == .alreadyExists)
        #expect(await failure("CreateEntry", Self.create(Self.entry("Not a name"))) == .invalidArgument)
        #expect(await failure("CreateEntry", Admin_CreateEntryRequest()) == .invalidArgument)
        delete.name = "f"
        #expect(await failure("DeleteEntry", delete) == .failedPrecondition)
        delete.name = "none"
        #expect(await failure("DeleteEntry", delete) == .notFound)
        #expect(await failure("ShowEntry", Admin_ShowEntryRequest()) == .notFound)
        var bundle = Admin_ShowBundleRequest()
        bundle.trustDomain = "other.example"
        #expect(await failure("ShowBundle", bundle) == .notFound)
        var rotate = Admin_RotateAuthorityRequest()
        rotate.phase = .activate
        #expect(await failure("RotateAuthority", rotate) == .notFound)
        rotate.phase = .UNRECOGNIZED(9)
        #expect(await failure("RotateAuthority", rotate) == .invalidArgument)
        let failures = fixture.log.acts.filter { if case .failed = $0.outcome { true } else { false } }
        #expect(failures.count == 10)
        await fixture.end()
    }

    @Test func `an authority is rotated step by step, and the bundle follows`() async throws {
        let fixture = try await Fixture()
        var request = Admin_RotateAuthorityRequest()
        request.phase = .prepare
        let prepared: Admin_AuthorityStatus = try await fixture.call("RotateAuthority", request)
        #expect(prepared.authorities.map(\.state) == [.active, .prepared])
        request.phase = .activate
        let activated: Admin_AuthorityStatus = try await fixture.call("RotateAuthority", request)
        #expect(activated.authorities.map(\.state) == [.retired, .active])
        let bundle: Admin_ShowBundleResponse = try await fixture.call("ShowBundle", Admin_ShowBundleRequest())
        #expect(PEM.decode(bundle.pem).count == 2)
        #expect(bundle.sequence >= 2)
        // What it signed may still live.
        request.phase = .prune
        let kept: Admin_AuthorityStatus = try await fixture.call("RotateAuthority", request)
        #expect(kept.authorities.count == 2)
        request.force = true
        let pruned: Admin_AuthorityStatus = try await fixture.call("RotateAuthority", request)
        #expect(pruned.authorities.map(\.state) == [.active])
        let status: Admin_StatusResponse = try await fixture.call("Status", Admin_StatusRequest())
        #expect(status.trustDomain == "cluster.local")
        #expect(status.authority == pruned)
        await fixture.end()
    }

    @Test func `an act that cannot be recorded is not done`() async throws {
        let fixture = try await Fixture()
        fixture.log.fill()
        let failure = await #expect(throws: RPCStatus.self) {
            let _: Admin_Entry = try await fixture.call("CreateEntry", Self.create(Self.entry("a")))
        }
        #expect(failure?.code == .unavailable)
        #expect(fixture.base.registry.snapshot.items.isEmpty)
        await fixture.end()
    }

    @Test func `a caller over TCP is nobody`() async throws {
        let fixture = try await Fixture()
        let port = try await fixture.server.bind(host: "127.0.0.1", port: 0)
        let client = try await RPCClient.connect(host: "127.0.0.1", port: port)
        let failure = await #expect(throws: RPCStatus.self) {
            let _: Admin_StatusResponse = try await client.unary(
                "/lapwing.admin.v1.Admin/Status",
                Admin_StatusRequest()
            )
        }
        #expect(failure?.code == .unauthenticated)
        await client.close()
        await fixture.end()
    }

    @Test(.enabled(if: geteuid() == 0 && PeerProcess.isAvailable))
    func `another user is refused until a policy gives them a role`() async throws {
        let fixture = try await Fixture()
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o711],
            ofItemAtPath: fixture.base.base.directory.path
        )
        let methods = ["ListEntries", "CreateEntry"].map { "/lapwing.admin.v1.Admin/\($0)" }
        func statuses() async throws -> [String] {
            let peer = try PeerProcess("as_user.py", ["65534"] + methods, socket: fixture.socket)
            let line = try #require(await peer.line())
            let json = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
            return methods.compactMap { json[$0] }
        }
        #expect(try await statuses() == ["PERMISSION_DENIED", "PERMISSION_DENIED"])
        #expect(fixture.log.acts.map(\.outcome) == [.denied, .denied])
        fixture.service.replace(policy: AdminPolicy(roles: [.user(65534): [.viewer]]))
        #expect(try await statuses() == ["OK", "PERMISSION_DENIED"])
        fixture.service.replace(policy: AdminPolicy(roles: [.user(65534): [.operate]]))
        #expect(try await statuses() == ["OK", "INVALID_ARGUMENT"])
        await fixture.end()
    }
}
