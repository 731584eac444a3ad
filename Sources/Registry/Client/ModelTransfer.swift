import CLinux
import Foundation
import Glibc

/// What `lapwing model push` and `pull` do: whole models, to and from a registry.
public struct ModelTransfer: Sendable {
    private let client: RegistryClient

    /// Transfers over a client.
    public init(_ client: RegistryClient) {
        self.client = client
    }

    /// Pushes a packed model, then the signature that refers to it, then the tag.
    ///
    /// The signature is a Sigstore bundle; `progress` is told how many bytes of the files are there.
    ///
    /// - Returns: whether the model is in quarantine.
    /// - Throws: ``RegistryClientError`` where the registry refuses, or a file changes meanwhile.
    public func push(
        _ pack: ModelPack,
        signature: [UInt8]?,
        to repository: RepositoryName,
        as reference: ManifestReference,
        progress: (UInt64) -> Void = { _ in }
    ) async throws -> Bool {
        var done: UInt64 = 0
        // Files of the same bytes are one blob.
        var digests: Set<ContentDigest> = []
        let files = pack.files.filter { file in
            let isNew = digests.insert(file.descriptor.digest).inserted
            if !isNew { done += file.descriptor.size }
            return isNew
        }
        let short = files.filter { $0.descriptor.size <= RegistryClient.shortLength }
        try await client.push(short: short, to: repository) { size in
            done += size
            progress(done)
        }
        for file in files where file.descriptor.size > RegistryClient.shortLength {
            try await client.push(file: file.path, as: file.descriptor, to: repository) { progress(done + $0) }
            done += file.descriptor.size
        }
        try await client.push(pack.config, as: pack.configDescriptor, to: repository)
        if let signature {
            try await push(signature, of: pack, to: repository)
        }
        return try await client.push(pack.manifest, type: MediaType.imageManifest, as: reference, to: repository)
    }

    private func push(_ signature: [UInt8], of pack: ModelPack, to repository: RepositoryName) async throws {
        let empty = Array("{}".utf8)
        let config = Descriptor(mediaType: MediaType.empty, digest: ContentDigest(of: empty), size: 2)
        let layer = Descriptor(
            mediaType: MediaType.sigstoreBundle,
            digest: ContentDigest(of: signature),
            size: UInt64(signature.count)
        )
        try await client.push(empty, as: config, to: repository)
        try await client.push(signature, as: layer, to: repository)
        let manifest = try ManifestForm(
            artifactType: MediaType.sigstoreBundle,
            config: config,
            layers: [layer],
            subject: Descriptor(
                mediaType: MediaType.imageManifest,
                digest: pack.digest,
                size: UInt64(pack.manifest.count)
            )
        ).bytes
        let digest = ContentDigest(of: manifest)
        _ = try await client.push(manifest, type: MediaType.imageManifest, as: .digest(digest), to: repository)
    }

    /// Pulls a model into a directory that does not exist yet: it appears whole and verified, or not at all.
    ///
    /// What was pulled before a break lies beside it, and is not pulled again.
    ///
    /// `progress` is told how many bytes of how many are there.
    ///
    /// - Returns: the manifest.
    /// - Throws: ``RegistryClientError``; `unverified` where the bytes are not what the manifest says.
    public func pull(
        _ reference: ManifestReference,
        in repository: RepositoryName,
        to directory: String,
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) async throws -> Manifest {
        let manifest = try await client.manifest(reference, in: repository)
        let layers = try Self.layout(of: manifest)
        let target = URL(fileURLWithPath: directory).standardizedFileURL
        guard !FileManager.default.fileExists(atPath: target.path) else {
            throw RegistryClientError(.file, "`\(target.path)` exists already; name another directory")
        }
        let hex = manifest.digest.hex.prefix(16)
        let staging = target.deletingLastPathComponent().path + "/.\(target.lastPathComponent).\(hex).partial"
        try Self.makePrivate(staging)
        let total = layers.reduce(0) { $0 + $1.descriptor.size }
        for parent in Set(layers.flatMap(\.path.parents)).sorted() { try Self.makeDirectory(staging + "/" + parent) }
        var done: Int64 = 0
        let files = layers.map { WantedFile(path: staging + "/" + $0.path.description, descriptor: $0.descriptor) }
        try await client.pull(files, from: repository) { step in
            done += step
            progress(UInt64(max(0, done)), total)
        }
        try Self.refuseOthers(in: staging, layers.map(\.path))
        guard unsafe rename(staging, target.path) == 0 else {
            throw RegistryClientError(.file, "`\(target.path)` cannot be put in its place")
        }
        return manifest
    }

    /// Which file each layer is; a layer that is none is refused, since it could not be held against its digest.
    static func layout(of manifest: Manifest) throws(RegistryClientError) -> [(path: ModelPath, descriptor: Descriptor)]
    {
        guard manifest.mediaType != MediaType.imageIndex else {
            throw RegistryClientError(.unverified, "it is an index; name one of its manifests by digest")
        }
        var taken: Set<String> = []
        var directories: Set<String> = []
        var layers: [(ModelPath, Descriptor)] = []
        for layer in manifest.layers {
            guard layer.mediaType.hasSuffix(".raw") || !layer.mediaType.contains("tar") else {
                throw RegistryClientError(
                    .unverified,
                    "the layer `\(layer.digest)` is an archive (`\(layer.mediaType)`), whose digest is not that of the "
                        + "files in it; push the model with raw layers"
                )
            }
            let names = [ModelPack.pathAnnotation, ModelPack.titleAnnotation].compactMap { layer.annotations[$0] }
            guard let name = names.first, names.allSatisfy({ $0 == name }), let path = ModelPath(name) else {
                throw RegistryClientError(
                    .unverified,
                    "the layer `\(layer.digest)` has no name of a file, two, or one that leads elsewhere"
                )
            }
            // Names that some file systems take for one are two here, and their bytes decide.
            guard taken.insert(path.description).inserted else {
                throw RegistryClientError(.unverified, "two layers are the file `\(path)`")
            }
            directories.formUnion(path.parents)
            layers.append((path, layer))
        }
        guard taken.isDisjoint(with: directories) else {
            throw RegistryClientError(.unverified, "one name is both a file and a directory")
        }
        return layers
    }

    private static func makePrivate(_ path: String) throws {
        if unsafe mkdir(path, 0o700) == 0 { return }
        var status = stat()
        guard errno == EEXIST, unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
            status.st_uid == geteuid(), status.st_mode & 0o077 == 0
        else { throw RegistryClientError(.file, "`\(path)` cannot be made, or others could change what lies in it") }
    }

    private static func makeDirectory(_ path: String) throws {
        if unsafe mkdir(path, 0o755) == 0 { return }
        var status = stat()
        guard errno == EEXIST, unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw RegistryClientError(.file, "`\(path)` cannot be made")
        }
    }

    /// What an earlier pull of something else left there is not part of the model.
    private static func refuseOthers(in directory: String, _ paths: [ModelPath]) throws {
        let known = Set(paths.map(\.description)).union(paths.flatMap(\.parents))
        for path in FileManager.default.enumerator(atPath: directory)?.compactMap({ $0 as? String }) ?? [] {
            guard known.contains(path) else {
                throw RegistryClientError(
                    .file,
                    "`\(directory)/\(path)` is no part of the model; remove `\(directory)`"
                )
            }
        }
    }
}
