extension Disguise {
    /// Ways that a model reads and the normaliser does not, so that nothing but the gates can help against them.
    package static let unread: [Disguise] = [
        Disguise(name: "Vigenere") { text in
            let key = Array("lemon".utf8)
            var place = 0
            return String(
                String.UnicodeScalarView(
                    text.unicodeScalars.map { letter in
                        guard Letters.isASCIILetter(letter.value) else { return letter }
                        defer { place += 1 }
                        let moved = Ciphers.shift(letter.value, by: UInt32(key[place % key.count] - 0x61))
                        return Unicode.Scalar(moved) ?? letter
                    }
                )
            )
        },
        Disguise(name: "Polybius square") { text in
            text.lowercased().utf8.map { byte -> String in
                guard byte &- 0x61 < 26 else { return String(decoding: [byte], as: UTF8.self) }
                // I and J share a place.
                let place = Int(byte - 0x61) - (byte > 0x69 ? 1 : 0)
                return "\(place / 5 + 1)\(place % 5 + 1) "
            }.joined()
        },
        Disguise(name: "numbers of letters") { text in
            text.lowercased().utf8.map { $0 &- 0x61 < 26 ? "\($0 - 0x60)-" : String(decoding: [$0], as: UTF8.self) }
                .joined()
        },
        Disguise(name: "radio alphabet") { text in
            let words = [
                "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo",
                "Lima",
                "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor",
                "Whiskey",
                "Xray", "Yankee", "Zulu",
            ]
            return text.lowercased().utf8.map { byte in
                byte &- 0x61 < 26 ? words[Int(byte - 0x61)] + " " : String(decoding: [byte], as: UTF8.self) + " "
            }.joined()
        },
        Disguise(name: "first letters") { text in
            let words = [
                "apples", "bread", "cheese", "dates", "eggs", "figs", "grapes", "honey", "ice", "jam", "kale", "lemons",
                "milk", "nuts", "olives", "pears", "quince", "rice", "salt", "tea", "udon", "vinegar", "wine",
                "xylitol",
                "yams", "zucchini",
            ]
            return text.lowercased().utf8.map { byte in
                byte &- 0x61 < 26 ? words[Int(byte - 0x61)] + "," : String(decoding: [byte], as: UTF8.self)
            }.joined(separator: " ")
        },
        Disguise(name: "signs in words") { text in
            text.replacing("@", with: " at ").replacing("://", with: " colon slash slash ").replacing(
                ".",
                with: " dot "
            )
            .replacing("/", with: " slash ").replacing("-", with: " dash ")
        },
        Disguise(name: "every other letter") { text in
            text.enumerated().map { "\($0.element)\(["q", "z", "k", "w"][$0.offset % 4])" }.joined()
        },
        Disguise(name: "Braille") { text in
            let dots: [UInt32] = [
                0x01, 0x03, 0x09, 0x19, 0x11, 0x0B, 0x1B, 0x13, 0x0A, 0x1A, 0x05, 0x07, 0x0D, 0x1D, 0x15, 0x0F, 0x1F,
                0x17,
                0x0E, 0x1E, 0x25, 0x27, 0x3A, 0x2D, 0x3D, 0x35,
            ]
            return String(
                String.UnicodeScalarView(
                    text.lowercased().unicodeScalars.map { letter in
                        guard letter.value &- 0x61 < 26 else { return letter }
                        return Unicode.Scalar(0x2800 + dots[Int(letter.value - 0x61)]) ?? letter
                    }
                )
            )
        },
    ]
}
