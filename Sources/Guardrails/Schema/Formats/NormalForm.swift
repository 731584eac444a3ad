import Foundation

/// Unicode's normal form C.
enum NormalForm {
    static func composed(_ text: String) -> String { text.precomposedStringWithCanonicalMapping }
}
