import SPIFFE
import SwiftASN1
import X509

/// A certificate chain and a signature by its leaf's key over this moment: `{"certificates": PEM, "algorithm": "ES256",
/// "signature": base64url}`.
///
/// The signature is in the form of JWS (RFC 7518 §3.4 for EC).
struct PossessionProof {
    /// The longest chain.
    static let maximumChain = 8

    /// The chain as DER, the leaf first.
    let chain: [[UInt8]]
    /// The same, taken apart.
    let certificates: [Certificate]
    private let algorithm: SignatureAlgorithm
    private let signature: [UInt8]

    /// Reads a proof; nothing in it is believed yet.
    ///
    /// - Throws: ``EvidenceRefusal`` where it is none.
    init(_ document: [UInt8]) throws(EvidenceRefusal) {
        guard let json = try? StrictJSON(document), let pem = json["certificates"]?.string,
            let algorithm = json["algorithm"]?.string.flatMap({ SignatureAlgorithm(rawValue: $0) }),
            let signature = json["signature"]?.string.flatMap({ Base64URL.decode($0.utf8) })
        else { throw EvidenceRefusal("the evidence is no proof of possession") }
        let blocks = PEM.decode(pem)
        guard (1...Self.maximumChain).contains(blocks.count), blocks.allSatisfy({ $0.type == "CERTIFICATE" }),
            blocks.allSatisfy({ $0.der.count <= 16 * 1024 })
        else { throw EvidenceRefusal("the evidence holds no chain of certificates") }
        var certificates: [Certificate] = []
        for block in blocks {
            guard let certificate = try? Certificate(derEncoded: block.der) else {
                throw EvidenceRefusal("a certificate of the evidence is malformed")
            }
            certificates.append(certificate)
        }
        self.chain = blocks.map(\.der)
        self.certificates = certificates
        self.algorithm = algorithm
        self.signature = signature
    }

    /// Whether the leaf's key signed what binds the evidence to this moment.
    ///
    /// - Throws: ``EvidenceRefusal`` where it did not.
    func check(_ binding: [UInt8]) throws(EvidenceRefusal) {
        guard let leaf = certificates.first, let key = TokenKey(keyID: "leaf", leaf.publicKey),
            key.isFor(algorithm), key.verifies(signature, of: binding[...], algorithm)
        else { throw EvidenceRefusal("the certificate's key did not sign for this key and this moment") }
    }
}
