import ModelTrust
import SPIFFE

/// An artifact as admission checks see it.
public struct Artifact: Sendable {
    /// The repository that it was pushed to.
    public let repository: RepositoryName
    /// Its manifest.
    public let manifest: Manifest
    /// What refers to it, such as signatures.
    public let referrers: [Manifest]
    /// The bytes of blobs.
    private let files: BlobFiles

    init(repository: RepositoryName, manifest: Manifest, referrers: [Manifest], files: BlobFiles) {
        self.repository = repository
        self.manifest = manifest
        self.referrers = referrers
        self.files = files
    }

    /// The signatures that refer to it.
    public var signatures: [Descriptor] { referrers.filter(\.isSignature).flatMap(\.layers) }

    /// Whether its only layer is a Sigstore bundle.
    var isBundle: Bool {
        get throws {
            guard let layer = manifest.layers.first, manifest.layers.count == 1 else { return false }
            return SignatureBundles.isBundle(try content(of: layer, limit: Int(Manifest.maximumSignatureLength)))
        }
    }

    /// What is wrong with its configuration, which programs read before any layer; nil where nothing is.
    var faultOfConfiguration: String? {
        get throws {
            guard let config = manifest.config else { return "it has no configuration" }
            guard MediaType.configurations.contains(config.mediaType) else {
                return "its configuration is of the type `\(config.mediaType)`, which is not known"
            }
            guard config.size <= 1 << 20 else { return "its configuration has more than 1 MiB" }
            guard case .object? = try? StrictJSON(content(of: config, limit: 1 << 20), maximumDepth: 32) else {
                return "its configuration is no object of JSON"
            }
            return nil
        }
    }

    /// All of a blob's bytes, where they are at most so many and are those of the digest.
    ///
    /// - Throws: ``RegistryError``.
    public func content(of descriptor: Descriptor, limit: Int) throws(RegistryError) -> [UInt8] {
        var reader = try files.read(descriptor.digest)
        guard reader.count <= UInt64(limit), reader.count == descriptor.size else {
            throw RegistryError(.sizeInvalid, "`\(descriptor.digest)` is not of the length that was expected")
        }
        var bytes: [UInt8] = []
        while let piece = try reader.next() { bytes += piece }
        return bytes
    }

    /// Lays the artifact's files out as they will lie where it is pulled, for as long as some work takes.
    ///
    /// The files are the blobs themselves, under further names; nothing is copied. Each is given with the name of its
    /// layer's file. The signatures lie beside the model.
    ///
    /// - Throws: ``RegistryError`` where the layers are not files of their own, and what the work throws.
    public func laidOut<Result>(_ work: (LaidOut) throws -> Result) throws -> Result {
        let layers: [(path: ModelPath, descriptor: Descriptor)]
        do { layers = try ModelTransfer.layout(of: manifest) } catch {
            throw RegistryError(.manifestInvalid, error.description)
        }
        let directory = try files.makeScratch()
        defer { files.removeScratch(directory) }
        for layer in layers {
            try files.link(layer.descriptor.digest, in: directory + "/model", as: layer.path)
        }
        var paths: [String] = []
        for (index, signature) in signatures.enumerated() {
            guard let path = ModelPath("\(index).sig") else { continue }
            try files.link(signature.digest, in: directory, as: path)
            paths.append("\(directory)/\(index).sig")
        }
        return try work(
            LaidOut(model: directory + "/model", files: layers.map(\.path.description), signatures: paths)
        )
    }

    /// Where an artifact's files lie while they are looked at.
    public struct LaidOut: Sendable {
        /// The model's directory.
        public let model: String
        /// The files in it, by their paths from it.
        public let files: [String]
        /// The signatures' files.
        public let signatures: [String]
    }
}
