/// A way to write a text so that a filter does not read it and a model does.
///
/// The tests and `lapwing guard drill` write their attacks in all of them.
package struct Disguise: Sendable, CustomStringConvertible {
    /// Its name.
    package let name: String
    private let change: @Sendable (String) -> String

    init(name: String, change: @escaping @Sendable (String) -> String) {
        self.name = name
        self.change = change
    }

    package var description: String { name }

    package func apply(_ text: String) -> String { change(text) }

    private static func each(_ change: @escaping @Sendable (Unicode.Scalar) -> String) -> @Sendable (String) -> String {
        { text in text.unicodeScalars.map(change).joined() }
    }

    private static func scalar(_ value: UInt32) -> String { Unicode.Scalar(value).map { String($0) } ?? "" }

    private static func letters(_ upper: UInt32, _ lower: UInt32) -> @Sendable (String) -> String {
        each { letter in
            switch letter.value {
            case 0x41...0x5A: scalar(upper + letter.value - 0x41)
            case 0x61...0x7A: scalar(lower + letter.value - 0x61)
            default: String(letter)
            }
        }
    }

    private static func table(_ pairs: [Character: String]) -> @Sendable (String) -> String {
        { text in text.map { pairs[$0] ?? String($0) }.joined() }
    }

    private static func digits(_ text: String, _ radix: Int, _ width: Int) -> [String] {
        text.utf8.map {
            let digits = String($0, radix: radix)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
    }

    private static func bits(_ text: String, _ width: Int, _ alphabet: String, pad: Int) -> String {
        let digits = Array(alphabet)
        var result = ""
        var held = 0
        var count = 0
        for byte in text.utf8 {
            held = held << 8 | Int(byte)
            count += 8
            while count >= width {
                count -= width
                result.append(digits[held >> count & ((1 << width) - 1)])
            }
            held &= (1 << count) - 1
        }
        if count > 0 { result.append(digits[held << (width - count) & ((1 << width) - 1)]) }
        while !result.count.isMultiple(of: pad) { result += "=" }
        return result
    }

    private static func base85(_ text: String, _ alphabet: String) -> String {
        let digits = Array(alphabet)
        let bytes = Array(text.utf8)
        var result = ""
        var index = 0
        while index < bytes.count {
            let count = min(4, bytes.count - index)
            var value: UInt64 = 0
            for place in 0..<4 { value = value << 8 | (place < count ? UInt64(bytes[index + place]) : 0) }
            var group: [Character] = []
            for _ in 0..<5 {
                group.append(digits[Int(value % 85)])
                value /= 85
            }
            result += String(group.reversed().prefix(count + 1))
            index += 4
        }
        return result
    }

    private static let base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    private static func base64(_ text: String) -> String { bits(text, 6, base64Alphabet, pad: 4) }
    private static func hex(_ text: String) -> String { digits(text, 16, 2).joined() }

    private static func shifted(_ text: String, _ places: UInt32) -> String {
        text.unicodeScalars.map { scalar(Ciphers.shift($0.value, by: places)) }.joined()
    }

    private static func made(_ name: String, _ change: @escaping @Sendable (String) -> String) -> Disguise {
        Disguise(name: name, change: change)
    }

    /// All that the normaliser is to read.
    package static let all: [Disguise] = [
        made("tag characters", each { scalar(0xE0000 + $0.value) }),
        made("zero-width spaces", each { String($0) + "\u{200B}" }),
        made("soft hyphens", each { String($0) + "\u{AD}" }),
        made("direction controls") { "\u{202D}" + each { String($0) + "\u{200E}" }($0) + "\u{202C}" },
        made("reversed display") { "\u{202E}" + String($0.reversed()) + "\u{202C}" },
        made(
            "Cyrillic and Greek letters",
            table([
                "a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "i": "і", "s": "ѕ", "n": "ո", "v": "ν", "u": "υ",
                "I": "Ι", "t": "τ",
            ])
        ),
        made("full width", letters(0xFF21, 0xFF41)), made("bold", letters(0x1D400, 0x1D41A)),
        made("sans-serif", letters(0x1D5A0, 0x1D5BA)), made("monospace", letters(0x1D670, 0x1D68A)),
        made("circled", letters(0x24B6, 0x24D0)), made("squared", letters(0x1F130, 0x1F130)),
        made("negative squared", letters(0x1F170, 0x1F170)), made("regional", letters(0x1F1E6, 0x1F1E6)),
        made("diacritics", each { String($0) + ($0.properties.isAlphabetic ? "\u{301}" : "") }),
        made("stacked marks", each { String($0) + ($0.properties.isAlphabetic ? "\u{333}\u{30B}\u{35C}" : "") }),
        made("leetspeak", table(["a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7", "I": "1"])),
        made("leetspeak with signs", table(["a": "@", "e": "3", "i": "!", "s": "$", "o": "0"])),
        made("spaced") {
            $0.split(separator: " ").map { $0.map(String.init).joined(separator: " ") }.joined(separator: "   ")
        },
        made("spaced throughout") { $0.filter { $0 != " " }.map(String.init).joined(separator: " ") },
        made("hyphens between letters") {
            $0.split(separator: " ").map { $0.map(String.init).joined(separator: "-") }.joined(separator: " ")
        },
        made("dots between letters") {
            $0.split(separator: " ").map { $0.map(String.init).joined(separator: ".") }.joined(separator: " ")
        },
        made("underscores") { $0.split(separator: " ").joined(separator: "_") },
        made("without spaces") { $0.filter { $0 != " " } },
        made("mixed case") { text in
            text.enumerated().map { $0.offset.isMultiple(of: 2) ? $0.element.lowercased() : $0.element.uppercased() }
                .joined()
        },
        made("base 64", base64),
        made("base 64 in lines") { text in
            let code = Array(base64(text))
            return stride(from: 0, to: code.count, by: 20).map { String(code[$0..<min($0 + 20, code.count)]) }
                .joined(separator: "\n")
        },
        made("base 32") { bits($0, 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", pad: 8) },
        made("Ascii85") { base85($0, String((33..<118).compactMap { Unicode.Scalar($0) }.map { Character($0) })) },
        made("base 85 of RFC 1924") {
            base85($0, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~")
        },
        made("hexadecimal", hex), made("hexadecimal in pairs") { digits($0, 16, 2).joined(separator: " ") },
        made("binary") { digits($0, 2, 8).joined(separator: " ") },
        made("decimal") { digits($0, 10, 1).joined(separator: " ") },
        made("percent") { "%" + digits($0, 16, 2).joined(separator: "%") },
        made("HTML entities") { digits($0, 10, 1).map { "&#\($0);" }.joined() },
        made("backslashes") { digits($0, 16, 4).map { "\\u" + $0 }.joined() },
        made("rot13") { shifted($0, 13) }, made("Caesar") { shifted($0, 5) },
        made("atbash", each { scalar(Ciphers.atbash($0.value)) }),
        made("rot47", each { scalar(Ciphers.rot47($0.value)) }), made("reversed") { String($0.reversed()) },
        made("reversed words") { $0.split(separator: " ").map { String($0.reversed()) }.joined(separator: " ") },
        made("base 64 in hexadecimal") { hex(base64($0)) }, made("rot13 in base 64") { base64(shifted($0, 13)) },
        made("three layers") { base64(hex(String($0.reversed()))) },
        made("percent in base 64") { base64("%" + digits($0, 16, 2).joined(separator: "%")) },
    ]
}
