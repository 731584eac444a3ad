import Foundation
import RPC
import Resources
import SPIFFE
import WireProtos
import ZeroTrust

@testable import WorkloadIdentity

/// A proof as a loader holds it: this process, for a child of its own.
struct HeldProof {
    let client: RPCClient
    let call: RPCCall<Loader_LoaderMessage, Loader_AuthorityMessage>

    static let digest = "sha256:" + String(repeating: "ab", count: 32)
    static let signer = "spiffe://cluster.local/ns/ml-training/sa/trainer"

    /// Offers a proof, and returns once it is held.
    init(
        _ socket: String,
        command: Int32,
        digest: String = HeldProof.digest,
        signer: String = HeldProof.signer,
        metadata: RPCMetadata = ["workload.spiffe.io": "true"]
    ) async throws {
        client = try await RPCClient.connect(unixSocket: socket)
        call = try await client.bidirectional("/lapwing.loader.v1.Loader/HoldProof", metadata: metadata)
        var message = Loader_LoaderMessage()
        message.proof.digest = digest
        message.proof.signer = signer
        message.proof.method = "key"
        message.proof.command = command
        do {
            try await call.write(message)
            for try await _ in call.responses { return }
            throw RPCStatus(.internalError, "the call ended without an answer")
        } catch {
            await client.close()
            throw error
        }
    }

    func fail(_ reason: String) async throws {
        var message = Loader_LoaderMessage()
        message.failure.reason = reason
        try await call.write(message)
        call.finishWriting()
    }

    func renew() async throws {
        var message = Loader_LoaderMessage()
        message.renewal = Loader_Renewal()
        try await call.write(message)
    }

    /// The code that offering a proof ends with; nil where it is held.
    static func refusal(_ offer: () async throws -> HeldProof) async -> RPCStatus.Code? {
        do {
            let held = try await offer()
            await held.client.close()
            return nil
        } catch { return (error as? RPCStatus)?.code ?? .unknown }
    }
}

extension WorkloadAPIFixture {
    /// An entry that makes this very process a loader.
    static func loader(_ users: WorkloadEntry.ModelLoader = .sameUser) throws -> WorkloadEntry {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return try WorkloadEntry(
            name: "loader",
            id: try SPIFFEID("spiffe://cluster.local/loader"),
            selectors: [try Selector("unix:uid:\(geteuid())"), try Selector("unix:path:\(own)")],
            modelLoader: users
        )
    }

    /// Puts the loader's entry and others in force, as files do.
    func load(_ users: WorkloadEntry.ModelLoader? = .sameUser, _ selectors: String..., loader: String? = nil) throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        func document(_ name: String, _ selectors: [String], _ more: String = "") -> String {
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: \(name) }
            spec:
              spiffeID: spiffe://cluster.local/\(name)
              selectors: \(selectors)
              \(more)

            """
        }
        let user = "unix:uid:\(geteuid())"
        let yaml =
            document("loader", [loader ?? user, "unix:path:\(own)"], users.map { "modelLoader: \($0.rawValue)" } ?? "")
            + "---\n"
            + document("inference", [user] + selectors)
        try registry.load(try ResourceLoader.parse(yaml: yaml, file: "entries.yaml"))
    }
}
