import SPIFFE

/// What a manifest says of content elsewhere: its type, its length and its digest (OCI image specification,
/// "Content Descriptors").
public struct Descriptor: Hashable, Sendable {
    /// The content's media type.
    public var mediaType: String
    /// The content's digest.
    public var digest: ContentDigest
    /// The content's length in bytes.
    public var size: UInt64
    /// The type of an artifact, where the content is one.
    public var artifactType: String?
    /// What else is said of it.
    public var annotations: [String: String]

    /// A descriptor.
    public init(
        mediaType: String,
        digest: ContentDigest,
        size: UInt64,
        artifactType: String? = nil,
        annotations: [String: String] = [:]
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.artifactType = artifactType
        self.annotations = annotations
    }

    /// Reads a descriptor; `place` says where it stands, for messages.
    init(_ json: StrictJSON, at place: String) throws(RegistryError) {
        guard case .object = json else { throw RegistryError(.manifestInvalid, "`\(place)` is no descriptor") }
        guard let mediaType = json["mediaType"]?.string, MediaType.isValid(mediaType) else {
            throw RegistryError(.manifestInvalid, "`\(place).mediaType` is absent or no media type")
        }
        guard let digest = json["digest"]?.string.flatMap({ ContentDigest($0) }) else {
            throw RegistryError(.manifestInvalid, "`\(place).digest` is no digest of SHA-256 or SHA-512")
        }
        guard let size = json["size"]?.integer, size >= 0 else {
            throw RegistryError(.manifestInvalid, "`\(place).size` is no length")
        }
        guard json["urls"] == nil else {
            throw RegistryError(.manifestInvalid, "`\(place).urls` leads elsewhere; content is kept here only")
        }
        if let type = json["artifactType"] {
            guard let text = type.string, MediaType.isValid(text) else {
                throw RegistryError(.manifestInvalid, "`\(place).artifactType` is no media type")
            }
            self.artifactType = text
        }
        self.mediaType = mediaType
        self.digest = digest
        self.size = UInt64(size)
        self.annotations = try Self.annotations(json["annotations"], at: place)
    }

    /// Reads annotations, which are texts by name.
    static func annotations(_ json: StrictJSON?, at place: String) throws(RegistryError) -> [String: String] {
        guard let json, json != .null else { return [:] }
        guard case .object(let members) = json else {
            throw RegistryError(.manifestInvalid, "`\(place).annotations` is no object")
        }
        var annotations: [String: String] = [:]
        for (name, value) in members {
            guard let text = value.string else {
                throw RegistryError(.manifestInvalid, "an annotation of `\(place)` is not text")
            }
            annotations[name] = text
        }
        return annotations
    }
}

extension Descriptor: Encodable {
    private enum Key: String, CodingKey { case mediaType, digest, size, artifactType, annotations }

    /// The descriptor as JSON, without what is empty.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(mediaType, forKey: .mediaType)
        try container.encode(digest.description, forKey: .digest)
        try container.encode(size, forKey: .size)
        try container.encodeIfPresent(artifactType, forKey: .artifactType)
        if !annotations.isEmpty { try container.encode(annotations, forKey: .annotations) }
    }
}
