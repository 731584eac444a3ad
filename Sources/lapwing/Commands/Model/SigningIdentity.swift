import ArgumentParser
import Foundation
import Logging
import ModelTrust
import SPIFFE
import WorkloadIdentity

/// Who signs, and with what: a key, a key with its certificate, or the workload that this process is.
struct SigningIdentity: ParsableArguments {
    @Option(help: "The private key: PEM, on P-256, P-384 or P-521.", completion: .file())
    var privateKey: String?

    @Option(help: "A file whose first line is the private key's password.", completion: .file())
    var passwordFile: String?

    @Option(help: "The key's certificate in PEM, for code signing.", completion: .file())
    var signingCertificate: String?

    @Option(
        name: [.customLong("certificate-chain"), .customLong("certificate_chain")],
        help: "Certificates above it in PEM; may be given more than once.",
        completion: .file()
    )
    var certificateChain: [String] = []

    @Flag(help: "Sign as this workload, with its SVID from the Workload API.")
    var spiffe = false

    @Option(name: .customLong("spiffe-id"), help: "Which of this workload's identities signs; the first unless said.")
    var identity: String?

    @Option(help: "The Workload API's address; SPIFFE_ENDPOINT_SOCKET unless said.", completion: .file())
    var socket: String?

    @Option(help: "An RFC 3161 timestamping authority's http URL.")
    var timestampURL: String?

    func validate() throws {
        guard (privateKey != nil) != spiffe else { throw ValidationError("give one of --private-key and --spiffe") }
        guard identity == nil || spiffe else { throw ValidationError("--spiffe-id goes with --spiffe") }
        guard signingCertificate == nil || privateKey != nil else {
            throw ValidationError("--signing-certificate goes with --private-key")
        }
        guard certificateChain.isEmpty || signingCertificate != nil else {
            throw ValidationError("--certificate-chain goes with --signing-certificate")
        }
    }

    /// The key and what says whose it is.
    func credential(_ chatter: ModelChatter) async throws -> SigningCredential {
        do {
            if spiffe { return try SigningCredential(svid: try await svid(chatter)) }
            let key = try InputFile.read(privateKey ?? "") { pem in
                let password = SignerPrivateKey.isEncrypted(pem: pem) ? try Password.read(from: passwordFile) : nil
                return try SignerPrivateKey(pem: pem, password: password)
            }
            guard let signingCertificate else { return SigningCredential(key: key) }
            return try SigningCredential(
                key: key,
                certificatesPEM: try ([signingCertificate] + certificateChain).map(InputFile.text)
            )
        } catch let refusal as ModelRefusal { throw CommandError(.usage, refusal.message) }
    }

    /// Asks the timestamping authority, where one is named.
    func timestamp() throws -> ((_ signature: [UInt8]) throws -> [UInt8])? {
        try timestampURL.map { url in
            let authority = try TimestampAuthorityClient(url)
            return { try authority.timestamp($0) }
        }
    }

    private func svid(_ chatter: ModelChatter) async throws -> X509SVID {
        let text = socket ?? ProcessInfo.processInfo.environment[WorkloadEndpoint.environmentVariable]
        guard let text else {
            throw CommandError(.usage, "set SPIFFE_ENDPOINT_SOCKET or give --socket to reach the Workload API")
        }
        let endpoint = try WorkloadEndpoint(given: text)
        let client = WorkloadAPIClient(
            endpoint: endpoint,
            logger: Logger(label: "lapwing.model") { _ in SwiftLogNoOpLogHandler() }
        )
        let context: X509Context
        do { context = try await client.fetchX509Context() } catch {
            throw WorkloadAPIAccess.unavailable(text, error)
        }
        let svid = identity.map { id in context.svids.first { "\($0.id)" == id } } ?? context.defaultSVID
        guard let svid else {
            let own = context.svids.map { "`\($0.id)`" }.joined(separator: ", ")
            throw CommandError(.usage, "this workload is not `\(identity ?? "")`, but \(own)")
        }
        chatter.say("signing as \(svid.id)")
        return svid
    }
}
