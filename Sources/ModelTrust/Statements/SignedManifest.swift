import Crypto

/// What a signer said a model consists of: parsed from bytes whose signature was verified, or made to be signed.
struct SignedManifest: Sendable {
    let method: SerializationMethod
    let algorithm: HashAlgorithm
    /// Whether the signer followed symbolic links.
    let followsLinks: Bool
    let ignoredPaths: [ModelPath]
    let resources: [SignedResource]
    /// What the signer called the model; nobody relies on it (OMS 1.0 §6.5.1).
    let name: String
    /// Whether this is the deprecated format of model_signing 0.2.0.
    let isLegacy: Bool

    /// The most resources of a manifest.
    static let maximumResources = 1_000_000

    /// The digest of all digests in the order of the resources (OMS 1.0 §6.5.1).
    var rootDigest: [UInt8] {
        var hasher = SHA256()
        for resource in resources { hasher.update(data: resource.digest) }
        return Array(hasher.finalize())
    }

    /// The digest of all that the manifest says but for the model's name: paths, digests, and what was left out.
    ///
    /// The root digest is of contents alone, so that files could be renamed, or others left out, under it.
    var manifestDigest: [UInt8] {
        let canonical = SignedManifest(
            method: method,
            algorithm: algorithm,
            followsLinks: followsLinks,
            ignoredPaths: Set(ignoredPaths).sorted(),
            resources: resources.sorted { $0.name < $1.name },
            name: "",
            isLegacy: false
        )
        var hasher = SHA256()
        StatementWriter.write(canonical) { hasher.update(data: Array($0)) }
        return Array(hasher.finalize())
    }

    /// The resources of each file, in the order of the manifest.
    var files: [(path: ModelPath, resources: [SignedResource])] {
        var places: [ModelPath: Int] = [:]
        var files: [(path: ModelPath, resources: [SignedResource])] = []
        for resource in resources {
            if let place = places[resource.path] {
                files[place].resources.append(resource)
            } else {
                places[resource.path] = files.count
                files.append((resource.path, [resource]))
            }
        }
        return files
    }
}
