import SPIFFE

/// A detached signature of a model, parsed and not yet believed (OMS 1.0 §4; Sigstore bundle v0.3).
///
/// The parser is strict where model_signing's is lenient, so that there is one reading of a bundle: no name twice, no
/// unknown name, no white space in base64, one signature.
struct SignatureBundle: Sendable {
    let material: VerificationMaterial
    let envelope: SignatureEnvelope
    let logEntries: [LogEntry]
    /// RFC 3161 timestamps of the signature, in DER.
    let timestamps: [[UInt8]]

    /// The largest bundle that is read, in bytes.
    static let maximumSize = 64 << 20
    /// The most certificates, log entries and timestamps of a bundle.
    static let maximumParts = 16
    /// How deep the JSON may be nested.
    static let maximumDepth = 64

    /// The media type that bundles are written with.
    static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
    private static let mediaTypes = [mediaType, "application/vnd.dev.sigstore.bundle+json;version=0.3"]

    /// Parses a bundle.
    ///
    /// - Throws: ``ModelRefusal`` naming what is wrong.
    init(_ bytes: [UInt8]) throws(ModelRefusal) {
        let reader = JSONReader(.malformedBundle, "the bundle")
        let root = try reader.object(try reader.parse(bytes, maximumSize: Self.maximumSize), "the bundle")
        guard let type = root["mediaType"]?.string else {
            throw ModelRefusal(.mediaType, "the bundle has no media type")
        }
        guard Self.mediaTypes.contains(type) else {
            throw ModelRefusal(
                .mediaType,
                "the bundle's media type is `\(type.prefix(100))`; what is read is `\(Self.mediaType)`"
            )
        }
        try reader.only(["mediaType", "verificationMaterial", "dsseEnvelope"], in: root, "the bundle")
        envelope = try Self.envelope(try reader.object(root["dsseEnvelope"], "`dsseEnvelope`"), reader)
        let material = try reader.object(root["verificationMaterial"], "`verificationMaterial`")
        let methods = ["publicKey", "x509CertificateChain", "certificate"]
        try reader.only(methods + ["tlogEntries", "timestampVerificationData"], in: material, "`verificationMaterial`")
        guard methods.count(where: { material[$0] != nil }) == 1 else {
            throw reader.refuse(
                "`verificationMaterial` has to hold exactly one of \(methods.map { "`\($0)`" }.joined(separator: ", "))"
            )
        }
        if let key = material["publicKey"] {
            self.material = .key(hint: try Self.hint(try reader.object(key, "`publicKey`"), reader))
        } else if let chain = material["x509CertificateChain"] {
            let chain = try reader.object(chain, "`x509CertificateChain`")
            try reader.only(["certificates"], in: chain, "`x509CertificateChain`")
            self.material = .certificates(
                try reader.list(chain["certificates"], "`certificates`", maximum: Self.maximumParts) {
                    (certificate) throws(ModelRefusal) in try Self.rawBytes(certificate, reader)
                }
            )
        } else {
            self.material = .sigstore(try Self.rawBytes(material["certificate"], reader))
        }
        logEntries =
            try reader.optional(material["tlogEntries"]).map { (entries) throws(ModelRefusal) in
                try reader.list(entries, "`tlogEntries`", maximum: Self.maximumParts) { (entry) throws(ModelRefusal) in
                    try LogEntry(entry, reader)
                }
            } ?? []
        timestamps = try Self.timestamps(material["timestampVerificationData"], reader)
    }

    private static func envelope(
        _ object: [String: StrictJSON],
        _ reader: JSONReader
    ) throws(ModelRefusal) -> SignatureEnvelope {
        try reader.only(["payload", "payloadType", "signatures"], in: object, "`dsseEnvelope`")
        let type = try reader.string(object["payloadType"], "`payloadType`")
        guard type == SignatureEnvelope.payloadType else {
            throw reader.refuse(
                "the payload's type is `\(type.prefix(100))` and not `\(SignatureEnvelope.payloadType)`"
            )
        }
        let signatures = try reader.array(object["signatures"], "`signatures`")
        guard signatures.count == 1 else {
            throw reader.refuse("there are \(signatures.count) signatures, and there has to be one")
        }
        let signature = try reader.object(signatures[0], "a signature")
        try reader.only(["sig", "keyid"], in: signature, "a signature")
        // What `keyid` says does not count; what it is does.
        if let id = reader.optional(signature["keyid"]) { _ = try reader.string(id, "`keyid`") }
        return SignatureEnvelope(
            payload: try reader.base64(object["payload"], "`payload`"),
            signature: try reader.base64(signature["sig"], "`sig`")
        )
    }

    private static func hint(_ key: [String: StrictJSON], _ reader: JSONReader) throws(ModelRefusal) -> String {
        // Before 1.1 the key itself stood here, and was believed by nobody (OMS 1.0 §11.2).
        try reader.only(["hint", "rawBytes", "keyDetails"], in: key, "`publicKey`")
        if let bytes = key["rawBytes"] { _ = try reader.string(bytes, "`rawBytes`") }
        // Who writes JSON from the protocol buffer leaves an empty hint out.
        return try reader.optional(key["hint"]).map { (hint) throws(ModelRefusal) in try reader.string(hint, "`hint`") }
            ?? ""
    }

    static func rawBytes(_ value: StrictJSON?, _ reader: JSONReader) throws(ModelRefusal) -> [UInt8] {
        let object = try reader.object(value, "a certificate")
        try reader.only(["rawBytes"], in: object, "a certificate")
        return try reader.base64(object["rawBytes"], "`rawBytes`")
    }

    private static func timestamps(_ value: StrictJSON?, _ reader: JSONReader) throws(ModelRefusal) -> [[UInt8]] {
        guard let value = reader.optional(value) else { return [] }
        let data = try reader.object(value, "`timestampVerificationData`")
        try reader.only(["rfc3161Timestamps"], in: data, "`timestampVerificationData`")
        guard let list = reader.optional(data["rfc3161Timestamps"]) else { return [] }
        return try reader.list(list, "`rfc3161Timestamps`", maximum: maximumParts) { (entry) throws(ModelRefusal) in
            let object = try reader.object(entry, "a timestamp")
            try reader.only(["signedTimestamp"], in: object, "a timestamp")
            return try reader.base64(object["signedTimestamp"], "`signedTimestamp`")
        }
    }
}
