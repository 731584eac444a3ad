import Foundation
import SPIFFE
import WorkloadIdentity
import ZeroTrust

/// X.509-SVIDs: a key, a certificate and a signature each.
enum Issuing {
    static func measure(seconds: Double) async throws {
        let authority = try await FigureAuthority().authority
        let request = SVIDRequest(
            id: try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/api-gateway"),
            dnsNames: ["api.example"]
        )
        let issued = try IdentityFigures.rate(for: seconds) { _ = try authority.issue(request) }
        // What the Workload API does before it sends one: it looks at it as a peer would.
        let bundle = authority.bundle
        let checked = try IdentityFigures.rate(for: seconds) {
            let svid = try authority.issue(request)
            try X509SVID(chainDER: svid.chain, keyPKCS8: svid.privateKey.value).check(against: bundle, at: Date())
        }
        try IdentityFigures.say(["issued_per_cpu_second": issued, "checked_per_cpu_second": checked])
    }
}

/// JWT-SVIDs by ES256.
enum Tokens {
    static func measure(seconds: Double) async throws {
        let authority = try await FigureAuthority().authority
        let request = JWTSVIDRequest(
            id: try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/api-gateway"),
            audiences: ["payments"]
        )
        let minted = try IdentityFigures.rate(for: seconds) { _ = try authority.issue(request) }
        let bundles = [authority.jwtBundle.trustDomain: authority.jwtBundle]
        let tokens = try (0..<64).map { _ in try authority.issue(request).token.value }
        var next = 0
        let verified = try IdentityFigures.rate(for: seconds) {
            next += 1
            _ = try JWTSVID(tokens[next % tokens.count], audiences: ["payments"], bundles: bundles, at: Date())
        }
        try IdentityFigures.say(["minted_per_cpu_second": minted, "verified_per_cpu_second": verified])
    }
}
