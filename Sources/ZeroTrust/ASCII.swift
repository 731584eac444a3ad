/// Case of ASCII letters, which is all the case that a SPIFFE ID knows.
enum ASCII {
    /// The text with `A` to `Z` in lower case and every other byte as it was.
    static func lowercased(_ text: some StringProtocol) -> String {
        String(
            decoding: text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 },
            as: UTF8.self
        )
    }
}
