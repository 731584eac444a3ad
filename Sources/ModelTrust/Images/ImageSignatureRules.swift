public import Resources

/// Whose signatures of container images are believed, and where they lie.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: ImageSignatures
/// metadata: { name: images }
/// spec:
///   directory: /etc/lapwing/image-signatures
///   signers:
///     - key: { publicKey: { file: cosign.pub } }
/// ```
public struct ImageSignatureRules: Sendable {
    /// The kind of the resource.
    public static let kind = "ImageSignatures"

    /// The directory of the bundles.
    public let directory: String
    /// Who is believed, as in a ``ModelTrustPolicy``.
    public let signers: [SignerTrust]

    /// The one resource of the kind among some documents; nil where there is none.
    ///
    /// - Parameters:
    ///   - documents: the resources.
    ///   - read: reads a file that it names.
    /// - Returns: the rules.
    /// - Throws: `ResourceError` with the place of what is unknown, of the wrong type, or impossible.
    public static func load(
        _ documents: [Document],
        read: @escaping (_ path: String) throws -> [UInt8] = ModelTrustPolicySet.read
    ) throws -> ImageSignatureRules? {
        let all = documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }
        guard let document = all.first else { return nil }
        if all.count > 1 {
            throw ResourceError(at: all[1].location, "there is an `\(kind)` already, at \(document.location)")
        }
        return try ImageSignatureRules(document, read: read)
    }

    private init(_ document: Document, read: @escaping (_ path: String) throws -> [UInt8]) throws {
        guard document.apiVersion == ModelTrustPolicy.apiVersion else {
            throw ResourceError(
                at: document.location,
                "expected `apiVersion: \(ModelTrustPolicy.apiVersion)` for an `\(Self.kind)`"
            )
        }
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "an `\(Self.kind)` needs a `spec`")
        }
        var fields = try FieldReader(spec, of: "\(Self.kind) spec")
        directory = try fields.required("directory") { value in
            let text = try value.string()
            guard text.hasPrefix("/"), text.utf8.count <= 4096 else {
                throw value.error("`directory`: expected an absolute path, found `\(text.prefix(100))`")
            }
            return text
        }
        signers = try fields.required("signers") { value in
            let signers = try value.list(SignerTrustDecoder(document: document, isAuthority: false, read: read).signer)
            guard !signers.isEmpty else { throw value.error("`signers` must not be empty") }
            return signers
        }
        try fields.finish()
    }
}
