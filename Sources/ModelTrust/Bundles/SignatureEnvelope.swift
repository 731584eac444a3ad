import SPIFFE
import ZeroTrust

/// A DSSE envelope with one signature, and what it was signed over.
struct SignatureEnvelope: Sendable {
    /// The only type of payload that a model's signature has (OMS 1.0 §6.7).
    static let payloadType = "application/vnd.in-toto+json"

    let payload: [UInt8]
    /// In DER.
    let signature: [UInt8]

    /// The bytes that are signed: DSSE's pre-authentication encoding.
    var signedBytes: [UInt8] {
        Array("DSSEv1 \(Self.payloadType.utf8.count) \(Self.payloadType) \(payload.count) ".utf8) + payload
    }

    /// The bytes that model_signing 0.2.0 signed: by a mistake of that release, the payload as Python prints it.
    var legacySignedBytes: [UInt8] {
        Array("DSSEV1 \(Self.payloadType.utf8.count) \(Self.payloadType) \(payload.count) b".utf8)
            + Self.pythonLiteral(payload)
    }

    /// What Python's `repr` puts behind the `b` of bytes.
    private static func pythonLiteral(_ bytes: [UInt8]) -> [UInt8] {
        let single = UInt8(ascii: "'")
        let double = UInt8(ascii: "\"")
        let quote = bytes.contains(single) && !bytes.contains(double) ? double : single
        var text = [quote]
        for byte in bytes {
            switch byte {
            case quote, UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\t"): text += Array("\\t".utf8)
            case UInt8(ascii: "\n"): text += Array("\\n".utf8)
            case UInt8(ascii: "\r"): text += Array("\\r".utf8)
            case 0x20..<0x7f: text.append(byte)
            default: text += Array("\\x".utf8) + Array(Hexadecimal.text([byte]).utf8)
            }
        }
        return text + [quote]
    }
}
