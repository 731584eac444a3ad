import Crypto
public import FoundationEssentials
import SPIFFE
import ZeroTrust

/// A model every signed byte of which was hashed and found to be what a signer that is trusted signed.
///
/// Only ``ModelVerifier`` makes one.
public struct VerifiedModel: Sendable {
    /// Who signed it.
    public let signer: VerifiedSigner
    /// What the signer called it; informational.
    public let name: String
    /// The digest over all digests, in lower-case hexadecimal: the model's short name.
    public let rootDigest: String
    /// The digest of all that the manifest says but for the name: by it releases and claims know the model.
    public let manifestDigest: ArtifactDigest
    /// How the files were hashed.
    public let algorithm: HashAlgorithm
    /// How they were cut.
    public let method: SerializationMethod
    /// Every file with what was found; none is bad.
    public let files: [FileVerdict]
    /// What an operator should know.
    public let warnings: [String]

    /// How many bytes were hashed.
    public var size: UInt64 { files.reduce(0) { $0 + $1.size } }

    fileprivate init(
        signer: VerifiedSigner,
        manifest: SignedManifest,
        files: [FileVerdict],
        warnings: [String]
    ) {
        self.signer = signer
        name = manifest.name
        rootDigest = Hexadecimal.text(manifest.rootDigest)
        manifestDigest = ArtifactDigest(of: manifest)
        algorithm = manifest.algorithm
        method = manifest.method
        self.files = files
        self.warnings = warnings
    }
}

/// What a verification says.
public enum ModelVerdict: Sendable {
    /// The model is what was signed.
    case verified(VerifiedModel)
    /// It is not, or nobody can say so.
    case refused(ModelRefusal)
}

/// Verifies a model against its signature: who signed, then every byte.
///
/// ```swift
/// let verifier = ModelVerifier(trust: .key(try SignerKey(pem: pem)))
/// switch verifier.verify(model: "/models/fraud", signature: "/models/fraud.sig") {
/// case .verified(let model): print(model.rootDigest)
/// case .refused(let refusal): print(refusal.code, refusal.message)
/// }
/// ```
public struct ModelVerifier: Sendable {
    /// What has to hold, each by any one of its parts.
    private let requirements: [SignerRequirement]
    private let options: VerificationOptions
    private let clock: @Sendable () -> Date
    private let progress: @Sendable (_ hashed: UInt64, _ total: UInt64) -> Void

