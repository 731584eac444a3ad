import Registry
import Testing

@Suite(.timeLimit(.minutes(5))) struct `References` {
    @Test(arguments: ["a", "a/b", "ml/fraud-scorer", "a.b_c__d---e/0", "a--b"])
    func `a name of a repository is taken`(_ text: String) {
        #expect(RepositoryName(text)?.description == text)
    }

    @Test(arguments: [
        "", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "-a", "a-", ".a", "a/../b", "..", "a b", "a%2fb", "é", "a\0",
        "a_-b", String(repeating: "a", count: 256),
    ])
    func `what is no name of a repository is refused`(_ text: String) {
        #expect(RepositoryName(text) == nil)
    }

    @Test func `tags and digests are told apart, and neither is guessed`() {
        let hex = String(repeating: "0f", count: 32)
        #expect(ManifestReference("v1.0_rc-2") == TagName("v1.0_rc-2").map { .tag($0) })
        #expect(ManifestReference("sha256:\(hex)") == ContentDigest("sha256:\(hex)").map { .digest($0) })
        #expect(ContentDigest("sha512:\(hex)\(hex)") != nil)
        for text in [
            "sha256:\(hex.uppercased())", "sha256:\(hex.dropLast())", "sha256:\(hex)0", "md5:\(hex)", "sha512:\(hex)",
            "sha256-\(hex)x:", ":\(hex)", "-tag", ".tag", "", String(repeating: "t", count: 129), "a/b", "a b",
        ] { #expect(ManifestReference(text) == nil, "\(text)") }
    }

    @Test func `a digest is that of the bytes`() {
        #expect(
            ContentDigest(of: Array("abc".utf8)).description
                == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(
            ContentDigest(of: [], algorithm: .sha512).hex
                == "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f"
                + "63b931bd47417a81a538327af927da3e"
        )
    }

    @Test func `an artifact's place is read with everything that may be left out`() throws {
        let hex = String(repeating: "1", count: 64)
        let plain = try #require(ArtifactReference("registry.example/fraud/scorer"))
        #expect(plain.port == 443 && plain.reference.description == "latest")
        let full = try #require(ArtifactReference("[::1]:8443/a/b:v1@sha256:\(hex)"))
        #expect(full.host == "::1" && full.port == 8443 && full.authority == "[::1]:8443")
        #expect(full.reference.description == "sha256:\(hex)")
        #expect(ArtifactReference("localhost:5000/m:prod")?.reference.description == "prod")
        for text in [
            "fraud", "/fraud", "host/", "host:0/a", "host:99999/a", "host:x/a", "ho st/a", "host/A", "host/a:",
            "host/a@",
            "host/a@sha256:1", "[::1/a", "[]/a", "host/../a", "https://host/a", "host/a?x", "host:80:90/a",
        ] { #expect(ArtifactReference(text) == nil, "\(text)") }
    }

    @Test func `a chunk's range is read in both spellings`() {
        #expect(ByteRange(contentRange: "0-1023") == ByteRange(first: 0, last: 1023))
        #expect(ByteRange(contentRange: "bytes 5-5/6")?.count == 1)
        for text in [
            "", "-", "5-4", "0-", "-5", "+0-1", "0-1-2", "bytes 0-1", "0-99999999999999999999", " 0-1", "0x1-2",
        ] {
            #expect(ByteRange(contentRange: text) == nil, "\(text)")
        }
    }

    @Test func `a range is what the content has of it`() {
        let cases: [(String?, ByteRange.Request)] = [
            (nil, .whole), ("bytes=0-3", part(0, 3)), ("bytes=7-", part(7, 9)), ("bytes=-4", part(6, 9)),
            ("bytes=-99", part(0, 9)), ("bytes=3-99", part(3, 9)), ("bytes=10-", .unsatisfiable),
            ("bytes=-0", .unsatisfiable), ("bytes=10-12", .unsatisfiable), ("bytes=4-2", .whole),
            ("bytes=0-1,3-4", .whole), ("lines=0-1", .whole), ("bytes=-", .whole), ("bytes=a-b", .whole),
        ]
        for (text, expected) in cases {
            #expect(ByteRange.Request(text, length: 10) == expected, "\(text ?? "none")")
        }
        #expect(ByteRange.Request("bytes=0-", length: 0) == .unsatisfiable)
    }

    private func part(_ first: UInt64, _ last: UInt64) -> ByteRange.Request {
        ByteRange(first: first, last: last).map { .part($0) } ?? .whole
    }
}
