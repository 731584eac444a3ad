public import Resources
public import ZeroTrust

/// Where Lapwing itself serves the documents of its OpenID Connect issuer, for clouds that fetch the keys of JWT-SVIDs.
///
/// Clouds know nobody by a SPIFFE ID, so that the server shows a certificate of the web.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: OIDCEndpoint
/// metadata: { name: issuer }
/// spec:
///   address: 0.0.0.0
///   port: 443
///   certificateFile: /etc/lapwing/id.pem
///   keyFile: /etc/lapwing/id.key
/// ```
public struct OIDCEndpoint: Hashable, Sendable {
    /// The kind of the resource.
    public static let kind = "OIDCEndpoint"

    /// The resource's name.
    public let name: String
    /// The address that is listened on.
    public let address: IPAddress
    /// The port; 0 for any that is free.
    ///
    /// Clouds ask at 443, where the issuer's URL leads to.
    public let port: Int
    /// The server's certificate and those above it, as PEM.
    public let certificateFile: String
    /// Its key, as PEM, which nobody else may read.
    public let keyFile: String

    /// Whether a document is of the kind.
    public static func isDeclared(_ document: Document) -> Bool {
        document.kind == kind && document.group == "lapwing.dev"
    }

    /// Reads the resource.
    ///
    /// - Throws: `ResourceError` with the place of every field that is unknown, of the wrong type, or impossible.
    public init(_ document: Document) throws {
        var fields = try FieldReader(identityResource: document)
        name = document.metadata.name
        (address, port) = try fields.listenAddress()
        certificateFile = try fields.required("certificateFile") { try $0.string() }
        keyFile = try fields.required("keyFile") { try $0.string() }
        try fields.finish()
    }
}
