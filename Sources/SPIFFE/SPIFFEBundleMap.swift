public import ZeroTrust

/// Bundles of several trust domains in one document (SPIFFE Trust Domain and Bundle §5).
///
/// Each stays the authority of its own trust domain only. A trust domain that stands twice makes the document invalid,
/// and so does one that does not parse; the bundles' own refresh hints are ignored.
public struct SPIFFEBundleMap: Sendable, Hashable {
    /// The bundles, by trust domain.
    public let bundles: [TrustDomain: SPIFFEBundle]

    /// The most trust domains in a document.
    public static let maximumTrustDomains = 1024

    /// Parses a bundle map.
    ///
    /// - Throws: ``SVIDError`` saying what is wrong with the document.
    public init(document: [UInt8]) throws(SVIDError) {
        guard let members = try SPIFFEBundle.parse(document).object,
            let domains = members["trust_domains"]?.object
        else { throw SVIDError(.malformedBundle, "the bundle map has no `trust_domains`") }
        guard domains.count <= Self.maximumTrustDomains else {
            throw SVIDError(.tooLarge, "the bundle map has \(domains.count) trust domains")
        }
        var bundles: [TrustDomain: SPIFFEBundle] = [:]
        for (name, json) in domains {
            let trustDomain: TrustDomain
            do {
                trustDomain = try TrustDomain(name)
            } catch {
                throw SVIDError(.malformedBundle, "a name in the bundle map is not a trust domain: \(error)")
            }
            var bundle = try SPIFFEBundle(trustDomain: trustDomain, json: json)
            bundle.refreshHint = nil
            bundles[trustDomain] = bundle
        }
        self.bundles = bundles
    }
}
