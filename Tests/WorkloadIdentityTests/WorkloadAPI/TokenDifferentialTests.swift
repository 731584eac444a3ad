import Foundation
import SPIFFE
import Testing
import ZeroTrust

/// §4.3 of the identity specification: the same thirty-seven tokens to py-spiffe, to Envoy's `jwt_authn` and to us.
@Suite(.enabled(if: PeerProcess.isAvailable), .timeLimit(.minutes(5))) struct TokenDifferentialTests {
    private struct Answer: Decodable {
        struct Row: Decodable {
            let name: String
            let token: String
            /// Whether a strict reader takes it.
            let expected: Bool
            let spiffe: Bool
            /// Nil where there is no Envoy.
            let envoy: Bool?
        }

        let jwks: String
        let rows: [Row]
    }

    @Test func `on every row ours is the strict answer`() async throws {
        let peer = try PeerProcess("jwt_differential.py", socket: "/nowhere")
        let line = try await peer.line(beginning: "{")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(line.utf8))
        let domain = try TrustDomain("example.org")
        let bundles = [domain: try JWTBundle(trustDomain: domain, jwks: Array(answer.jwks.utf8))]
        var (agreed, stricter) = (0, 0)
        for row in answer.rows {
            let ours: String
            do throws(TokenRefusal) {
                _ = try JWTSVID(row.token, audiences: ["shop"], bundles: bundles, at: Date())
                ours = "accept"
            } catch {
                ours = error.code.rawValue
            }
            let peers = [row.spiffe, row.envoy].compactMap(\.self)
            func word(_ verdict: Bool?) -> String { verdict.map { $0 ? "accept" : "refuse" } ?? "not asked" }
            print("| \(row.name) | \(word(row.spiffe)) | \(word(row.envoy)) | \(ours) |")
            #expect((ours == "accept") == row.expected, "\(row.name)")
            // What anybody refuses, we refuse.
            #expect(ours != "accept" || peers.allSatisfy(\.self), "\(row.name)")
            if (ours == "accept") == row.expected { agreed += 1 }
            if ours != "accept", peers.contains(true) { stricter += 1 }
        }
        print("suite token differential: \(agreed) passed, \(answer.rows.count - agreed) failed")
        print("  stricter than a peer on \(stricter) rows; Envoy \(answer.rows.first?.envoy == nil ? "not " : "")asked")
        #expect(answer.rows.count == 37)
        #expect(await peer.wait() == 0)
    }
}
