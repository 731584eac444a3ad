import SPIFFE

/// Writes bundles as model_signing 1.1.1 does: on one line, with the names in its order.
enum BundleWriter {
    static func write(_ envelope: SignatureEnvelope, credential: SigningCredential, timestamp: [UInt8]?) -> [UInt8] {
        let material =
            if credential.certificates.isEmpty {
                #""publicKey":{"hint":"\#(credential.key.publicKey.fingerprint)"}"#
            } else {
                #""x509CertificateChain":{"certificates":["#
                    + credential.certificates.map { #"{"rawBytes":"\#(Base64.encode($0))"}"# }.joined(separator: ",")
                    + "]}"
            }
        let time = timestamp.map {
            #","timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"\#(Base64.encode($0))"}]}"#
        }
        return Array(
            (#"{"mediaType":"\#(SignatureBundle.mediaType)","verificationMaterial":{"# + material
                + #","tlogEntries":[]"# + (time ?? "") + #"},"dsseEnvelope":{"payload":""#
                + Base64.encode(envelope.payload)
                + #"","payloadType":"\#(SignatureEnvelope.payloadType)","signatures":[{"sig":""#
                + Base64.encode(envelope.signature) + #"","keyid":""}]}}"#).utf8
        )
    }
}
