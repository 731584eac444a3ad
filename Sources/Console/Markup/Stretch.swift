/// The part of a long list that a page shows, with the ways to the rest: a page has a weight, and what it does not show has to
/// be found somewhere.
struct Stretch {
    /// How many stand before it.
    let first: Int
    /// How many it has at most.
    let size: Int

    /// The part that begins behind so many; from the beginning where there are not so many.
    init(from first: Int, of total: Int, size: Int) {
        self.first = (0..<max(total, 1)).contains(first) ? first : 0
        self.size = size
    }

    /// Those of a list that are shown.
    func callAsFunction<Element>(_ elements: [Element]) -> ArraySlice<Element> {
        elements.dropFirst(first).prefix(size)
    }

    /// What is shown of how many, with the links to what stands before and behind; nothing where all is shown.
    func links(of total: Int, _ path: (Int) -> ConsolePath) -> HTML {
        guard total > size || first > 0 else { return "" }
        let before: HTML =
            first > 0 ? " <a href=\"\(path(max(0, first - size)))\" rel=\"prev\">those before</a>" : ""
        let behind: HTML =
            first + size < total ? " <a href=\"\(path(first + size))\" rel=\"next\">those behind</a>" : ""
        return "<p class=\"note\">\(first + 1) to \(min(first + size, total)) of \(total)\(before)\(behind)</p>"
    }
}
