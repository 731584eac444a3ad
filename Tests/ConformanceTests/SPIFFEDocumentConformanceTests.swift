import Foundation
import SPIFFE
import Testing
import X509
import ZeroTrust

/// `spiffe/testdata`: the X.509-SVIDs and bundles on which go-spiffe and py-spiffe test themselves.
///
/// The README there gives the verdicts and the names follow them: `wrong…`, `corrupt…`, `not-pem`, `…missing…`,
/// `…no_keys…` and keys in a certificate's place are refused, everything else is taken. `Documentation/
/// spiffe-conformance.md` decides where the libraries or the specification disagree.
@Suite(.enabled(if: SPIFFECorpus.isPresent)) struct `SPIFFE document conformance` {
    private let domain: TrustDomain

    init() throws { domain = try TrustDomain("domain.test") }

    private func isRefused(_ name: String) -> Bool {
        ["wrong", "corrupt", "not-pem", "key"].contains { name.hasPrefix($0) } || name.contains("missing")
            || name.contains("no_keys")
    }

    @Test func `agrees on every X509 SVID`() throws {
        var tally = Tally("spiffe x509-svid files")
        for folder in ["testdata/go-spiffe/svid_x509svid", "testdata/py-spiffe/x509-certs"] {
            let files = try SPIFFECorpus.files(folder)
            let contents = try Dictionary(
                uniqueKeysWithValues: files.map { ($0, [UInt8](try SPIFFECorpus.data("\(folder)/\($0)"))) }
            )
            for file in files where !(file.contains("key") && !file.contains("cert")) {
                guard let chain = contents[file] else { continue }
                let outcomes = contents.values.map { parse(chain, key: $0) }
                let taken = outcomes.compactMap { try? $0.get() }
                if isRefused(file) {
                    tally.note("\(folder)/\(file): taken", taken.isEmpty)
                } else {
                    // One key of the folder is the leaf's; every other has to be refused.
                    tally.note("\(folder)/\(file)", Set(taken.map(\.keyPKCS8.value)).count == 1)
                    // A key of any kind is written as PKCS#8 and read again.
                    for svid in taken.prefix(1) {
                        let copy = try X509SVID(certificates: svid.certificates, privateKey: svid.privateKey)
                        let again = try? X509SVID(chainDER: copy.chainDER, keyPKCS8: copy.keyPKCS8.value)
                        tally.note("\(folder)/\(file) written again", again?.privateKey == svid.privateKey)
                    }
                    for svid in taken.prefix(1) where svid.certificates.count > 1 {
                        tally.note("\(file) verifies", verifies(svid))
                    }
                }
            }
        }
        tally.report()
    }

    private func parse(_ chain: [UInt8], key: [UInt8]) -> Result<X509SVID, SVIDError> {
        func isPEM(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "-----BEGIN".utf8) }
        do throws(SVIDError) {
            if isPEM(chain) || isPEM(key) {
                return .success(
                    try X509SVID(
                        chainPEM: String(decoding: chain, as: UTF8.self),
                        keyPEM: String(decoding: key, as: UTF8.self)
                    )
                )
            }
            return .success(try X509SVID(chainDER: chain, keyPKCS8: key))
        } catch {
            return .failure(error)
        }
    }

    /// Whether the chain verifies with its last certificate as the authority, with the clock set to when it was valid.
    private func verifies(_ svid: X509SVID) -> Bool {
        guard let last = svid.certificates.last else { return false }
        let bundle = X509Bundle(trustDomain: svid.id.trustDomain, authorities: [last])
        func passes(_ date: Date) -> Bool { (try? svid.check(against: bundle, at: date)) != nil }
        return passes(svid.notBefore + 1) && !passes(svid.notAfter + 1) && !passes(svid.notBefore - 1)
    }

    @Test func `agrees on every X509 bundle`() throws {
        var tally = Tally("spiffe x509 bundle files")
        for folder in ["testdata/go-spiffe/bundle_x509bundle", "testdata/py-spiffe/x509-bundle-certs"] {
            for file in try SPIFFECorpus.files(folder) {
                let data = try SPIFFECorpus.data("\(folder)/\(file)")
                let text = String(decoding: data, as: UTF8.self)
                let bundle =
                    file.hasSuffix(".der") || !text.contains("-----BEGIN") && !file.hasSuffix(".pem")
                    ? try? X509Bundle(trustDomain: domain, der: Array(data))
                    : try? X509Bundle(trustDomain: domain, pem: text)
                let blocks = text.components(separatedBy: "-----BEGIN CERTIFICATE-----").count - 1
                if isRefused(file) {
                    tally.note("\(folder)/\(file): taken", bundle == nil)
                } else if file.hasSuffix(".der") {
                    tally.note("\(folder)/\(file)", bundle?.der == Array(data))
                } else {
                    tally.note("\(folder)/\(file)", bundle?.authoritiesDER.count == blocks)
                }
            }
        }
        tally.report()
    }

    @Test func `agrees on every SPIFFE bundle`() throws {
        var tally = Tally("spiffe bundle documents")
        let folder = "testdata/go-spiffe/bundle_spiffebundle"
        for file in try SPIFFECorpus.files(folder) where file.hasSuffix(".json") {
            let data = try SPIFFECorpus.data("\(folder)/\(file)")
            let bundle = try? SPIFFEBundle(trustDomain: domain, document: Array(data))
            guard !isRefused(file) else {
                tally.note("\(file): taken", bundle == nil)
                continue
            }
            let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            let keys = object["keys"] as? [[String: Any]] ?? []
            func count(_ use: String) -> Int { keys.count { $0["use"] as? String == use } }
            tally.note(
                file,
                bundle.map {
                    $0.x509Bundle.authoritiesDER.count == count("x509-svid")
                        && $0.jwtAuthorities.count == count("jwt-svid")
                        && $0.witAuthorities.count == count("wit-svid")
                        && $0.sequence.map(Int.init) == object["spiffe_sequence"] as? Int
                        && $0.refreshHint.map(Int.init) == object["spiffe_refresh_hint"] as? Int
                } ?? false
            )
        }
        tally.report()
    }
}
