import Authorization
import Testing

@Suite struct PathTemplateTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let template: String
        let matching: [String]
        let others: [String]

        init(_ template: String, _ matching: [String], not others: [String]) {
            self.template = template
            self.matching = matching
            self.others = others
        }

        var testDescription: String { template }
    }

    static let rows = [
        Row(
            "/foo/{*}",
            ["/foo/bar", "/foo/a;b", "/foo/%20", "/foo/a=b", "/foo/a*b", "/foo/*", "/foo/bar?x/y"],
            not: ["/foo", "/foo/", "/foo/bar/", "/foo/a/b", "/foo/a\\b", "/foo/[x]", "/fooo/a"]
        ),
        Row("/a/{**}", ["/a/", "/a/b", "/a/b/c", "/a//", "/a/b*", "/a/?x"], not: ["/a", "/b/", "/aa/b", "/a/[b"]),
        Row(
            "/s/{**}/c",
            ["/s//c", "/s/x/c", "/s/x/y/c", "/s/x//c", "/s/c/c"],
            not: ["/s/c", "/s/x/c/", "/s/x/cc", "/s/x"]
        ),
        Row("/end/{**}/", ["/end/x/", "/end//", "/end/x/y/"], not: ["/end/", "/end/x"]),
        Row("/{**}/tail", ["/x/tail", "//tail", "/x/y/tail"], not: ["/tail", "/xtail", "/x/tail/"]),
        Row("/m/{*}/v/{*}", ["/m/a/v/1"], not: ["/m/a/v/", "/m//v/1", "/m/a/b/v/1", "/m/a/v/1/"]),
        Row("/f/{*}/b/{**}", ["/f/x/b/", "/f/x/b/y/z"], not: ["/f//b/x", "/f/b/x", "/f/x/b"]),
        Row("/{*}", ["/x"], not: ["/", "/x/", "x"]),
        Row("/{**}", ["/", "/x", "/x/y/"], not: ["", "x"]),
    ]

    @Test(arguments: rows)
    func `a template matches whole segments`(_ row: Row) throws {
        let template = try PathTemplate(row.template)
        for path in row.matching { #expect(template.matches(path), "\(path)") }
        for path in row.others { #expect(!template.matches(path), "\(path)") }
    }

    @Test(arguments: [
        ("foo/{*}", PathTemplate.Problem.noLeadingSlash), ("/a{*}", .strayBrace(segment: "a{*}")),
        ("/{*}.json", .strayBrace(segment: "{*}.json")), ("/{x}", .strayBrace(segment: "{x}")),
        ("/{", .strayBrace(segment: "{")), ("/{***}", .strayBrace(segment: "{***}")),
        ("/{**}/{*}", .operatorAfterDoubleStar), ("/{**}/{**}", .operatorAfterDoubleStar),
        ("/{**}/a/{*}", .operatorAfterDoubleStar), ("//{*}", .badSegment("")), ("/a//{*}", .badSegment("")),
        ("/a*/{*}", .badSegment("a*")), ("/a b/{*}", .badSegment("a b")), ("/é/{*}", .badSegment("é")),
    ])
    func `a text that is no template is refused with its reason`(_ text: String, _ problem: PathTemplate.Problem) {
        #expect(throws: problem) { try PathTemplate(text) }
    }

    @Test func `operators stand for the bytes that a real Envoy takes for a segment's`() throws {
        let (one, many) = (try PathTemplate("/{*}"), try PathTemplate("/{**}"))
        // Each byte was put to Envoy 1.40 in the middle of a segment.
        let refused = Set("\"<>[\\]^`{|}".utf8)
        for byte in UInt8(0x21)...0x7e where byte != UInt8(ascii: "?") && byte != UInt8(ascii: "#") {
            let path = "/a\(Character(UnicodeScalar(byte)))b"
            #expect(one.matches(path) == (!refused.contains(byte) && byte != UInt8(ascii: "/")), "\(path)")
            #expect(many.matches(path) == !refused.contains(byte), "\(path)")
        }
    }

    @Test func `matching agrees with a reader that tries every split`() throws {
        var random = SplitMix64(seed: 3)
        let segments = ["{*}", "{**}", "a", "b", ""]
        let pieces = ["/", "a", "b", "*", "[", "//", "?"]
        func pick(_ choices: [String]) -> String { choices[Int(random.next() % UInt64(choices.count))] }
        for _ in 0..<3_000 {
            let text = "/" + (0...Int(random.next() % 4)).map { _ in pick(segments) }.joined(separator: "/")
            guard let template = try? PathTemplate(text) else { continue }
            let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            for _ in 0..<10 {
                let path = "/" + (0..<Int(random.next() % 7)).map { _ in pick(pieces) }.joined()
                let bare = Array(path.prefix { $0 != "?" }.utf8)
                #expect(template.matches(path) == Self.matches(parts[...], bare[...]), "\(text) on \(path)")
            }
        }
    }

    /// The definition, tried naively: `/` and a segment, for each segment, to the end.
    private static func matches(_ parts: ArraySlice<String>, _ path: ArraySlice<UInt8>) -> Bool {
        guard let part = parts.first else { return path.isEmpty }
        guard path.first == UInt8(ascii: "/") else { return false }
        let rest = path.dropFirst()
        let isAllowed = { (byte: UInt8) in "ab*".utf8.contains(byte) }
        switch part {
        case "{*}", "{**}":
            let isMany = part == "{**}"
            return ((isMany ? 0 : 1)...rest.count + 1).contains { length in
                length <= rest.count
                    && rest.prefix(length).allSatisfy { isAllowed($0) || isMany && $0 == UInt8(ascii: "/") }
                    && matches(parts.dropFirst(), rest.dropFirst(length))
            }
        default:
            return rest.starts(with: part.utf8) && matches(parts.dropFirst(), rest.dropFirst(part.utf8.count))
        }
    }
}
