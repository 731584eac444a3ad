/// A table that is made once and read for each unit of a text: nothing is counted when an element is read.
///
/// It is the owner's to let go of, who has to outlive every copy.
@safe
struct PlainTable<Element> {
    private let base: UnsafeMutablePointer<Element>
    let count: Int

    init(_ elements: [Element]) {
        count = elements.count
        unsafe base = .allocate(capacity: max(1, elements.count))
        for (index, element) in elements.enumerated() { unsafe (base + index).initialize(to: element) }
    }

    var isEmpty: Bool { count == 0 }

    @inline(__always)
    subscript(_ index: Int) -> Element {
        assert(index >= 0 && index < count)
        // Sound: those who read it go by its own count, or by places that were made with it.
        return unsafe base[index]
    }

    /// Gives the memory back.
    func deallocate() {
        unsafe base.deinitialize(count: count)
        unsafe base.deallocate()
    }
}

// What is shared between threads is read alone; only its owner, whom nobody uses any more then, gives it back.
extension PlainTable: @unchecked Sendable where Element: Sendable {}
