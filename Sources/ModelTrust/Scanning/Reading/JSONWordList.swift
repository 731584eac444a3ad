/// A long array of texts, or of short lists of texts: the merges of a tokenizer, of which there are half a million.
///
/// It is kept as it is written, and read again by whoever asks what is in it.
final class JSONWordList {
    /// How many elements make it long.
    static let least = 4_096
    /// How many texts may be in a list of them.
    static let longestList = 4

    /// Where it stands in the text.
    let place: Int
    /// Whether a text of it may have a dollar sign, with which expressions begin.
    let mayHoldExpressions: Bool
    private let text: [UInt8]

    /// A list in a JSON text.
    init(in text: [UInt8], at bytes: Range<Int>) {
        self.text = text
        place = bytes.lowerBound
        let words = text[bytes]
        mayHoldExpressions = words.contains(UInt8(ascii: "$")) || words.contains { $0 == 0x5C }
    }

    /// The elements, read anew.
    var elements: [JSONNode] {
        var all: [JSONNode] = []
        // It has been read before, so that there is no fault in it.
        try? visit(ScanContext(scanners: [], budget: ScanBudget(steps: .max))) { (element) throws(ScanStop) in
            all.append(element)
        }
        return all
    }

    /// Hands each element to a function, and keeps none.
    func visit(_ context: ScanContext, _ body: (JSONNode) throws(ScanStop) -> Void) throws(ScanStop) {
        try JSONText.elements(of: text, at: place, context, body)
    }
}
