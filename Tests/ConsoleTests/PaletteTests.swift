import Foundation
import Testing

@testable import Console

@Suite struct PaletteTests {
    static let palettes = [("light", Palette.light), ("dark", Palette.dark)]

    /// The contrast of two colours (WCAG 2.2, "contrast ratio").
    private static func contrast(_ one: Palette.Colour, _ other: Palette.Colour) -> Double {
        func luminance(_ colour: Palette.Colour) -> Double {
            let parts = [colour.red, colour.green, colour.blue].map { part -> Double in
                let value = Double(part) / 255
                return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
            }
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
        }
        let (one, other) = (luminance(one), luminance(other))
        return (max(one, other) + 0.05) / (min(one, other) + 0.05)
    }

    @Test func `contrast is reckoned as WCAG does`() {
        #expect(abs(Self.contrast(0xffffff, 0x000000) - 21) < 0.001)
        #expect(abs(Self.contrast(0x767676, 0xffffff) - 4.54) < 0.01)
    }

    @Test(arguments: palettes)
    func `text has 4.5 to 1 at least, and what carries a meaning 3 to 1`(_ name: String, _ palette: Palette) {
        for (pair, front, back) in palette.texts {
            let found = Self.contrast(front, back)
            #expect(found >= 4.5, "\(name): \(pair): \(front.text) on \(back.text) has \(found)")
        }
        for (pair, front, back) in palette.strokes {
            let found = Self.contrast(front, back)
            #expect(found >= 3, "\(name): \(pair): \(front.text) on \(back.text) has \(found)")
        }
    }

    @Test func `an undeclared path is told apart by more than its colour`() throws {
        // WCAG 2.2, 1.4.1: whoever does not tell red from green sees that it is twice as wide.
        let text = Stylesheet.text
        let undeclared = try #require(text.firstMatch(of: #/\.path\.undeclared\{[^}]*stroke-width:([0-9.]+)/#))
        let used = try #require(text.firstMatch(of: #/\.path\{[^}]*stroke-width:([0-9.]+)/#))
        #expect(!text.contains(#/\.path\.used\{[^}]*stroke-width/#))
        let (wide, narrow) = (try #require(Double(undeclared.1)), try #require(Double(used.1)))
        #expect(wide >= 2 * narrow)
    }

    @Test func `the style sheet names no colour but the palette's, and each that it names is there`() throws {
        let rules = Stylesheet.text.split(separator: "\n").dropFirst(2).joined(separator: "\n")
        #expect(!rules.contains(/#[0-9a-fA-F]{3,8}\b/))
        let defined = Set(Palette.light.variables.split(separator: ";").map { $0.prefix { $0 != ":" } })
        for match in rules.matches(of: /var\((--[a-z-]+)\)/) { #expect(defined.contains(match.1), "\(match.1)") }
        #expect(Stylesheet.text.contains("prefers-color-scheme:dark"))
        #expect(!rules.contains("url("), "nothing is loaded")
    }
}
