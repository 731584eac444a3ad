import Foundation
import RPC
import Resources
import SPIFFE
import Testing
import WireProtos
import ZeroTrust

@testable import WorkloadIdentity

/// An identity that depends on the model that a process has loaded: real processes, py-spiffe as the workload.
@Suite(.enabled(if: PeerProcess.isAvailable), .timeLimit(.minutes(5))) struct ModelProofTests {
    private static let asked = "model:digest:\(HeldProof.digest)"

    private func eventually(_ condition: () -> Bool) async throws -> Bool {
        for _ in 0..<200 {
            if condition() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    @Test func `the loader's child and its own have the identity, and nobody else`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.sameUser, Self.asked, "model:signer:\(HeldProof.signer)", "model:verified")
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        let stranger = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await (workload.line(), stranger.line())
        #expect(try await workload.ask("fetch") == "error PERMISSION_DENIED")
        let proof = try await HeldProof(fixture.socket, command: workload.pid)
        let answer = try #require(try await workload.ask("fetch")).split(separator: " ").map(String.init)
        #expect(answer.count == 5 && answer[0] == "svid" && answer[1] == "spiffe://cluster.local/inference")
        #expect(answer.suffix(2) == [HeldProof.digest, HeldProof.signer])
        #expect(try await workload.ask("child fetch")?.hasPrefix("svid spiffe://cluster.local/inference") == true)
        // A process whose parents are gone is nobody's child any more.
        #expect(try await workload.ask("orphan fetch") == "error PERMISSION_DENIED")
        #expect(try await stranger.ask("fetch") == "error PERMISSION_DENIED")
        // The loader has not loaded the model itself; it has its own identity and no other.
        let context = try await fixture.client.fetchX509Context()
        #expect(context.svids.map(\.id.description) == ["spiffe://cluster.local/loader"])
        await proof.client.close()
        await fixture.drain()
    }

    @Test(arguments: ["failure", "let go", "cut off"])
    func `whatever ends the proof ends the stream and revokes what was issued`(end: String) async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.sameUser, Self.asked)
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        let proof = try await HeldProof(fixture.socket, command: workload.pid)
        #expect(try await workload.ask("watch") == "svids spiffe://cluster.local/inference")
        let serial = try #require(try await workload.ask("fetch")).split(separator: " ")[2]
        #expect(fixture.registry.snapshot.revocations.serialNumbers.isEmpty)
        let started = Date()
        switch end {
        case "failure": try await proof.fail("weights.bin, byte 0: the bytes are not those that were signed")
        case "let go": proof.call.finishWriting()
        default: await proof.client.close()
        }
        let line = try #require(await workload.line())
        #expect(line.hasPrefix("error PERMISSION_DENIED"))
        #expect(Date().timeIntervalSince(started) < 2)
        #expect(try await eventually { fixture.registry.snapshot.revocations.serialNumbers.contains(String(serial)) })
        // The stream's own certificate as well.
        #expect(try await eventually { fixture.registry.revocations.count == 2 })
        #expect(try await workload.ask("fetch") == "error PERMISSION_DENIED")
        #expect(try await eventually { fixture.acts.all.count == 2 })
        let acts = fixture.acts.all
        #expect(acts.map(\.kind) == [.hold, .withdraw] && acts.allSatisfy { $0.digest == HeldProof.digest })
        #expect(acts.last?.actor == "spiffe://cluster.local/loader")
        if end == "failure" { #expect(acts.last?.reason.contains("weights.bin") == true) }
        // Another proof gives another identity; what was revoked stays so.
        let again = try await HeldProof(fixture.socket, command: workload.pid)
        let next = try #require(try await workload.ask("fetch")).split(separator: " ")
        #expect(next[0] == "svid" && next[2] != serial)
        #expect(!fixture.registry.snapshot.revocations.serialNumbers.contains(String(next[2])))
        await again.client.close()
        await fixture.drain()
    }

    @Test(arguments: ["entry", "revoked", "users", "selectors"])
    func `a loader that is none any more has no proof`(how: String) async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.sameUser, Self.asked)
        let following = Task { await fixture.loaders.followEntries() }
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        let proof = try await HeldProof(fixture.socket, command: workload.pid)
        #expect(try await workload.ask("fetch")?.hasPrefix("svid spiffe://cluster.local/inference") == true)
        switch how {
        case "entry": try fixture.load(nil, Self.asked)
        case "users": try fixture.load(.separateUser, Self.asked)
        case "selectors": try fixture.load(.sameUser, Self.asked, loader: "unix:uid:4242")
        default:
            let loader = Revocation.Subject.id(try SPIFFEID("spiffe://cluster.local/loader"))
            try await fixture.registry.revoke(Revocation(loader, reason: "stolen", creator: "test", at: Date()))
        }
        #expect(try await eventually { fixture.acts.all.count == 2 })
        #expect(fixture.registry.snapshot.revocations.serialNumbers.count == 1)
        #expect(try await workload.ask("fetch") == "error PERMISSION_DENIED")
        // Its call may end as it likes: the proof was withdrawn once, and is recorded once.
        await proof.client.close()
        await fixture.drain()
        try await Task.sleep(for: .milliseconds(200))
        #expect(fixture.acts.all.map(\.kind) == [.hold, .withdraw])
        #expect(fixture.acts.all.last?.reason.contains(how == "revoked" ? "revoked" : "no entry") == true)
        following.cancel()
        await following.value
    }

    @Test func `a loader that is cut off leaves no proof, however its call ends`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.sameUser, Self.asked)
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        for round in 1...scaled(30) {
            let proof = try await HeldProof(fixture.socket, command: workload.pid)
            await proof.client.close()
            #expect(try await eventually { fixture.proofs.all.isEmpty }, "round \(round)")
        }
        await fixture.drain()
    }

    @Test func `a loader that is silent for as long as its lease has no proof any more`() async throws {
        let fixture = try await WorkloadAPIFixture(lease: .milliseconds(600))
        try fixture.load(.sameUser, Self.asked)
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        let proof = try await HeldProof(fixture.socket, command: workload.pid)
        #expect(try await workload.ask("watch") == "svids spiffe://cluster.local/inference")
        // Renewed, it outlives its lease several times.
        let started = ContinuousClock.now
        while ContinuousClock.now - started < .seconds(2) {
            try await proof.renew()
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(fixture.proofs.all.count == 1 && fixture.acts.all.map(\.kind) == [.hold])
        // From here on the loader's connection stands, and nobody says anything.
        let silent = ContinuousClock.now
        #expect(try #require(await workload.line()).hasPrefix("error PERMISSION_DENIED"))
        #expect(ContinuousClock.now - silent < .seconds(3))
        let end = await #expect(throws: RPCStatus.self) { for try await _ in proof.call.responses {} }
        #expect(end?.code == .deadlineExceeded)
        #expect(try await eventually { fixture.registry.revocations.count == 1 })
        #expect(try await eventually { fixture.acts.all.count == 2 })
        #expect(fixture.acts.all.last?.reason == "the loader has not renewed the proof for 0.6 seconds")
        // It may offer it anew.
        let again = try await HeldProof(fixture.socket, command: workload.pid)
        #expect(fixture.proofs.all.count == 1)
        await again.client.close()
        await proof.client.close()
        await fixture.drain()
    }

    @Test func `a proof that is offered again renews nothing`() async throws {
        let fixture = try await WorkloadAPIFixture(lease: .milliseconds(500))
        try fixture.load(.sameUser, Self.asked)
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        let proof = try await HeldProof(fixture.socket, command: workload.pid)
        let started = ContinuousClock.now
        while !fixture.proofs.all.isEmpty, ContinuousClock.now - started < .seconds(5) {
            var message = Loader_LoaderMessage()
            message.proof.digest = HeldProof.digest
            try? await proof.call.write(message)
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(fixture.proofs.all.isEmpty)
        await proof.client.close()
        await fixture.drain()
    }

    @Test func `a proof on which too many certificates stand says so, and leaves those that are there`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.sameUser, Self.asked)
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        let held = try await HeldProof(fixture.socket, command: workload.pid)
        let proof = try #require(fixture.proofs.all.first)
        let svid = try fixture.authority.issue(SVIDRequest(id: try SPIFFEID("spiffe://cluster.local/inference")))
        for _ in 0..<(ModelProofs.maximumIssued - 1) { #expect(fixture.proofs.note(svid, under: proof) == .noted) }
        #expect(try await workload.ask("fetch")?.hasPrefix("svid ") == true)
        #expect(fixture.proofs.note(svid, under: proof) == .full)
        #expect(try await workload.ask("fetch") == "error RESOURCE_EXHAUSTED")
        await held.client.close()
        #expect(try await eventually { fixture.proofs.note(svid, under: proof) == .withdrawn })
        await fixture.drain()
    }

    @Test func `a workload cannot prove anything of itself`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.sameUser, Self.asked)
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        #expect(try await workload.ask("prove \(HeldProof.digest)") == "error PERMISSION_DENIED")
        #expect(fixture.proofs.all.isEmpty && fixture.acts.all.map(\.kind) == [.refuse])
        // Nor where it has a proof from its loader.
        let proof = try await HeldProof(fixture.socket, command: workload.pid)
        #expect(try await workload.ask("prove \(HeldProof.digest)") == "error PERMISSION_DENIED")
        await proof.client.close()
        await fixture.drain()
    }

    @Test func `a loader proves something of its own children alone`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.sameUser, Self.asked)
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        for pid in [0, 1, -1, getpid(), getppid(), 4_194_300] {
            #expect(
                await HeldProof.refusal { try await HeldProof(fixture.socket, command: pid) } == .permissionDenied,
                "process \(pid)"
            )
        }
        for (digest, signer) in [
            ("", "x"), ("sha256:ab", "x"), (HeldProof.digest.uppercased(), "x"), (HeldProof.digest, ""),
            (HeldProof.digest, "two\nlines"), (HeldProof.digest, String(repeating: "x", count: 513)),
        ] {
            let code = await HeldProof.refusal {
                try await HeldProof(fixture.socket, command: workload.pid, digest: digest, signer: signer)
            }
            #expect(code == .invalidArgument)
        }
        let code = await HeldProof.refusal {
            try await HeldProof(fixture.socket, command: workload.pid, metadata: RPCMetadata())
        }
        #expect(code == .invalidArgument)
        #expect(fixture.proofs.all.isEmpty)
        await fixture.drain()
    }

    @Test func `a proof that cannot be recorded is not held`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.sameUser, Self.asked)
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        fixture.acts.refuse()
        #expect(
            await HeldProof.refusal { try await HeldProof(fixture.socket, command: workload.pid) } == .unavailable
        )
        #expect(fixture.proofs.all.isEmpty)
        #expect(try await workload.ask("fetch") == "error PERMISSION_DENIED")
        await fixture.drain()
    }

    @Test(arguments: ["recorded", "not recorded", "no loader any more"])
    func `a proof counts for nobody before it is recorded`(end: String) async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.sameUser, Self.asked)
        let following = Task { await fixture.loaders.followEntries() }
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        let (gate, release) = AsyncStream.makeStream(of: Never.self)
        fixture.acts.wait(for: gate)
        let (socket, pid) = (fixture.socket, workload.pid)
        let offer = Task { try await HeldProof(socket, command: pid) }
        #expect(try await eventually { fixture.acts.waitingCount == 1 })
        #expect(fixture.proofs.all.isEmpty && fixture.proofs.revision == 0)
        #expect(try await workload.ask("fetch") == "error PERMISSION_DENIED")
        switch end {
        case "not recorded": fixture.acts.refuse()
        case "no loader any more": try fixture.load(nil, Self.asked)
        default: break
        }
        release.finish()
        if end == "recorded" {
            let proof = try await offer.value
            #expect(fixture.proofs.all.count == 1)
            #expect(try await workload.ask("fetch")?.hasPrefix("svid spiffe://cluster.local/inference") == true)
            await proof.client.close()
        } else {
            let code = await HeldProof.refusal { try await offer.value }
            #expect(code == (end == "not recorded" ? .unavailable : .permissionDenied))
            #expect(fixture.proofs.all.isEmpty)
            #expect(try await workload.ask("fetch") == "error PERMISSION_DENIED")
            let kinds: [LoaderService.Act.Kind] = end == "not recorded" ? [] : [.hold, .withdraw]
            #expect(try await eventually { fixture.acts.all.map(\.kind) == kinds })
        }
        following.cancel()
        await fixture.drain()
    }

    @Test func `a workload of the loader's own user has no proof unless the entry says so`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.separateUser, Self.asked)
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        let proof = try await HeldProof(fixture.socket, command: workload.pid)
        #expect(try await workload.ask("fetch") == "error PERMISSION_DENIED")
        await proof.client.close()
        await fixture.drain()
    }

    @Test(arguments: [
        "model:digest:sha256:" + String(repeating: "cd", count: 32), "model:signer:spiffe://cluster.local/other",
    ])
    func `another model than the entry asks for gives nothing`(selector: String) async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.sameUser, selector, "model:verified")
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        let proof = try await HeldProof(fixture.socket, command: workload.pid)
        #expect(try await workload.ask("fetch") == "error PERMISSION_DENIED")
        await proof.client.close()
        await fixture.drain()
    }

    @Test func `the end of the command ends what it has`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try fixture.load(.sameUser, Self.asked)
        let workload = try PeerProcess("model_workload.py", socket: fixture.socket)
        _ = await workload.line()
        let proof = try await HeldProof(fixture.socket, command: workload.pid)
        let held = try #require(fixture.proofs.all.first)
        #expect(try ProcessTree.holds(workload.pid, below: held.command))
        // Another process that got the same number has another start.
        let reused = ProcessTree.Member(pid: held.command.pid, startTime: held.command.startTime + 1)
        #expect(try !ProcessTree.holds(workload.pid, below: reused))
        kill(workload.pid, SIGKILL)
        _ = await workload.wait()
        #expect(try !ProcessTree.holds(workload.pid, below: held.command))
        await proof.client.close()
        await fixture.drain()
    }
}

