import Resources
import Testing

@Suite struct WildcardTests {
    @Test(arguments: [
        ("", "", true), ("", "a", false), ("a", "", false), ("*", "", true), ("*", "abc", true), ("a*", "a", true),
        ("a*c", "abbc", true), ("a*c", "abcb", false), ("*b*", "abc", true), ("a**c", "ac", true),
        ("*ab", "aab", true), ("*a*b*c", "xaybzc", true), ("*a*b*c", "xaybz", false), ("a.c", "abc", false),
    ])
    func `a star stands for any bytes, and everything else for itself`(pattern: String, text: String, fits: Bool) {
        #expect(Wildcard.matches(pattern.utf8, text.utf8) == fits)
    }

    @Test func `what was made to be slow is not`() {
        let pattern = String(repeating: "a*", count: 200) + "b"
        #expect(!Wildcard.matches(pattern.utf8, String(repeating: "a", count: 4_000).utf8))
    }
}
