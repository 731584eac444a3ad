/// What a manifest, over which a signature was verified, says of a model's files.
struct LoadManifest: Sendable {
    /// One file of the model.
    struct File: Sendable {
        /// Where it lies in the model.
        let path: ModelPath
        /// Digests of the file's parts in order: one for a whole file, several for shards.
        let parts: [Part]
    }

    /// A part of a file and its digest.
    struct Part: Sendable {
        /// Where the part ends; nil for the file's end.
        let end: UInt64?
        let digest: [UInt8]
    }

    let algorithm: HashAlgorithm
    let links: LinkRule
    let files: [File]
    /// What was proven of the manifest; nil for one that nobody signed.
    let provenance: ModelProvenance?

    init(algorithm: HashAlgorithm = .sha256, links: LinkRule = .refuse, files: [File]) {
        (self.algorithm, self.links, self.files, provenance) = (algorithm, links, files, nil)
    }

    /// The files of a signed manifest.
    init(_ manifest: SignedManifest, signer: VerifiedSigner, links: LinkRule) {
        provenance = ModelProvenance(digest: ArtifactDigest(of: manifest), signer: signer, name: manifest.name)
        algorithm = manifest.algorithm
        self.links = links
        files = manifest.files.map { file in
            let parts = file.resources.sorted { ($0.range?.lowerBound ?? 0) < ($1.range?.lowerBound ?? 0) }
            return File(path: file.path, parts: parts.map { Part(end: $0.range?.upperBound, digest: $0.digest) })
        }
    }
}
