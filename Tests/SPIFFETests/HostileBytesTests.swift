import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

/// Bounded fuzzing with fixed seeds: the parsers answer whatever they are given, and believe none of it.
@Suite struct `Hostile bytes` {
    /// SplitMix64, so that a seed names the same bytes everywhere.
    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
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

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `in certificates verify nothing that was not signed`(seed: UInt64) throws {
        let world = try PeerWorld()
        let leaf = try world.ours.intermediate().leaf()
        let der = try leaf.der
        let id = try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/api-gateway")
        let verifier = PeerVerifier(bundles: world.bundles)
        var random = Generator(state: seed)
        for _ in 0..<1500 {
            var chain = der
            let index = Int.random(in: 0..<chain.count, using: &random)
            chain[index] = mutate(chain[index], &random)
            guard chain != der, case .verified(let peer) = verifier.verify(chain: chain) else { continue }
            // Only a chain whose leaf was left alone may pass, and then by another door than the changed issuer.
            #expect(chain[0] == der[0] && peer.id == id)
        }
    }

    @Test(arguments: [4, 5] as [UInt64])
    func `in chains, keys and bundles are parsed or refused`(seed: UInt64) throws {
        let root = try TestAuthority.root()
        let svid = try root.intermediate().svid()
        let bundle = SPIFFEBundle(trustDomain: root.trustDomain, authorities: [root.certificate], sequence: 1)
        var random = Generator(state: seed)
        for _ in 0..<1000 {
            let chain = mutate(svid.chainDER, &random)
            _ = try? X509SVID(chainDER: chain, keyPKCS8: svid.keyPKCS8.value)
            _ = try? X509SVID(chainDER: svid.chainDER, keyPKCS8: mutate(svid.keyPKCS8.value, &random))
            _ = try? X509Bundle(trustDomain: root.trustDomain, der: mutate(root.bundle.der, &random))
            _ = try? X509Bundle(
                trustDomain: root.trustDomain,
                pem: String(decoding: mutate(Array(root.bundle.pem.utf8), &random), as: UTF8.self)
            )
            let document = mutate(Array(bundle.document.utf8), &random)
            if let parsed = try? SPIFFEBundle(trustDomain: root.trustDomain, document: document) {
                #expect(
                    try SPIFFEBundle(trustDomain: root.trustDomain, document: Array(parsed.document.utf8)) == parsed
                )
            }
        }
    }

    @Test(arguments: [6] as [UInt64])
    func `in names and addresses come back as they went in or not at all`(seed: UInt64) throws {
        var random = Generator(state: seed)
        let seeds = ["spiffe://cluster.local/ns/a", "unix:///run/a.sock", "tcp://127.0.0.1:80", "tcp://[::1]:80"]
        for _ in 0..<20_000 {
            let start = seeds[Int.random(in: 0..<seeds.count, using: &random)]
            let text = String(decoding: mutate(Array(start.utf8), &random), as: UTF8.self)
            if let id = try? SPIFFEID(text) { #expect(id.description == text) }
            if let endpoint = try? WorkloadEndpoint(text) {
                #expect(try WorkloadEndpoint(endpoint.description) == endpoint)
            }
        }
    }
}
