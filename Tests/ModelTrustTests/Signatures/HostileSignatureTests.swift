import Foundation
import Testing

@testable import ModelTrust

/// Random changes to everything that comes from outside: nothing crashes, and nothing false is believed.
@Suite struct HostileSignatureTests {
    private static let rounds = 400 * max(1, Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1)

    /// SplitMix64, so that a seed names the same bytes everywhere.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
            return value ^ value >> 31
        }
    }

    private static let tokens = [
        "{", "}", "[", "]", "\"", ",", ":", "null", "true", "-1", "1e999", "NaN", "\u{0}", "\\u0000", "\\ud800", "..",
        "../x", "/", "\"payload\":", "\"digest\":", "9999999999999999999", "[[[[[[[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":",
    ].map { Array($0.utf8) }

    private static func mutate(_ bytes: [UInt8], with random: inout Generator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...40, using: &random)))
            case 3: bytes.insert(contentsOf: tokens.randomElement(using: &random) ?? [], at: place)
            default:
                let end = min(bytes.count, place + Int.random(in: 0...60, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
            }
        }
        return bytes
    }

    @Test func `no change to a signature makes it fit a model that was changed`() throws {
        let world = try ModelWorld()
        let signed = try world.sign().bundle
        try world.write("changed", to: "weights.bin")
        var random = Generator(state: 1)
        for _ in 0..<Self.rounds {
            try Data(Self.mutate(signed, with: &random)).write(to: URL(fileURLWithPath: world.signature))
            #expect(world.verify().refusal != nil)
        }
    }

    @Test func `no change to a statement goes by unseen`() throws {
        let world = try ModelWorld()
        let bundle = try SignatureBundle(try world.sign().bundle)
        let reader = StatementReader(isLenientAboutOrder: true)
        let before = try reader.read(bundle.envelope.payload)
        var random = Generator(state: 2)
        for _ in 0..<Self.rounds {
            let payload = Self.mutate(bundle.envelope.payload, with: &random)
            guard let manifest = try? reader.read(payload) else { continue }
            // What is still a manifest names no path outside, and its digest is that of its resources.
            #expect(manifest.resources.allSatisfy { !$0.path.text.hasPrefix("/") && !$0.path.text.contains("..") })
            #expect(manifest.rootDigest == before.rootDigest || manifest.resources != before.resources)
        }
    }

    @Test func `random bytes are no DER, no timestamp, no key, no certificate`() {
        var random = Generator(state: 3)
        for _ in 0..<Self.rounds {
            let count = Int.random(in: 0...300, using: &random)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            // Half of them begin like DER.
            if Bool.random(using: &random), count > 4 {
                bytes.replaceSubrange(0..<2, with: [0x30, UInt8(min(127, count - 2))])
            }
            #expect(ECDSASignatureDER.raw(bytes, length: 32) == nil || bytes.count <= 72)
            #expect(throws: ModelRefusal.self) { try TimestampToken(bytes) }
            #expect(throws: ModelRefusal.self) { try SignerKey(der: bytes) }
            #expect(throws: ModelRefusal.self) { try SignerPrivateKey(pkcs8: bytes) }
            #expect(throws: ModelRefusal.self) { try CertificateChain(der: [bytes]) }
            #expect(throws: ModelRefusal.self) { try EncryptedPrivateKey.decrypt(bytes, password: "x") }
            #expect(throws: ModelRefusal.self) { try TrustedRoot(json: bytes) }
            _ = try? LogCheckpoint(String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test(arguments: [
        "", "\u{feff}{}", "{}", "[]", "null", "{\"mediaType\":1}", String(repeating: "[", count: 100_000),
        "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"mediaType\":\"x\"}",
    ]) func `what is no bundle is refused with its reason`(_ text: String) {
        #expect(throws: ModelRefusal.self) { try SignatureBundle(Array(text.utf8)) }
    }

    @Test(arguments: ["/a", "a//b", "a/", "./a", "a/./b", "../a", "a/../b", "", ".", "..", "a\u{0}b"])
    func `a path with two spellings, or out of the model, is none`(_ path: String) {
        #expect(throws: ModelRefusal.self) { try ModelPath(path) }
    }
}
