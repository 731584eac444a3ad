import FoundationEssentials
import SPIFFE
import X509
import ZeroTrust

/// The authorities and logs of a Sigstore instance, pinned as data (sigstore_trustroot.proto).
public struct TrustedRoot: Sendable {
    /// A certificate authority.
    struct Authority: Sendable {
        let anchor: Certificate
        let others: [Certificate]
        let validity: ValidityPeriod
    }

    let authorities: [Authority]
    let logs: [LogKey]
    let certificateLogs: [LogKey]
    /// The timestamping authorities.
    public let timestamps: TimestampTrust

    private static let reader = JSONReader(.transparency, "the trusted root")

    /// Reads a `trusted_root.json`, or the one within a client's trust configuration.
    ///
    /// - Throws: ``ModelRefusal`` where it is anything else.
    public init(json: [UInt8]) throws(ModelRefusal) {
        let reader = Self.reader
        var root = try reader.object(try reader.parse(json, maximumSize: 4 << 20), "the trusted root")
        if let inner = root["trustedRoot"]?.object { root = inner }
        let type = try reader.string(root["mediaType"], "`mediaType`")
        guard type.hasPrefix("application/vnd.dev.sigstore.trustedroot") else {
            throw reader.refuse("the trusted root's media type is `\(type.prefix(100))`")
        }
        authorities = try Self.list(root["certificateAuthorities"]) { (value) throws(ModelRefusal) in
            let (certificates, validity) = try Self.chain(value)
            return Authority(
                anchor: certificates[certificates.count - 1],
                others: certificates.dropLast(),
                validity: validity
            )
        }
        logs = try Self.list(root["tlogs"], Self.log)
        certificateLogs = try Self.list(root["ctlogs"], Self.log)
        timestamps = TimestampTrust(
            authorities: try Self.list(root["timestampAuthorities"]) { (value) throws(ModelRefusal) in
                let (certificates, validity) = try Self.chain(value)
                return TimestampTrust.Authority(
                    anchor: certificates[certificates.count - 1],
                    others: certificates.dropLast(),
                    validity: validity
                )
            }
        )
    }

    private static func list<Element>(
        _ value: StrictJSON?,
        _ read: (StrictJSON) throws(ModelRefusal) -> Element
    ) throws(ModelRefusal) -> [Element] {
        guard let value = reader.optional(value) else { return [] }
        return try reader.list(value, "a list of authorities or logs", maximum: 64, read)
    }

    private static func chain(_ value: StrictJSON) throws(ModelRefusal) -> (certificates: [Certificate], ValidityPeriod)
    {
        let authority = try reader.object(value, "an authority")
        let chain = try reader.object(authority["certChain"], "`certChain`")
        let der = try reader.list(chain["certificates"], "`certificates`", maximum: CertificateChain.maximumLength) {
            (certificate) throws(ModelRefusal) in try SignatureBundle.rawBytes(certificate, reader)
        }
        return (try CertificateChain(der: der).certificates, try validity(authority["validFor"]))
    }

    private static func log(_ value: StrictJSON) throws(ModelRefusal) -> LogKey {
        let log = try reader.object(value, "a log")
        let key = try reader.object(log["publicKey"], "`publicKey`")
        return try LogKey(
            der: try reader.base64(key["rawBytes"], "`rawBytes`"),
            id: try reader.base64(try reader.object(log["logId"], "`logId`")["keyId"], "`keyId`"),
            validity: try validity(key["validFor"])
        )
    }

    private static func validity(_ value: StrictJSON?) throws(ModelRefusal) -> ValidityPeriod {
        guard let value = reader.optional(value) else { return .always }
        let period = try reader.object(value, "`validFor`")
        func date(_ name: String) throws(ModelRefusal) -> Date? {
            guard let text = reader.optional(period[name]) else { return nil }
            guard let time = Timestamp(try reader.string(text, "`\(name)`")) else {
                throw reader.refuse("`\(name)` is no time")
            }
            return Date(timeIntervalSince1970: Double(time.nanoseconds) / 1e9)
        }
        return ValidityPeriod(start: try date("start"), end: try date("end"))
    }
}
