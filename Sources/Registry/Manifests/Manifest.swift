import SPIFFE

/// A manifest that was read and is of a form that may be stored (OCI image specification 1.1, "Image Manifest" and
/// "Image Index").
public struct Manifest: Hashable, Sendable {
    /// The longest manifest that is taken, in bytes; the specification asks for at least this.
    public static let maximumLength = 4 << 20
    /// The most descriptors that one manifest may hold.
    static let maximumDescriptors = 4096

    /// The bytes that were pushed; they are what the digest is of.
    public let bytes: [UInt8]
    /// The digest of the bytes.
    public let digest: ContentDigest
    /// The manifest's own media type.
    public let mediaType: String
    /// What kind of artifact it is: its own word, or its configuration's type.
    public let artifactType: String?
    /// The configuration; nil in an index.
    public let config: Descriptor?
    /// The layers; empty in an index.
    public let layers: [Descriptor]
    /// The manifests of an index; empty in any other.
    public let manifests: [Descriptor]
    /// The manifest that this one says something of, such as a signature.
    public let subject: Descriptor?
    /// What else is said of it.
    public let annotations: [String: String]

    /// The blobs that must be there.
    public var blobs: [Descriptor] { (config.map { [$0] } ?? []) + layers }
    /// Whether this is a model, and not something that refers to one.
    public var isModel: Bool {
        subject == nil
            && (artifactType == MediaType.modelManifest || mediaType == MediaType.modelManifest
                || config?.mediaType == MediaType.modelConfig)
    }

    /// Reads a manifest that a request says is of a media type.
    ///
    /// - Throws: ``RegistryError`` with what is wrong in it.
    public init(_ bytes: [UInt8], contentType: String, algorithm: ContentDigest.Algorithm = .sha256)
        throws(RegistryError)
    {
        guard bytes.count <= Self.maximumLength else {
            throw RegistryError(.sizeInvalid, "a manifest has at most \(Self.maximumLength) bytes")
        }
        let json: StrictJSON
        do { json = try StrictJSON(bytes, maximumDepth: 32) } catch {
            throw RegistryError(.manifestInvalid, "the manifest is not JSON: \(error.message) (byte \(error.offset))")
        }
        guard MediaType.manifests.contains(contentType) else {
            let known = MediaType.manifests.sorted().joined(separator: ", ")
            throw RegistryError(
                .manifestInvalid,
                "manifests of the type `\(contentType.prefix(128))` are not kept; known are \(known)"
            )
        }
        guard json["schemaVersion"]?.integer == 2 else {
            throw RegistryError(.manifestInvalid, "`schemaVersion` is not 2")
        }
        if let stated = json["mediaType"], stated.string != contentType {
            throw RegistryError(.manifestInvalid, "`mediaType` is not the request's content type `\(contentType)`")
        }
        let isIndex = contentType == MediaType.imageIndex
        guard json[isIndex ? "layers" : "manifests"] == nil, !isIndex || json["config"] == nil else {
            // One document that is an index to one reader and a manifest to another (CVE-2021-41190).
            throw RegistryError(.manifestInvalid, "the document is both a manifest and an index")
        }
        self.bytes = bytes
        self.digest = ContentDigest(of: bytes, algorithm: algorithm)
        self.mediaType = contentType
        self.config = isIndex ? nil : try Descriptor(json["config"] ?? .null, at: "config")
        self.layers = isIndex ? [] : try Self.descriptors(json["layers"], "layers")
        self.manifests = isIndex ? try Self.descriptors(json["manifests"], "manifests") : []
        self.subject = try json["subject"].map { json throws(RegistryError) in try Descriptor(json, at: "subject") }
        self.annotations = try Descriptor.annotations(json["annotations"], at: "manifest")
        if let type = json["artifactType"] {
            guard let text = type.string, MediaType.isValid(text) else {
                throw RegistryError(.manifestInvalid, "`artifactType` is no media type")
            }
            self.artifactType = text
        } else {
            self.artifactType = config?.mediaType
        }
        guard !isIndex || manifests.allSatisfy({ MediaType.manifests.contains($0.mediaType) }) else {
            throw RegistryError(.manifestInvalid, "an index lists manifests only")
        }
    }

    /// Reads a manifest that is kept.
    init(_ stored: StoredManifest) throws(RegistryError) {
        try self.init(stored.bytes, contentType: stored.mediaType, algorithm: stored.digest.algorithm)
    }

    private static func descriptors(_ json: StrictJSON?, _ name: String) throws(RegistryError) -> [Descriptor] {
        guard case .array(let elements) = json else { throw RegistryError(.manifestInvalid, "`\(name)` is no list") }
        guard elements.count <= maximumDescriptors else {
            throw RegistryError(.manifestInvalid, "`\(name)` has more than \(maximumDescriptors) entries")
        }
        var descriptors: [Descriptor] = []
        for (index, element) in elements.enumerated() {
            descriptors.append(try Descriptor(element, at: "\(name)[\(index)]"))
        }
        return descriptors
    }
}
