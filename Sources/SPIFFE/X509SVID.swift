import Crypto
public import FoundationEssentials
import SwiftASN1
public import X509
public import ZeroTrust

/// A workload's identity document with its private key: what a workload proves who it is with (X.509-SVID).
///
/// Making one checks everything that can be seen without knowing who is trusted: the shape of each certificate
/// (X.509-SVID §2-§4) and that the key is the leaf's. Whether anybody will believe it is ``check(against:at:)``.
///
/// ```swift
/// let svid = try X509SVID(chainDER: message.x509Svid, keyPKCS8: message.x509SvidKey)
/// try svid.check(against: bundle, at: .now)
/// ```
public struct X509SVID: Sendable {
    /// The workload's name, as the leaf has it.
    public let id: SPIFFEID
    /// The leaf, then the intermediate authorities towards the root, which itself is not needed.
    public let certificates: [Certificate]
    /// The key of the leaf.
    public let privateKey: Certificate.PrivateKey
    /// Tells several SVIDs of one workload apart (SPIFFE Workload API §8); at most 1,024 bytes.
    public let hint: String?
    /// The private key as unencrypted PKCS#8 DER.
    public let keyPKCS8: Redacted<[UInt8]>

    /// The longest chain that is looked at, in bytes.
    public static let maximumChainLength = 64 * 1024
    /// The longest hint, in bytes (SPIFFE Workload API §8).
    public static let maximumHintLength = 1024

    /// An SVID from a chain and its key.
    ///
    /// - Parameters:
    ///   - certificates: the leaf first.
    ///   - privateKey: the leaf's key.
    ///   - hint: what tells several SVIDs apart.
    /// - Throws: ``SVIDError`` naming the rule that is broken.
    public init(
        certificates: [Certificate],
        privateKey: Certificate.PrivateKey,
        hint: String? = nil
    ) throws(SVIDError) {
        try self.init(
            certificates: certificates,
            privateKey: privateKey,
            keyPKCS8: PrivateKeyDER.encode(privateKey),
            hint: hint
        )
    }

    /// An SVID from DER certificates, the leaf first, and a PKCS#8 key.
    public init(chainDER: [[UInt8]], keyPKCS8: [UInt8], hint: String? = nil) throws(SVIDError) {
        guard chainDER.count <= CertificateProfile.maximumChain else {
            throw CertificateProfile.chainTooLong(chainDER.count)
        }
        var certificates: [Certificate] = []
        for der in chainDER { certificates.append(try CertificateProfile.decode(der)) }
        try self.init(
            certificates: certificates,
            privateKey: PrivateKeyDER.decode(keyPKCS8),
            keyPKCS8: keyPKCS8,
            hint: hint
        )
    }

    /// An SVID as the Workload API sends it: DER certificates one after another, the leaf first, and a PKCS#8 key.
    public init(chainDER: [UInt8], keyPKCS8: [UInt8], hint: String? = nil) throws(SVIDError) {
        guard chainDER.count <= Self.maximumChainLength else {
            throw SVIDError(.tooLarge, "the chain has \(chainDER.count) bytes")
        }
        try self.init(
            chainDER: ConcatenatedDER.split(chainDER, limit: CertificateProfile.maximumChain),
            keyPKCS8: keyPKCS8,
            hint: hint
        )
    }

    /// An SVID from PEM files: the `CERTIFICATE` blocks of one, the leaf first, and the first `PRIVATE KEY` block of
    /// the other, which may be the same text.
    public init(chainPEM: String, keyPEM: String, hint: String? = nil) throws(SVIDError) {
        let chain = try PEMBlocks.parse(chainPEM).filter { $0.discriminator == PEMBlocks.certificate }
        guard !chain.isEmpty else { throw SVIDError(.noCertificate, "there is no `CERTIFICATE` block") }
        guard let key = try PEMBlocks.parse(keyPEM).first(where: { $0.discriminator == PEMBlocks.privateKey }) else {
            throw SVIDError(.malformedKey, "there is no `PRIVATE KEY` block")
        }
        try self.init(chainDER: chain.map(\.derBytes), keyPKCS8: key.derBytes, hint: hint)
    }

    private init(
        certificates: [Certificate],
        privateKey: Certificate.PrivateKey,
        keyPKCS8: [UInt8],
        hint: String?
    ) throws(SVIDError) {
        self.id = try CertificateProfile.check(chain: certificates)
        guard certificates.first?.publicKey == privateKey.publicKey else {
            throw SVIDError(.keyMismatch, "the private key is not the leaf's")
        }
        if let hint, hint.utf8.count > Self.maximumHintLength {
            throw SVIDError(.hintTooLong, "the hint has \(hint.utf8.count) bytes")
        }
        self.certificates = certificates
        self.privateKey = privateKey
        self.keyPKCS8 = Redacted(keyPKCS8)
        self.hint = hint
    }

    /// Checks that the trust domain's authorities vouch for the SVID at a moment: what an issuer does before it hands
    /// one out, and a workload before it uses one.
    ///
    /// - Throws: ``SVIDError`` naming the rule that is broken.
    public func check(against bundle: X509Bundle, at date: Date) throws(SVIDError) {
        guard bundle.trustDomain == id.trustDomain else {
            throw SVIDError(
                .foreignTrustDomain,
                "`\(id)` is not of the trust domain `\(bundle.trustDomain)`"
            )
        }
        _ = try PathValidation(authorities: bundle.authorities).validate(chain: certificates, at: date)
    }

    /// When the leaf begins to be valid.
    public var notBefore: Date { certificates.first?.notValidBefore ?? .distantFuture }
    /// When the leaf expires.
    public var notAfter: Date { certificates.first?.notValidAfter ?? .distantPast }
    /// The leaf's serial number in lower-case hexadecimal.
    public var serialNumber: String { certificates.first.map { Hexadecimal.text($0.serialNumber.bytes) } ?? "" }
    /// The chain as the Workload API sends it: DER certificates one after another, the leaf first.
    public var chainDER: [UInt8] { certificatesDER.flatMap { $0 } }
    /// The chain's certificates in DER, the leaf first.
    public var certificatesDER: [[UInt8]] { certificates.compactMap { try? CertificateProfile.encode($0) } }
    /// The chain as PEM text, the leaf first.
    public var chainPEM: String { PEMText.certificates(certificatesDER) }
    /// The private key as PEM text.
    public var keyPEM: Redacted<String> {
        Redacted(PEMDocument(type: PEMBlocks.privateKey, derBytes: keyPKCS8.value).pemString + "\n")
    }
}

extension X509SVID: CustomStringConvertible {
    /// The ID and the serial number; never the key.
    public var description: String { "\(id) (serial \(serialNumber))" }
}
