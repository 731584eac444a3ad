import Testing

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct BundleEndpointURLTests {
    @Test(arguments: [
        ("https://host.example/trust_domain", "host.example", 443, "/trust_domain"),
        ("https://host.example", "host.example", 443, "/"), ("HTTPS://Host.example:8443/", "Host.example", 8443, "/"),
        ("https://host.example?x=1", "host.example", 443, "/?x=1"),
        ("https://host.example/a?b=c#d", "host.example", 443, "/a?b=c"),
        ("https://127.0.0.1:1/", "127.0.0.1", 1, "/"), ("https://[::1]:8443/b", "::1", 8443, "/b"),
        ("https://[2001:db8::1]", "2001:db8::1", 443, "/"),
    ])
    func `rule 58: an https URL without userinfo is an endpoint`(
        _ text: String,
        _ host: String,
        _ port: Int,
        _ target: String
    ) throws {
        let url = try BundleEndpointURL(text)
        #expect(url.host == host && url.port == port && url.target == target)
    }

    @Test(arguments: [
        "", "http://host.example/", "ftp://host.example/", "host.example", "https:host.example", "https:///x",
        "https://user@host.example/", "https://user:secret@host.example/", "https://@host.example/",
        "https://host.example:0/", "https://host.example:65536/", "https://host.example:/", "https://host.example:+1/",
        "https://host.example:1:2/", "https://ho st.example/", "https://host.example/a b",
        "https://host.example/\r\nx: y", "https://host.example/\u{e4}", "https://[::1/", "https://[::1]x/",
        "https://[host]/", "https://[]/", "https://host.example\\@other/", "https://h%6fst.example/",
        "https://host.example/" + String(repeating: "a", count: 2048),
    ])
    func `rule 58: anything else is none`(_ text: String) {
        #expect(throws: IdentityError.self) { try BundleEndpointURL(text) }
    }

    @Test func `rule 61: a redirect leads to another endpoint, or nowhere`() throws {
        let url = try BundleEndpointURL("https://host.example:8443/a")
        #expect(try url.redirect(to: "/b").text == "https://host.example:8443/b")
        #expect(try url.redirect(to: "https://cdn.example/b").host == "cdn.example")
        for location in ["http://host.example/", "//other.example/", "https://u@other.example/", "b", "", "/\r\nx:y"] {
            #expect(throws: IdentityError.self) { try url.redirect(to: location) }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `hostile bytes are read as one URL or none`(seed: UInt64) throws {
        var random = SeededGenerator(seed)
        let alphabet = Array("https://ab.c:1@[]%?#\\ \r\n\0\u{80}/".unicodeScalars)
        for _ in 0..<3000 {
            var text = "https://"
            for _ in 0..<Int.random(in: 0...24, using: &random) {
                text.unicodeScalars.append(alphabet.randomElement(using: &random) ?? "a")
            }
            guard let url = try? BundleEndpointURL(text) else { continue }
            #expect(!url.host.isEmpty && url.target.first == "/")
            #expect((url.authority + url.target).utf8.allSatisfy { (0x21...0x7e).contains($0) })
            #expect(!url.authority.contains("@") && (1...65535).contains(url.port))
        }
    }
}

/// SplitMix64, so that a seed names the same bytes everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Changes, inserts, removes or repeats a few bytes.
    mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0: bytes[at] = .random(in: 0...255, using: &self)
            case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 2: bytes.insert(.random(in: 0...255, using: &self), at: at)
            case 3: bytes.remove(at: at)
            default: bytes.replaceSubrange(at..., with: bytes[..<at])
            }
        }
        return bytes
    }
}