    /// A verifier.
    ///
    /// - Parameters:
    ///   - trust: whose signatures are believed.
    ///   - options: what is allowed beyond what was signed.
    ///   - clock: the time.
    ///   - progress: hears how many bytes of how many have been hashed; on any thread.
    public init(
        trust: SignerTrust,
        options: VerificationOptions = VerificationOptions(),
        clock: @escaping @Sendable () -> Date = { Date() },
        progress: @escaping @Sendable (_ hashed: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) {
        self.init(requirements: [.init(name: nil, trusts: [trust])], options: options, clock: clock, progress: progress)
    }

    init(
        requirements: [SignerRequirement],
        options: VerificationOptions,
        clock: @escaping @Sendable () -> Date,
        progress: @escaping @Sendable (_ hashed: UInt64, _ total: UInt64) -> Void
    ) {
        self.requirements = requirements
        self.options = options
        self.clock = clock
        self.progress = progress
    }

    /// Verifies a model by the signature in a file, which may lie within the model.
    public func verify(model path: String, signature: String) -> ModelVerdict {
        do throws(ModelRefusal) {
            let tree = try ModelTree(path: path)
            let file = try SignatureFile(path: signature)
            let bundle = try file.bundle()
            let (signer, manifest, warnings) = try proveSigners(bundle)
            let files = try compare(manifest, with: tree, signature: file)
            return .verified(VerifiedModel(signer: signer, manifest: manifest, files: files, warnings: warnings))
        } catch { return .refused(error) }
    }

    /// Proves who signed a model, and opens it so that only bytes that were signed can be read.
    ///
    /// - Parameters:
    ///   - path: The model.
    ///   - signature: The signature's file, which may lie within the model.
    ///   - onFailure: Told of every later read that finds other bytes than were signed, before its reader is.
    /// - Returns: The model, every file of which was hashed and is what was signed.
    /// - Throws: ``ModelRefusal`` where the model is not what was signed, or nobody can say so.
    public func load(
        model path: String,
        signature: String,
        onFailure: @escaping @Sendable (LoadFailure) -> Void = { _ in }
    ) throws(ModelRefusal) -> LoadedModel {
        let manifest = try manifest(model: path, signature: signature)
        do throws(LoadFailure) {
            return try LoadedModel(at: path, manifest: manifest, onFailure: onFailure)
        } catch { throw Self.refusal(error) }
    }

    /// Proves who signed a model, and copies it into memory that nobody can change.
    ///
    /// - Throws: ``ModelRefusal`` where the model is not what was signed, or nobody can say so.
    public func seal(model path: String, signature: String) throws(ModelRefusal) -> SealedModel {
        let manifest = try manifest(model: path, signature: signature)
        do throws(LoadFailure) { return try SealedModel(at: path, manifest: manifest) } catch {
            throw Self.refusal(error)
        }
    }

    /// Proves who signed a model, and takes down what the file system says of its files, to notice when that changes.
    ///
    /// - Throws: ``ModelRefusal`` where nobody can say what was signed.
    public func watch(model path: String, signature: String) throws(ModelRefusal) -> ModelWatch {
        let manifest = try manifest(model: path, signature: signature)
        guard let digest = manifest.provenance?.digest else { throw ModelRefusal(.empty, "nothing was signed") }
        return ModelWatch(path, manifest, digest: digest)
    }

    /// What was signed, after everything but the signed files' bytes was verified.
    private func manifest(model path: String, signature: String) throws(ModelRefusal) -> LoadManifest {
        let tree = try ModelTree(path: path)
        let file = try SignatureFile(path: signature)
        let (signer, manifest, _) = try proveSigners(try file.bundle())
        let comparison = ManifestComparison(manifest: manifest, tree: tree, options: options, progress: progress)
        let bad = try comparison.unsigned(signature: file).filter { $0.finding != .tolerated }
        if let first = bad.first {
            throw ModelRefusal(comparison.code(of: bad), first.detail ?? "`\(first.path)` is not signed", files: bad)
        }
        return LoadManifest(manifest, signer: signer, links: comparison.links)
    }

    private static func refusal(_ failure: LoadFailure) -> ModelRefusal {
        ModelRefusal(failure.code == .unreadable ? .unreadable : .files, failure.description)
    }

    /// Proves the signer by one part of each requirement; the first requirement's is the one that is named.
    private func proveSigners(
        _ bundle: SignatureBundle
    ) throws(ModelRefusal) -> (VerifiedSigner, SignedManifest, [String]) {
        var proven: (VerifiedSigner, SignedManifest, [String])?
        for requirement in requirements {
            var failures: [ModelRefusal] = []
            var found: (VerifiedSigner, SignedManifest, [String])?
            for trust in requirement.trusts where found == nil {
                do throws(ModelRefusal) { found = try proveSigner(bundle, trust) } catch { failures.append(error) }
            }
            guard let found else { throw requirement.refusal(failures) }
            proven = proven ?? found
        }
        guard let proven else { throw ModelRefusal(.policy, "nothing says whose signature counts") }
        return proven
    }

    /// Proves who signed, and only then reads what.
    private func proveSigner(
        _ bundle: SignatureBundle,
        _ trust: SignerTrust
    ) throws(ModelRefusal) -> (VerifiedSigner, SignedManifest, [String]) {
        let (key, signer) = try SignerProof(trust: trust, now: clock()).find(bundle)
        let envelope = bundle.envelope
        let reader = StatementReader(isLenientAboutOrder: options.isLenientAboutOrder)
        var warnings: [String] = []
        if case .key(let hint) = bundle.material, hint.isEmpty {
            warnings.append("the signature does not name its key; signing anew with a current tool mends that")
        }
        if key.verifies(envelope.signature, of: envelope.signedBytes) {
            let manifest = try reader.read(envelope.payload)
            guard !manifest.isLegacy || options.readsLegacyFormat else { throw Self.legacy }
            return (signer, manifest, warnings)
        }
        // Signatures of 0.2.0 are over other bytes, and by SHA-256 whatever the curve.
        let legacy = envelope.legacySignedBytes
        guard options.readsLegacyFormat,
            key.verifies(envelope.signature, of: legacy) || key.verifies(envelope.signature, SHA256.hash(data: legacy))
        else { throw ModelRefusal(.badSignature, "the signature does not fit the signed statement") }
        let manifest = try reader.read(envelope.payload)
        guard manifest.isLegacy else {
            throw ModelRefusal(.badSignature, "the statement is current, and its signature is of the deprecated form")
        }
        warnings.append("the signature is of the deprecated format of model_signing 0.2.0")
        return (signer, manifest, warnings)
    }

    private static let legacy = ModelRefusal(
        .legacy,
        "the signature is of the deprecated format of model_signing 0.2.0, which is read only when asked for"
    )

    /// Holds the files against the manifest.
    private func compare(
        _ manifest: SignedManifest,
        with tree: ModelTree,
        signature: SignatureFile
    ) throws(ModelRefusal) -> [FileVerdict] {
        let comparison = ManifestComparison(manifest: manifest, tree: tree, options: options, progress: progress)
        let files = try comparison.run(signature: signature).sorted { $0.path < $1.path }
        let bad = files.filter { $0.finding != .verified && $0.finding != .tolerated }
        if let first = bad.first {
            let more = bad.count > 1 ? ", and \(bad.count - 1) more" : ""
            throw ModelRefusal(
                comparison.code(of: bad),
                (first.detail ?? "`\(first.path)` is \(first.finding.rawValue)") + more,
                files: files
            )
        }
        guard files.contains(where: { $0.finding == .verified }) else {
            throw ModelRefusal(.empty, "no file was verified", files: files)
        }
        return files
    }
}
