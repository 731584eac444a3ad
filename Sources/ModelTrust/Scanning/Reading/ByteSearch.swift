/// Looks for texts in bytes, where a search in a string would go by its characters.
extension [UInt8] {
    /// Whether a text of some bytes stands at a place.
    func holds(_ text: [UInt8], at place: Int) -> Bool {
        guard text.count <= count - place else { return false }
        for index in text.indices where self[place + index] != text[index] { return false }
        return true
    }

    /// Whether a text of some bytes stands anywhere.
    func holds(_ text: [UInt8]) -> Bool {
        guard let first = text.first, count >= text.count else { return text.isEmpty }
        for index in 0...(count - text.count) where self[index] == first {
            if holds(text, at: index) { return true }
        }
        return false
    }
}
