import Foundation
import SPIFFE
import SwiftASN1
import TestIdentities
import Testing
import X509
import ZeroTrust

/// The situations in which go-spiffe parses and verifies X.509-SVIDs, by name: `jwt_wit_semantic_cases.json`.
///
/// Each is made here anew, with certificates of our own.
@Suite(.enabled(if: SPIFFECorpus.isPresent)) struct `SPIFFE semantic conformance` {
    struct Group: Decodable {
        struct Case: Decodable {
            let `case`: String
            let accept: Bool
        }
        let cases: [Case]
    }

    private let world: PeerWorld

    init() throws { world = try PeerWorld() }

    private func run(_ group: String, _ situations: [String: () throws -> Bool]) throws {
        let groups = try SPIFFECorpus.json("testdata/jwt_wit_semantic_cases.json", as: [String: Group].self)
        var tally = Tally("spiffe \(group)")
        for item in try #require(groups[group]).cases {
            guard let situation = situations[item.case] else {
                tally.note("\(item.case): a situation that this suite does not know how to make", false)
                continue
            }
            tally.note(item.case, (try? situation()) ?? false == item.accept)
        }
        tally.report()
    }

    @Test func `verifies as every case says`() throws {
        func verify(
            _ bundles: X509BundleSet? = nil,
            at date: Date = Date(),
            _ change: (inout CertificateForm) -> Void = { _ in }
        ) throws -> Bool {
            let leaf = try world.ours.leaf("/workload", change)
            return accepts(bundles ?? world.bundles, leaf.chain, at: date)
        }
        let (ours, partner) = (world.ours, world.partner)
        try run(
            "x509_svid_verify",
            [
                "success": { try verify() },
                "empty chain": { accepts(world.bundles, [], at: Date()) },
                "empty bundle": { try verify([:]) },
                "nil bundle": { try verify([:]) },
                "no roots": {
                    try verify([ours.trustDomain: X509Bundle(trustDomain: ours.trustDomain, authorities: [])])
                },
                "no roots for leaf cert domain": { try verify([partner.trustDomain: partner.bundle]) },
                "bad leaf cert id": {
                    try verify { $0.names = [.uniformResourceIdentifier("sparfe://cluster.local/a")] }
                },
                "verification fails": { accepts(world.bundles, try world.stranger.leaf().chain, at: Date()) },
                "no URI SAN": { try verify { $0.names = [] } },
                "more than one URI SAN": {
                    try verify { $0.names += [.uniformResourceIdentifier("spiffe://cluster.local/b")] }
                },
                "leaf is CA": { try verify { $0.basicConstraints = .isCertificateAuthority(maxPathLength: nil) } },
                "leaf has KeyUsageCertSign": { try verify { $0.keyUsage?.keyCertSign = true } },
                "leaf has KeyUsageCRLSign": { try verify { $0.keyUsage?.cRLSign = true } },
                "with time": { try verify(at: Date() + 7200) },
            ]
        )
    }

    private func accepts(_ bundles: X509BundleSet, _ chain: [Certificate], at date: Date) -> Bool {
        if case .verified = PeerVerifier(bundles: bundles, clock: { date }).verify(chain: chain) { true } else { false }
    }

    @Test func `parses as every case says`() throws {
        let good = try world.ours.svid()
        let (chain, key) = (good.chainPEM, good.keyPEM.value)
        func parse(_ chain: String, _ key: String) -> Bool { (try? X509SVID(chainPEM: chain, keyPEM: key)) != nil }
        func made(_ change: (inout CertificateForm) -> Void) throws -> Bool {
            let leaf = try world.ours.leaf("/workload", change)
            return (try? X509SVID(chainDER: leaf.der, keyPKCS8: X509SVID.key(of: leaf))) != nil
        }
        func below(_ change: (inout CertificateForm) -> Void) throws -> Bool {
            let leaf = try world.ours.intermediate(change).leaf()
            return (try? X509SVID(chainDER: leaf.der, keyPKCS8: X509SVID.key(of: leaf))) != nil
        }
        func block(_ kind: String) -> String { "-----BEGIN \(kind)-----\nAAAA\n-----END \(kind)-----\n" }
        try run(
            "x509_svid_parse",
            [
                "Single certificate and key": { parse(chain, key) },
                "Certificate with intermediate and key": { try below { _ in } },
                "Key and certificate in the same byte array": { parse(key + chain, key + chain) },
                "Certificate and Key in the same byte array": { parse(chain + key, chain + key) },
                "Missing certificate": { parse(key, key) },
                "Missing private key": { parse(chain, chain) },
                "Private key not PEM": { parse(chain, "not PEM") },
                "Certificate not PEM": { parse("not PEM", key) },
                "Corrupt private key": { parse(chain, block("PRIVATE KEY")) },
                "Corrupt certificate": { parse(block("CERTIFICATE"), key) },
                "Certificate does not match private key": { parse(chain, try world.ours.svid().keyPEM.value) },
                "Certificate without SPIFFE ID": { try made { $0.names = [] } },
                "Leaf certificate with CA flag set to true": {
                    try made { $0.basicConstraints = .isCertificateAuthority(maxPathLength: nil) }
                },
                "Leaf certificate without digitalSignature as key usage": {
                    try made { $0.keyUsage = KeyUsage(keyAgreement: true) }
                },
                "Leaf certificate with certSign as key usage": { try made { $0.keyUsage?.keyCertSign = true } },
                "Leaf certificate with cRLSign as key usage": { try made { $0.keyUsage?.cRLSign = true } },
                "Signing certificate without CA flag": { try below { $0.basicConstraints = .notCertificateAuthority } },
                "Signing certificate without 'keyCertSign' usage": {
                    try below { $0.keyUsage = KeyUsage(cRLSign: true) }
                },
            ]
        )
    }
}

extension X509SVID {
    /// A test leaf's key as PKCS#8.
    fileprivate static func key(of leaf: TestLeaf) throws -> [UInt8] { try leaf.key.serializeAsPEM().derBytes }
}
