public import ZeroTrust

/// What the decision records of a caller have in common, encoded once: who calls, to where and how.
///
/// ```swift
/// let fragments = RecordFragments(caller: caller, destination: destination, tls: tls)
/// let entry = record.encoded(with: fragments)
/// ```
public struct RecordFragments: Sendable {
    let caller: [UInt8]
    let destination: [UInt8]
    let tls: [UInt8]

    /// The fragments for records that have these; nil where a text among them is too long to be recorded whole, which
    /// the record then has to say itself.
    public init?(
        caller: DecisionRecord.Caller,
        destination: Exchange.Endpoint,
        tls: DecisionRecord.TLS
    ) {
        let limits = RecordEncoding.Limits.ordinary
        var isWhole = true
        func encode(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
            var json = JSONWriter(capacity: 256)
            write(&json)
            if !json.truncations.isEmpty { isWhole = false }
            return json.bytes
        }
        self.caller = encode { $0.caller(caller, limits) }
        self.destination = encode { $0.endpoint(destination) }
        self.tls = encode { $0.tls(tls, limits) }
        guard isWhole else { return nil }
    }
}

extension JSONWriter {
    mutating func caller(_ caller: DecisionRecord.Caller, _ limits: RecordEncoding.Limits) {
        beginObject()
        if let digest = caller.modelDigest {
            name("model")
            string(digest, limit: 80, field: "caller.model")
        }
        if let signer = caller.modelSigner {
            name("model_signer")
            string(signer, limit: limits.signer, field: "caller.model_signer")
        }
        name("serial")
        string(caller.serialNumber, limit: 64, field: "caller.serial")
        name("spiffe_id")
        string(caller.spiffeID.description)
        name("svid_sha256")
        string(caller.fingerprint, limit: 64, field: "caller.svid_sha256")
        endObject()
    }

    mutating func tls(_ tls: DecisionRecord.TLS, _ limits: RecordEncoding.Limits) {
        beginObject()
        name("cipher")
        string(tls.cipher, limit: limits.text, field: "tls.cipher")
        if let serverName = tls.serverName {
            name("server_name")
            string(serverName, limit: limits.authority, field: "tls.server_name")
        }
        name("version")
        string(tls.version, limit: 16, field: "tls.version")
        endObject()
    }
}
