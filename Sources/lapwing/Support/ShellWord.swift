/// A text as a word of a shell's command line, for those who copy what a message proposes.
enum ShellWord {
    static func text(_ text: some StringProtocol) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"),
                    UInt8(ascii: "_"), UInt8(ascii: "="), UInt8(ascii: ":"):
                    true
                default: false
                }
            }
        let parts = text.split(separator: "'", omittingEmptySubsequences: false)
        return isPlain ? String(text) : "'" + parts.joined(separator: #"'\''"#) + "'"
    }
}
