import ArgumentParser
import Foundation
import Logging
import ModelTrust
import SPIFFE
import WorkloadIdentity

/// `lapwing model sign`: sign a model so that any OpenSSF Model Signing tool can verify it.
struct ModelSignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a model: a directory, or one file.",
        discussion: """
            Writes a detached signature (OpenSSF Model Signing 1.0) beside the model, or where --signature says. Sign \
            with a key (--private-key), with a key and its certificate (--signing-certificate and \
            --certificate-chain), or as the workload that this process is (--spiffe). A signature as a workload holds \
            while the workload's certificate is valid, an hour; a timestamp (--timestamp-url) makes it last.

            An encrypted key's password is read from --password-file, or asked for on the terminal.
            """
    )

    @Argument(help: "The model.")
    var path: String

    @Option(help: "Where the signature goes; PATH.sig unless said.")
    var signature: String?

    @Option(help: "The private key: PEM, on P-256, P-384 or P-521.")
    var privateKey: String?

    @Option(help: "A file whose first line is the private key's password.")
    var passwordFile: String?

    @Option(help: "The key's certificate in PEM, for code signing.")
    var signingCertificate: String?

    @Option(
        name: [.customLong("certificate-chain"), .customLong("certificate_chain")],
        help: "Certificates above it in PEM; may be given more than once."
    )
    var certificateChain: [String] = []

    @Flag(help: "Sign as this workload, with its SVID from the Workload API.")
    var spiffe = false

    @Option(name: .customLong("spiffe-id"), help: "Which of this workload's identities signs; the first unless said.")
    var identity: String?

    @Option(help: "The Workload API's address; SPIFFE_ENDPOINT_SOCKET unless said.")
    var socket: String?

    @Option(help: "An RFC 3161 timestamping authority's http URL.")
    var timestampURL: String?

    @Option(
        name: [.customLong("ignore-paths"), .customLong("ignore_paths")],
        help: "A path in the model that is left out; may be given more than once."
    )
    var ignorePaths: [String] = []

    @Flag(inversion: .prefixedNo, help: "Leave out .git, .gitignore, .gitattributes and .github at the top.")
    var ignoreGitPaths = true

    @Flag(
        name: [.customLong("allow-symlinks"), .customLong("allow_symlinks")],
        help: "Follow symbolic links that stay within the model."
    )
    var allowSymlinks = false

    @Option(help: "What digests the files: sha256, blake2b or blake3.")
    var hash = Hash.sha256

    @Option(help: "How files are cut: files or shards.")
    var method = Cut.files

    @Option(help: "The size of a shard in bytes.")
    var shardSize = SerializationMethod.defaultShardSize

    @OptionGroup var chatter: ModelChatter

    /// What digests the files.
    enum Hash: String, ExpressibleByArgument, CaseIterable { case sha256, blake2b, blake3 }

    /// How files become entries of a manifest.
    enum Cut: String, ExpressibleByArgument, CaseIterable { case files, shards }

    func validate() throws {
        guard (privateKey != nil) != spiffe else {
            throw ValidationError("give one of --private-key and --spiffe")
        }
        guard identity == nil || spiffe else { throw ValidationError("--spiffe-id goes with --spiffe") }
        guard signingCertificate == nil || privateKey != nil else {
            throw ValidationError("--signing-certificate goes with --private-key")
        }
        guard certificateChain.isEmpty || signingCertificate != nil else {
            throw ValidationError("--certificate-chain goes with --signing-certificate")
        }
        guard shardSize > 0 else { throw ValidationError("--shard-size takes a number above zero") }
    }

    func run() async throws {
        let credential = try await credential()
        let model = ModelPathArgument(path)
        let target = signature ?? model.path + ".sig"
        var options = SigningOptions()
        options.algorithm = HashAlgorithm(rawValue: hash.rawValue) ?? .sha256
        options.method = method == .files ? .files : .shards(size: shardSize)
        options.ignoresGitPaths = ignoreGitPaths
        options.followsLinks = allowSymlinks
        options.ignoredPaths = try ignorePaths.map(model.relative)
        let bar = chatter.bar("signing")
        let signer = ModelSigner(credential: credential, options: options) { bar?.show($0, of: $1) }
        let signed: SignedModel
        do {
            signed = try signer.sign(
                model: model.path,
                signatureFile: target,
                timestamp: try timestampURL.map { url in
                    let authority = try TimestampAuthorityClient(url)
                    return { try authority.timestamp($0) }
                }
            )
        } catch let refusal as ModelRefusal {
            bar?.finish()
            throw CommandError(.unverified, "the model cannot be signed: \(refusal.message) (\(refusal.code.rawValue))")
        }
        bar?.finish()
        try OutputFile.write(signed.bundle, to: target)
        switch chatter.output {
        case .json:
            struct Row: Encodable {
                let model, signature, digest: String
                let files: [String]
            }
            try StandardOutput.write(
                json: Row(
                    model: model.path,
                    signature: target,
                    digest: signed.rootDigest,
                    files: signed.files.map(\.text)
                )
            )
        case .table:
            chatter.say("signed \(signed.files.count) files; sha256:\(signed.rootDigest); wrote \(target)")
        }
    }

    private func credential() async throws -> SigningCredential {
        do {
            if spiffe { return try SigningCredential(svid: try await svid()) }
            let pem = try InputFile.text(privateKey ?? "")
            let password = SignerPrivateKey.isEncrypted(pem: pem) ? try Password.read(from: passwordFile) : nil
            let key = try SignerPrivateKey(pem: pem, password: password)
            guard let signingCertificate else { return SigningCredential(key: key) }
            return try SigningCredential(
                key: key,
                certificatesPEM: try ([signingCertificate] + certificateChain).map(InputFile.text)
            )
        } catch let refusal as ModelRefusal { throw CommandError(.usage, refusal.message) }
    }

    private func svid() async throws -> X509SVID {
        let text = socket ?? ProcessInfo.processInfo.environment[WorkloadEndpoint.environmentVariable]
        guard let text else {
            throw CommandError(.usage, "set SPIFFE_ENDPOINT_SOCKET or give --socket to reach the Workload API")
        }
        let endpoint: WorkloadEndpoint
        do { endpoint = try WorkloadEndpoint(text) } catch {
            throw CommandError(.usage, "the Workload API's address is wrong: \(error)")
        }
        let client = WorkloadAPIClient(
            endpoint: endpoint,
            logger: Logger(label: "lapwing.model") { _ in SwiftLogNoOpLogHandler() }
        )
        let context: X509Context
        do { context = try await client.fetchX509Context() } catch {
            throw CommandError(.unreachable, "the Workload API gives no identity: \(error)")
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
