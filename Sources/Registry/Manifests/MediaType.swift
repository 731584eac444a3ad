/// The media types that mean something here.
///
/// From the OCI image specification 1.1 and CNCF ModelPack (`specs-go/v1/mediatype.go`).
public enum MediaType {
    /// An OCI image manifest, in which ModelPack artifacts travel.
    public static let imageManifest = "application/vnd.oci.image.manifest.v1+json"
    /// An OCI image index.
    public static let imageIndex = "application/vnd.oci.image.index.v1+json"
    /// A configuration that says nothing: `{}`.
    public static let empty = "application/vnd.oci.empty.v1+json"
    /// A ModelPack artifact; also taken as the manifest's own type.
    public static let modelManifest = "application/vnd.cncf.model.manifest.v1+json"
    /// The configuration of a ModelPack artifact.
    public static let modelConfig = "application/vnd.cncf.model.config.v1+json"
    /// A Sigstore bundle, as a signature of the artifact that it refers to.
    public static let sigstoreBundle = "application/vnd.dev.sigstore.bundle.v0.3+json"

    /// The manifests that may be pushed.
    static let manifests: Set<String> = [imageManifest, imageIndex, modelManifest]

    /// The configurations of what may be admitted.
    static let configurations: Set<String> = [
        empty, modelConfig, "application/vnd.oci.image.config.v1+json",
    ]

    /// Whether a text is a media type (RFC 6838 §4.2): two names of at most 127 bytes, without parameters.
    static func isValid(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                guard let first = part.first, isAlphanumeric(first), part.count <= 127 else { return false }
                return part.allSatisfy { isAlphanumeric($0) || "!#$&-^_.+".utf8.contains($0) }
            }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte)
    }
}
