import SPIFFE
import Testing
import ZeroTrust

@testable import Authorization

/// The universe holds just the paths that a gateway lets through, and just the names that a caller can have.
@Suite struct RequestUniverseTests {
    @Test(arguments: PathNormalization.allCases)
    func `the canonical paths are those that a normalisation makes and leaves`(
        _ normalization: PathNormalization
    ) throws {
        let languages = Languages(limit: 50_000)
        let targets = try languages.targets(normalization)
        var generator = SplitMix64(seed: 7)
        let pieces = [
            "/", "//", "a", "b", ".", "..", "...", ";", ";x", "%2e", "%2E", "%2f", "%5C", "%41", "%", "%2", "%4", "1",
            "%25", "%00", "%7e", "%20", "\\", "?", "?a=/../", "{", "|", "~", "*", "@", "%zz", "#",
        ]
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...7, using: &generator)
            let text = "/" + (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            switch normalization.normalize(text) {
            case .path(let path):
                #expect(languages.contains(targets, path), "\(text) becomes \(path)")
                if languages.contains(targets, text) { #expect(path == text) }
            case .badRequest:
                #expect(!languages.contains(targets, text), "\(text) is refused")
            }
        }
        #expect(!languages.contains(targets, ""))
        #expect(!languages.contains(targets, "a"))
    }

    @Test func `the names are those that a verifier takes for a SPIFFE ID`() throws {
        let languages = Languages(limit: 50_000)
        let names = try languages.language(RequestUniverse.spiffeIDs, name: "any")
        var generator = SplitMix64(seed: 11)
        let pieces = ["spiffe://", "a", "B", ".", "..", "/", "-", "_", "9", "%", ":", " ", "td.example", "ns", "é"]
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...8, using: &generator)
            let start = Int.random(in: 0..<8, using: &generator) == 0 ? "" : "spiffe://"
            let text = start + (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            #expect(languages.contains(names, text) == ((try? SPIFFEID(text)) != nil), "\(text)")
        }
    }
}
