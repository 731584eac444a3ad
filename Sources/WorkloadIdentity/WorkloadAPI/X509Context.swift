public import FoundationEssentials
public import SPIFFE
public import WireProtos
import ZeroTrust

/// A workload's X.509-SVIDs and the bundles by which it verifies others, all of one moment.
public struct X509Context: Sendable {
    /// The SVIDs; the first is the default.
    public let svids: [X509SVID]
    /// The bundles by trust domain, the own one among them.
    public let bundles: X509BundleSet

    /// The SVID to use where nothing else is asked for.
    public var defaultSVID: X509SVID { svids[0] }

    /// Reads and checks a message of the Workload API: keys, chains, dates and ids.
    ///
    /// - Throws: ``IdentityError`` with `unavailable` where anything in it cannot be relied on; nothing of it is used then.
    public init(_ response: WorkloadAPI_X509SVIDResponse, at now: Date) throws(IdentityError) {
        do {
            guard !response.svids.isEmpty else {
                throw IdentityError(.unavailable, "the Workload API sent no X.509-SVID")
            }
            var bundles: X509BundleSet = [:]
            for (name, der) in response.federatedBundles {
                let trustDomain = try Self.trustDomain(name)
                bundles[trustDomain] = try X509Bundle(trustDomain: trustDomain, der: Array(der))
            }
            var svids: [X509SVID] = []
            for message in response.svids {
                let svid = try X509SVID(
                    chainDER: Array(message.x509Svid),
                    keyPKCS8: Array(message.x509SvidKey),
                    hint: message.hint.isEmpty ? nil : message.hint
                )
                guard svid.id.description == message.spiffeID else {
                    throw IdentityError(
                        .unavailable,
                        "the Workload API calls `\(svid.id)` by another name, `\(message.spiffeID.prefix(200))`"
                    )
                }
                let bundle = try X509Bundle(trustDomain: svid.id.trustDomain, der: Array(message.bundle))
                try svid.check(against: bundle, at: now)
                bundles[svid.id.trustDomain] = bundle
                svids.append(svid)
            }
            self.svids = svids
            self.bundles = bundles
        } catch let error as IdentityError {
            throw error
        } catch {
            throw IdentityError(.unavailable, "the Workload API sent what cannot be relied on", cause: error)
        }
    }

    /// The trust domain behind a bundle's key: its SPIFFE ID (Workload API §4.6).
    private static func trustDomain(_ name: String) throws -> TrustDomain {
        let id = try SPIFFEID(name)
        guard id.path.isEmpty else {
            throw IdentityError(.unavailable, "the Workload API sent a bundle of `\(id)`, which is no trust domain")
        }
        return id.trustDomain
    }
}