/// What entries ask of models, without a process.
@Suite(.timeLimit(.minutes(5))) struct ModelSelectorTests {
    static let digest = "sha256:" + String(repeating: "0a", count: 32)

    @Test func `selectors of models are read and written`() throws {
        for text in ["model:digest:\(Self.digest)", "model:signer:spiffe://cluster.local/ns/a/sa/b", "model:verified"] {
            #expect(try Selector(text).description == text)
        }
        for text in [
            "model:digest:" + String(repeating: "0a", count: 32), "model:digest:\(Self.digest.uppercased())",
            "model:digest:", "model:signer:", "model:signer:a\u{7}", "model:verified:true", "model:verified:", "model",
            "model:uid:1", "unix:digest:\(Self.digest)", "unix:verified", "model:oms:verified",
        ] {
            #expect(throws: IdentityError.self, "\(text)") { try Selector(text) }
        }
    }

    @Test func `an entry needs more than a model, and a loader its user and program`() throws {
        func entry(_ selectors: [String], _ loader: WorkloadEntry.ModelLoader? = nil) throws {
            _ = try WorkloadEntry(
                name: "e",
                id: try SPIFFEID("spiffe://cluster.local/e"),
                selectors: Set(try selectors.map { try Selector($0) }),
                modelLoader: loader
            )
        }
        try entry(["unix:uid:1", "model:verified"])
        #expect(throws: IdentityError.self) { try entry(["model:verified"]) }
        #expect(throws: IdentityError.self) {
            try entry(["unix:uid:1", "model:signer:a", "model:signer:b"])
        }
        try entry(["unix:uid:1", "unix:path:/usr/bin/lapwing"], .separateUser)
        try entry(["unix:user:root", "unix:sha256:" + String(repeating: "0", count: 64)], .sameUser)
        for selectors in [
            ["unix:uid:1"], ["unix:path:/usr/bin/lapwing"], ["unix:uid:1", "unix:path:/l", "model:verified"],
        ] {
            #expect(throws: IdentityError.self) { try entry(selectors, .separateUser) }
        }
    }

    @Test func `one model's digest and another's signer are nothing together`() throws {
        let entry = try WorkloadEntry(
            name: "e",
            id: try SPIFFEID("spiffe://cluster.local/e"),
            selectors: [
                try Selector("unix:uid:1"), try Selector("model:digest:\(Self.digest)"), try Selector("model:signer:b"),
            ]
        )
        let loader = try WorkloadEntry(
            name: "loader",
            id: try SPIFFEID("spiffe://cluster.local/loader"),
            selectors: [try Selector("unix:uid:0"), try Selector("unix:path:/usr/bin/lapwing")],
            modelLoader: .separateUser
        )
        let source = EntrySnapshot.Source.file(.init(file: "e", line: 1, column: 1))
        let snapshot = EntrySnapshot([.init(entry: entry, source: source), .init(entry: loader, source: source)])
        func proof(_ number: UInt64, _ digest: String, _ signer: String) throws -> ModelProof {
            ModelProof(
                number: number,
                claim: try #require(ModelClaim(digest: digest, signer: signer)),
                loader: try SPIFFEID("spiffe://cluster.local/loader"),
                loaderSelectors: loader.selectors,
                loaderUser: 0,
                coversLoaderUser: false,
                command: .init(pid: 2, startTime: 1)
            )
        }
        let other = "sha256:" + String(repeating: "0b", count: 32)
        let user: Set<Selector> = [try Selector("unix:uid:1")]
        let both = [try proof(1, Self.digest, "a"), try proof(2, other, "b")]
        #expect(snapshot.grants(matching: user, proofs: both).isEmpty)
        #expect(snapshot.entries(matching: user).isEmpty)
        let right = try proof(3, Self.digest, "b")
        let grants = snapshot.grants(matching: user, proofs: both + [right])
        #expect(grants.map(\.proof) == [right])
        #expect(grants.first?.request.model == right.claim)
        #expect(grants.first?.request.lifetime == ModelProofs.maximumLifetime)
        // Tokens are for those that depend on no model.
        #expect(grants.withoutModels.isEmpty)
        // Who is a loader no more, or on other terms, has proved nothing.
        let alone = EntrySnapshot([.init(entry: entry, source: source)])
        #expect(alone.grants(matching: user, proofs: [right]).isEmpty)
    }
}
