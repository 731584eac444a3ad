import Authorization
import Foundation
import Resources
import SPIFFE
import Testing
import ZeroTrust

/// Istio's own sample tokens are verified by its sample keys, and by no others.
@Suite struct TokenConformanceTests {
    @Test func `every sample token is verified by the sample keys`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let folder = corpus.appendingPathComponent("istio-jwt")
        let location = SourceLocation(file: "jwks.json", line: 1, column: 1)
        let keys = try TokenKeySet(
            json: Array(Data(contentsOf: folder.appendingPathComponent("jwks.json"))),
            at: location
        )
        var report = SuiteReport(name: "Istio sample tokens")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where name.hasSuffix(".jwt") {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let (outcome, changed) = (Self.outcome(text, keys), Self.outcome(Self.changed(text), keys))
            if outcome == "verified", changed == TokenRefusal.Code.badSignature.rawValue {
                report.passed()
            } else {
                report.failed("\(name): \(outcome); changed: \(changed)")
            }
        }
        report.finish()
    }

    private static func outcome(_ token: String, _ keys: TokenKeySet) -> String {
        let verifier = TokenVerifier(
            rules: [TokenRule(issuer: nil, keys: .inline(keys))],
            keys: TokenKeyStore(),
            compatibility: .istio
        )
        let request = TokenRequest(headers: [.init(name: "authorization", value: "Bearer " + token)], path: "/")
        switch verifier.verify(request) {
        case .absent: return "none"
        case .verified: return "verified"
        case .refused(let refusal): return refusal.code.rawValue
        }
    }

    /// The token with another first character in its signature.
    private static func changed(_ token: String) -> String {
        var parts = token.split(separator: ".").map(String.init)
        let first = parts[2].removeFirst()
        parts[2] = (first == "A" ? "B" : "A") + parts[2]
        return parts.joined(separator: ".")
    }
}
