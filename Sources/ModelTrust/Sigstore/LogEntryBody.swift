import Crypto
import SPIFFE
import SwiftASN1
import ZeroTrust

/// Holds what a log recorded against what a bundle says (Rekor's `dsse` and `intoto` types).
struct LogEntryBody {
    private let reader = JSONReader(.transparency, "the log's entry")
    let envelope: SignatureEnvelope
    /// The signer's certificate in DER.
    let certificate: [UInt8]

    /// - Throws: ``ModelRefusal`` where the entry is of another signature.
    func check(_ entry: LogEntry) throws(ModelRefusal) {
        let body = try reader.object(try reader.parse(entry.body, maximumSize: 4 << 20), "the log's entry")
        guard body["kind"]?.string == entry.kind, body["apiVersion"]?.string == entry.version else {
            throw reader.refuse("the log's entry is of another kind than the bundle says")
        }
        let spec = try reader.object(body["spec"], "`spec`")
        switch (entry.kind, entry.version) {
        case ("dsse", "0.0.1"): try check(dsse: spec)
        case ("dsse", "0.0.2"): try check(dsse2: try reader.object(spec["dsseV002"], "`dsseV002`"))
        case ("intoto", "0.0.2"): try check(intoto: try reader.object(spec["content"], "`content`"))
        default:
            throw reader.refuse(
                "the log's entry is of the kind `\(entry.kind.prefix(40))` \(entry.version.prefix(20)), which is not read here"
            )
        }
    }

    private func check(dsse spec: [String: StrictJSON]) throws(ModelRefusal) {
        try check(payloadHash: try reader.object(spec["payloadHash"], "`payloadHash`"))
        let signature = try only(spec["signatures"])
        try check(
            signature: try reader.base64(signature["signature"], "`signature`"),
            pem: try reader.base64(signature["verifier"], "`verifier`")
        )
    }

    private func check(intoto content: [String: StrictJSON]) throws(ModelRefusal) {
        try check(payloadHash: try reader.object(content["payloadHash"], "`payloadHash`"))
        let signature = try only(try reader.object(content["envelope"], "`envelope`")["signatures"])
        // The signature's base64 is encoded once more in this type.
        let text = String(decoding: try reader.base64(signature["sig"], "`sig`"), as: UTF8.self)
        try check(
            signature: try reader.base64(.string(text), "`sig`"),
            pem: try reader.base64(signature["publicKey"], "`publicKey`")
        )
    }

    private func check(dsse2 spec: [String: StrictJSON]) throws(ModelRefusal) {
        let hash = try reader.object(spec["payloadHash"], "`payloadHash`")
        guard hash["algorithm"]?.string == "SHA2_256",
            try reader.base64(hash["digest"], "`digest`") == Array(SHA256.hash(data: envelope.payload))
        else { throw otherPayload }
        let signature = try only(spec["signatures"])
        let verifier = try reader.object(signature["verifier"], "`verifier`")
        guard try reader.base64(signature["content"], "`content`") == envelope.signature,
            try reader.base64(
                try reader.object(verifier["x509Certificate"], "`x509Certificate`")["rawBytes"],
                "`rawBytes`"
            ) == certificate
        else { throw otherSignature }
    }

    private func only(_ value: StrictJSON?) throws(ModelRefusal) -> [String: StrictJSON] {
        let signatures = try reader.array(value, "`signatures`")
        guard signatures.count == 1 else { throw otherSignature }
        return try reader.object(signatures[0], "a signature")
    }

    private func check(payloadHash hash: [String: StrictJSON]) throws(ModelRefusal) {
        guard hash["algorithm"]?.string == "sha256",
            hash["value"]?.string == Hexadecimal.text(Array(SHA256.hash(data: envelope.payload)))
        else { throw otherPayload }
    }

    private func check(signature: [UInt8], pem: [UInt8]) throws(ModelRefusal) {
        guard let document = try? PEMDocument(pemString: String(decoding: pem, as: UTF8.self)),
            document.discriminator == "CERTIFICATE", document.derBytes == certificate,
            signature == envelope.signature
        else { throw otherSignature }
    }

    private var otherPayload: ModelRefusal { reader.refuse("the log's entry is of another payload") }
    private var otherSignature: ModelRefusal { reader.refuse("the log's entry is of another signature or signer") }
}
