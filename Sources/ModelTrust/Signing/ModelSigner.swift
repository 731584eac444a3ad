import SPIFFE
import ZeroTrust

/// Signs models as OMS 1.0 has it.
///
/// ```swift
/// let signer = ModelSigner(credential: SigningCredential(key: key))
/// let bundle = try signer.sign(model: "/models/fraud", signatureFile: "/models/fraud.sig")
/// ```
public struct ModelSigner: Sendable {
    private let credential: SigningCredential
    private let options: SigningOptions
    private let progress: @Sendable (_ hashed: UInt64, _ total: UInt64) -> Void

    /// A signer; `progress` hears how many bytes of how many have been hashed, on any thread.
    public init(
        credential: SigningCredential,
        options: SigningOptions = SigningOptions(),
        progress: @escaping @Sendable (_ hashed: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) {
        self.credential = credential
        self.options = options
        self.progress = progress
    }

    /// Hashes and signs a model.
    ///
    /// - Parameters:
    ///   - path: the model.
    ///   - signatureFile: where the signature will be written; left out of the model where it lies in it.
    ///   - timestamp: asks a timestamping authority for an RFC 3161 token over the signature, where one is wanted.
    /// - Returns: the signature.
    /// - Throws: ``ModelRefusal`` for a model that cannot be signed as it is; what `timestamp` throws.
    public func sign(
        model path: String,
        signatureFile: String,
        timestamp: ((_ signature: [UInt8]) throws -> [UInt8])? = nil
    ) throws -> SignedModel {
        let manifest = try manifest(of: try ModelTree(path: path), path: path, signatureFile: signatureFile)
        let payload = StatementWriter.write(manifest)
        // What would not be read again is not written.
        _ = try StatementReader(isLenientAboutOrder: false).read(payload)
        let unsigned = SignatureEnvelope(payload: payload, signature: [])
        let signature = try credential.key.sign(unsigned.signedBytes)
        let token = try timestamp?(signature)
        let envelope = SignatureEnvelope(payload: payload, signature: signature)
        let bundle = BundleWriter.write(envelope, credential: credential, timestamp: token)
        guard bundle.count <= SignatureBundle.maximumSize else {
            throw ModelRefusal(
                .malformedBundle,
                "the signature would have \(bundle.count) bytes, and \(SignatureBundle.maximumSize) are read; "
                    + "sign it by larger shards"
            )
        }
        return SignedModel(
            bundle: bundle,
            rootDigest: Hexadecimal.text(manifest.rootDigest),
            manifestDigest: ArtifactDigest(of: manifest),
            files: manifest.files.map(\.path)
        )
    }

    private func manifest(
        of tree: ModelTree,
        path: String,
        signatureFile: String
    ) throws(ModelRefusal) -> SignedManifest {
        var ignored = options.ignoresGitPaths ? IgnoreRules.defaults : []
        for path in options.ignoredPaths { ignored.append(try Self.ignored(path)) }
        if let inside = Self.path(of: signatureFile, within: path) { ignored.append(inside) }
        ignored = Set(ignored).sorted()
        let links: LinkRule = options.followsLinks ? .followWithin : .refuse
        let entries = try TreeWalk.entries(of: tree, ignoring: IgnoreRules(ignored), links: links)
        var files: [TreeEntry] = []
        for entry in entries {
            switch entry.kind {
            case .file: files.append(entry)
            case .folderLink: continue
            case .badLink(let why): throw ModelRefusal(.link, why + (links == .refuse ? Self.linkAdvice : Self.advice))
            case .irregular(let kind):
                throw ModelRefusal(.irregular, "`\(entry.path)` is \(kind), which cannot be signed" + Self.advice)
            case .emptyFolder: try refuseForShards(entry.path, "is an empty directory")
            }
            if entry.facts.size == 0, entry.kind == .file { try refuseForShards(entry.path, "is an empty file") }
        }
        guard !files.isEmpty else { throw ModelRefusal(.empty, "the model has no file to sign") }
        if tree.isFile { files = files.map { TreeEntry(path: .itself, kind: .file, facts: $0.facts) } }
        return SignedManifest(
            method: options.method,
            algorithm: options.algorithm,
            followsLinks: options.followsLinks,
            ignoredPaths: ignored,
            resources: try hash(files, in: tree, links: links).sorted { $0.name < $1.name },
            name: tree.name,
            isLegacy: false
        )
    }

    /// What somebody can do about what cannot be signed.
    private static let advice = "; take it out of the model, or leave it unsigned with --ignore-paths"
    private static let linkAdvice =
        "; --allow-symlinks signs what a link within the model leads to, and --ignore-paths leaves it unsigned"

    /// A path that is not signed, as the signer was told.
    private static func ignored(_ path: String) throws(ModelRefusal) -> ModelPath {
        do throws(ModelRefusal) { return try ModelPath(path) } catch {
            throw ModelRefusal(error.code, "--ignore-paths takes paths below the model, and \(error.message)")
        }
    }

    private func refuseForShards(_ path: ModelPath, _ what: String) throws(ModelRefusal) {
        guard case .shards = options.method else { return }
        throw ModelRefusal(.irregular, "`\(path)` \(what), for which shards cannot vouch; sign whole files instead")
    }

    private func hash(
        _ files: [TreeEntry],
        in tree: ModelTree,
        links: LinkRule
    ) throws(ModelRefusal) -> [SignedResource] {
        var jobs: [HashingJob] = []
        for file in files {
            switch options.method {
            case .files: jobs.append(HashingJob(path: file.path, facts: file.facts, range: 0..<file.facts.size))
            case .shards(let size):
                var start: UInt64 = 0
                while start < file.facts.size {
                    let end = min(file.facts.size, start + size)
                    jobs.append(HashingJob(path: file.path, facts: file.facts, range: start..<end))
                    guard jobs.count <= SignedManifest.maximumResources else {
                        throw ModelRefusal(
                            .irregular,
                            "there are more than \(SignedManifest.maximumResources) shards; sign it by larger ones"
                        )
                    }
                    start = end
                }
            }
        }
        let total = jobs.reduce(UInt64(0)) { $0 + ($1.range.upperBound - $1.range.lowerBound) }
        let counter = ByteCounter(total: total, report: progress)
        var crew = HashingCrew(algorithm: options.algorithm, workers: options.workers, progress: counter.add)
        crew.mapsFiles = options.mapsFiles
        let outcomes = crew.digests(of: jobs, in: tree, links: links)
        var resources: [SignedResource] = []
        for (job, outcome) in zip(jobs, outcomes) {
            let range = options.method == .files ? nil : job.range
            resources.append(SignedResource(path: job.path, range: range, digest: try outcome.get()))
        }
        return resources
    }

    /// Where a file lies within a model, or nil where it does not.
    static func path(of file: String, within model: String) -> ModelPath? {
        guard let folder = RealPath.resolve(model), let real = RealPath.resolve(file),
            real.hasPrefix(folder + "/")
        else { return nil }
        return try? ModelPath(String(decoding: Array(real.utf8.dropFirst(folder.utf8.count + 1)), as: UTF8.self))
    }
}
