import ArgumentParser
import Foundation
import ModelTrust

/// `lapwing model sign`: sign a model so that any OpenSSF Model Signing tool can verify it.
struct ModelSignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a model or a dataset: a directory, or one file.",
        discussion: """
            Writes a detached signature (OpenSSF Model Signing 1.0) beside the model, or where --signature says. Sign \
            with a key (--private-key), with a key and its certificate (--signing-certificate and \
            --certificate-chain), or as the workload that this process is (--spiffe). A signature as a workload holds \
            while the workload's certificate is valid, an hour; a timestamp (--timestamp-url) makes it last.

            An encrypted key's password is read from --password-file, or asked for on the terminal.
            """
    )

    @Argument(help: "The model.", completion: .file())
    var path: String

    @Option(help: "Where the signature goes; PATH.sig unless said.", completion: .file())
    var signature: String?

    @Option(
        name: [.customLong("ignore-paths"), .customLong("ignore_paths")],
        help: "A path in the model that is left out; may be given more than once.",
        completion: .file()
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

    @Option(help: "How files are cut: files or shards. What is loaded by shards begins at once.")
    var method = Cut.files

    @Option(
        help: """
            The size of a shard in bytes; \(SerializationMethod.defaultShardSize) unless said. 4194304 suits models of \
            more than 200 GB.
            """
    )
    var shardSize: UInt64?

    @OptionGroup var identity: SigningIdentity
    @OptionGroup var chatter: ModelChatter

    /// What digests the files.
    enum Hash: String, ExpressibleByArgument, CaseIterable { case sha256, blake2b, blake3 }

    /// How files become entries of a manifest.
    enum Cut: String, ExpressibleByArgument, CaseIterable { case files, shards }

    func validate() throws {
        guard shardSize != 0 else { throw ValidationError("--shard-size takes a number above zero") }
        guard shardSize == nil || method == .shards else {
            throw ValidationError("--shard-size goes with --method shards")
        }
    }

    func run() async throws {
        let credential = try await identity.credential(chatter)
        let model = ModelPathArgument(path)
        let target = signature ?? model.path + ".sig"
        var options = SigningOptions()
        options.algorithm = HashAlgorithm(rawValue: hash.rawValue) ?? .sha256
        options.method = method == .files ? .files : .shards(size: shardSize ?? SerializationMethod.defaultShardSize)
        options.ignoresGitPaths = ignoreGitPaths
        options.followsLinks = allowSymlinks
        options.ignoredPaths = try ignorePaths.map(model.relative)
        options.mapsFiles = true
        MappedFiles.endWithoutThem()
        let bar = chatter.bar("signing")
        let signer = ModelSigner(credential: credential, options: options) { bar?.show($0, of: $1) }
        let signed: SignedModel
        do {
            signed = try signer.sign(
                model: model.path,
                signatureFile: target,
                timestamp: try identity.timestamp()
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
                let model, signature, digest, manifestDigest: String
                let files: [String]
            }
            try StandardOutput.write(
                json: Row(
                    model: model.path,
                    signature: target,
                    digest: signed.rootDigest,
                    manifestDigest: signed.manifestDigest.description,
                    files: signed.files.map(\.text)
                )
            )
        case .table:
            chatter.say("signed \(counted(signed.files.count, "file")); sha256:\(signed.rootDigest); wrote \(target)")
        }
    }
}
