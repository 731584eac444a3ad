import Foundation
import SPIFFE
import Testing
import ZeroTrust

@testable import Authorization

/// Bounded fuzzing with fixed seeds: the parsers answer whatever they are given, and believe none of it.
@Suite struct HostileTokensTests {
    /// SplitMix64, so that a seed names the same bytes everywhere.
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    /// Changes, inserts, removes or repeats a few bytes.
    private func mutate(_ bytes: [UInt8], _ random: inout Generator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[at] = .random(in: 0...255, using: &random)
            case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes.insert(.random(in: 0...255, using: &random), at: at)
            case 3: bytes.remove(at: at)
            default: bytes.replaceSubrange(at..., with: bytes[..<at])
            }
        }
        return bytes
    }

    @Test(arguments: [1, 2] as [UInt64], Compatibility.allCases)
    func `a token of which a byte was changed proves nothing`(seed: UInt64, compatibility: Compatibility) throws {
        let issuer = try TokenVerifierTests.issuer.get()
        let verifier = TestIssuer.verifier([try issuer.rule()], compatibility: compatibility)
        let algorithms: [SignatureAlgorithm] = [.es256, .edDSA, .rs256]
        let tokens = try algorithms.map { Array(try issuer.token(algorithm: $0).utf8) }
        var random = Generator(state: seed)
        for round in 0..<1500 {
            let token = tokens[round % tokens.count]
            let changed = String(decoding: mutate(token, &random), as: UTF8.self)
            guard !tokens.contains(Array(changed.utf8)) else { continue }
            let outcome = verifier.outcome(bearer: changed)
            #expect(TokenRefusal.Code(rawValue: outcome) != nil, "\(changed): \(outcome)")
        }
    }

    @Test(arguments: [3, 4] as [UInt64])
    func `headers and payloads of any bytes are read or refused though the signature is right`(seed: UInt64) throws {
        let issuer = try TokenVerifierTests.issuer.get()
        let verifier = TestIssuer.verifier([try issuer.rule()])
        let header = Array(#"{"alg":"ES256","kid":"P-256","typ":"JWT"}"#.utf8)
        let payload = Array(#"{"iss":"https://issuer.example","sub":"alice","exp":1800000300,"aud":["a","b"]}"#.utf8)
        var random = Generator(state: seed)
        for round in 0..<800 {
            let token = try issuer.sign(
                header: Data(round % 2 == 0 ? mutate(header, &random) : header),
                payload: Data(round % 2 == 1 ? mutate(payload, &random) : payload)
            )
            let request = TokenRequest(headers: [.init(name: "authorization", value: "Bearer " + token)], path: "/")
            guard case .verified(let identity) = verifier.verify(request) else { continue }
            #expect(identity.claims.issuer == issuer.name)
        }
    }

    @Test(arguments: [5, 6] as [UInt64])
    func `key sets of any bytes are read or refused, and no changed key verifies what another signed`(
        seed: UInt64
    ) throws {
        let issuer = try TokenVerifierTests.issuer.get()
        let jwks = try issuer.jwks()
        let document = Array(try JSONSerialization.data(withJSONObject: ["keys": jwks], options: .sortedKeys))
        let token = try CompactToken(issuer.token())
        var random = Generator(state: seed)
        var read = 0
        for _ in 0..<600 {
            let changed = mutate(document, &random)
            guard let keys = try? TokenKeySet(json: changed, at: TestIssuer.location) else { continue }
            read += 1
            // A change elsewhere leaves the key as it was.
            guard (try? keys.verify(token)) != nil else { continue }
            let text = String(decoding: changed, as: UTF8.self)
            #expect(text.contains(jwks[0]["x"] as? String ?? "") && text.contains(jwks[0]["y"] as? String ?? ""))
        }
        #expect(read > 0)
    }

    @Test(arguments: [7] as [UInt64])
    func `a place in any request gives tokens that stand in it`(seed: UInt64) {
        let places: [TokenRule.Place] = [
            .header("authorization", prefix: "Bearer "), .header("x", prefix: ""), .parameter("t"), .cookie("c"),
        ]
        let seeds = ["Bearer a.b.c", "bearer  a", "a=b; c=\"d\"; c", "/x?t=%41&t&%74=b#t=c", "Basic x, Bearer y"]
        var random = Generator(state: seed)
        for _ in 0..<4000 {
            let start = Array(seeds[Int.random(in: 0..<seeds.count, using: &random)].utf8)
            let text = String(decoding: mutate(start, &random), as: UTF8.self)
            let request = TokenRequest(
                headers: ["authorization", "x", "cookie"].map { .init(name: $0, value: text) },
                path: text
            )
            for place in places {
                for strictly in [true, false] {
                    for token in request.tokens(at: place, strictly: strictly) {
                        #expect(token.utf8.count <= text.utf8.count)
                    }
                }
            }
        }
    }
}
