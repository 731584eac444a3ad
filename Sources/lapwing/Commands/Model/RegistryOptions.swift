import ArgumentParser
import Foundation
import Logging
import MutualTLS
import Registry
import SPIFFE
import WorkloadIdentity
import ZeroTrust

/// How commands reach a registry: over mutual TLS as this workload, or in plaintext on loopback.
struct RegistryOptions: ParsableArguments {
    @Option(help: "The SPIFFE ID that the registry must prove (LAPWING_REGISTRY_ID).")
    var registryID: String?

    @Option(name: .customLong("as"), help: "Which of this workload's SPIFFE IDs to show, where it has several.")
    var identity: String?

    @Option(
        help:
            "The Workload API: the path of its socket, or unix:/PATH (SPIFFE_ENDPOINT_SOCKET, or that of the run directory).",
        completion: .file()
    )
    var workloadAPI: String?

    @Flag(name: .customLong("plain-http"), help: "Speak plaintext without an identity; on loopback only.")
    var isPlain = false

    @OptionGroup var settings: SettingsOptions

    /// A client for the registry that a reference names.
    ///
    /// - Throws: ``CommandError`` where there is no identity to show, or none to expect.
    func client(for reference: ArtifactReference) async throws -> RegistryClient {
        let address = RegistryConnector.Address.host(reference.host, port: reference.port)
        if isPlain {
            guard ["localhost", "127.0.0.1", "::1"].contains(reference.host) else {
                throw CommandError(
                    .usage,
                    "plaintext is spoken on loopback only; `\(reference.host)` is not on loopback"
                )
            }
            return RegistryClient(RegistryConnector(address), authority: reference.authority)
        }
        let expected = registryID ?? ProcessInfo.processInfo.environment["LAPWING_REGISTRY_ID"]
        guard let expected, let id = try? SPIFFEID(expected) else {
            throw CommandError(
                .usage,
                "name the SPIFFE ID that the registry must prove, with --registry-id or LAPWING_REGISTRY_ID"
            )
        }
        let tls = try await ownIdentity()
        return RegistryClient(
            RegistryConnector(address) { try tls.clientHandlers(expecting: id) },
            authority: reference.authority
        )
    }

    private func ownIdentity() async throws -> TLSIdentity {
        let environment = ProcessInfo.processInfo.environment["SPIFFE_ENDPOINT_SOCKET"]
        let endpoint = try WorkloadEndpoint(given: workloadAPI ?? environment ?? Settings(settings).workloadSocket)
        let context: X509Context
        do {
            let client = WorkloadAPIClient(endpoint: endpoint, logger: Logger(label: "lapwing.model"))
            context = try await client.fetchX509Context()
        } catch {
            throw WorkloadAPIAccess.unavailable("\(endpoint)", error)
        }
        guard let identity else { return try TLSIdentity(svid: context.defaultSVID, bundles: context.bundles) }
        guard let svid = context.svids.first(where: { $0.id.description == identity }) else {
            let own = context.svids.map(\.id.description).joined(separator: ", ")
            throw CommandError(.refused, "this process is not `\(identity)`; it is \(own)")
        }
        return try TLSIdentity(svid: svid, bundles: context.bundles)
    }
}

extension ArtifactReference {
    /// A reference on the command line.
    ///
    /// - Throws: ``CommandError`` where it is none.
    init(argument text: String) throws {
        guard let reference = ArtifactReference(text) else {
            throw CommandError(
                .usage,
                "`\(text)` is no reference; expected HOST[:PORT]/REPOSITORY[:TAG][@DIGEST], the repository in lower case"
            )
        }
        self = reference
    }
}

/// Does work with a registry and words its failure.
func withRegistry<Result>(_ work: () async throws -> Result) async throws -> Result {
    do { return try await work() } catch let error as RegistryClientError {
        let status: ExitStatus =
            switch error.code {
            case .unreachable, .failed: .unreachable
            case .refused, .notFound: .refused
            case .unverified: .unverified
            case .file: .usage
            }
        throw CommandError(status, error.description)
    } catch let error as RegistryError {
        throw CommandError(.unreachable, error.message)
    } catch let error as CommandError {
        throw error
    } catch {
        throw CommandError(.unreachable, "the registry cannot be reached: \(SystemReason.of(error))")
    }
}
