import Foundation
import ModelTrust
import Registry
import Testing

/// Random changes of good input: whatever comes, the parsers end, and what they take means the same when it is written
/// and read again.
@Suite(.timeLimit(.minutes(5))) struct `Parsers of outside bytes` {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return mixed ^ mixed >> 31
        }
    }

    private var rounds: Int {
        4_000 * max(1, ProcessInfo.processInfo.environment["LAPWING_SCALE"].flatMap(Int.init) ?? 1)
    }

    private func mutated(_ seed: [UInt8], _ random: inout Generator) -> [UInt8] {
        var bytes = seed
        for _ in 0...Int.random(in: 0..<4, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where at < bytes.count: bytes[at] = .random(in: 0...255, using: &random)
            case 1 where at < bytes.count: bytes.remove(at: at)
            case 2:
                bytes.insert(
                    contentsOf: [#"{"#, "[", "\"", "\\u", "/..", ":", "-", "0", "\u{0}"].randomElement(using: &random)?
                        .utf8.map { $0 } ?? [],
                    at: at
                )
            case 3 where at < bytes.count: bytes.insert(contentsOf: bytes[at...].prefix(64), at: at)
            default: bytes.removeLast(min(bytes.count, Int.random(in: 0..<9, using: &random)))
            }
        }
        return bytes
    }

    private func fuzz(_ seeds: [String], _ check: ([UInt8]) throws -> Void) throws {
        var random = Generator(state: 20_261_125)
        for round in 0..<rounds { try check(mutated(Array(seeds[round % seeds.count].utf8), &random)) }
    }

    @Test func `references, digests and ranges`() throws {
        let hex = String(repeating: "0f", count: 32)
        try fuzz([
            "host.example:8443/a/b:v1@sha256:\(hex)", "[::1]:1/a", "a/b-c__d", "sha256:\(hex)", "0-1023", "bytes=0-5",
        ]) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if let reference = ArtifactReference(text) {
                #expect(ArtifactReference(reference.description)?.description == reference.description)
            }
            if let name = RepositoryName(text) {
                #expect(name.description == text && !text.contains("..") && !text.hasPrefix("/"))
            }
            if let reference = ManifestReference(text) { #expect(reference.description == text) }
            if let range = ByteRange(contentRange: text) { #expect(range.first <= range.last) }
            if case .part(let range) = ByteRange.Request(text, length: 100) { #expect(range.last < 100) }
            if let path = ModelPath(text) {
                #expect(URL(fileURLWithPath: "/root/" + path.description).standardizedFileURL.path.hasPrefix("/root/"))
            }
            _ = PathPattern(text)?.matches("a/b/c")
            _ = IdentityPattern(spiffe: text)
        }
    }

    @Test func `manifests`() throws {
        let whole = TestRegistry.manifest(config: "{}", layers: ["a", "b"], subject: "c")
        var taken = 0
        try fuzz([
            whole, #"{"schemaVersion":2,"manifests":[]}"#, #"{"a":"\ud83d\ude00\u00e9\n","b":[1,-2.5e3,true,null]}"#,
        ]) { bytes in
            for type in [MediaType.imageManifest, MediaType.imageIndex] {
                guard let manifest = try? Manifest(bytes, contentType: type) else { continue }
                taken += 1
                #expect(manifest.bytes == bytes && manifest.digest == ContentDigest(of: bytes))
                // What another reader makes of it is the same.
                let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
                #expect(object["schemaVersion"] as? Int == 2)
                #expect((object["layers"] as? [Any])?.count ?? 0 == manifest.layers.count)
            }
        }
        #expect(taken > 0)
    }

    @Test(arguments: [
        #"{"schemaVersion":2,"schemaVersion":2,"manifests":[]}"#, #"{"schemaVersion":2,"manifests":[]} x"#,
        #"{"schemaVersion":2,"manifests":[],}"#, #"{"schemaVersion":02,"manifests":[]}"#,
        #"{"schemaVersion":2,"manifests":[],"layers":[]}"#, #"{"schemaVersion":2,"manifests":[],"config":{}}"#,
        #"{"schemaVersion":2,"manifests":{}}"#, #"{"schemaVersion":1,"manifests":[]}"#,
        #"{"schemaVersion":2,"manifests":[],"annotations":{"a":1}}"#,
        #"{"schemaVersion":2,"manifests":[],"mediaType":"x/y"}"#,
        "\u{feff}{\"schemaVersion\":2,\"manifests\":[]}", #"{"schemaVersion":2,"manifests":[],"x":"\ud800"}"#,
        #"{"schemaVersion":2,"manifests":[],"x":NaN}"#, #"{"schemaVersion":2,"manifests":[{"mediaType":"a/b"}]}"#,
        #"{"schemaVersion":2,"manifests":[],"subject":{}}"#, #"{"schemaVersion":2,"manifests":[],"artifactType":"x"}"#,
        String(repeating: "[", count: 100_000), "", "null", "[]",
    ])
    func `a document that two readers could read differently is refused`(_ text: String) {
        #expect(throws: RegistryError.self) { _ = try Manifest(Array(text.utf8), contentType: MediaType.imageIndex) }
    }
}
