/// What is known of whole numbers that compiled code takes for indices, however many there are.
struct IndexSummary: Hashable, Sendable {
    private(set) var count = 0
    private(set) var least = Int.max
    private(set) var most = Int.min
    private(set) var first = 0
    private(set) var last = Int.min
    /// Whether none is smaller than the one before it.
    private(set) var areSorted = true
    /// By how much one is larger than the one before it, at the most.
    private(set) var longestStep = 0
    /// Their sum, as long as that is a number.
    private(set) var sum = 0

    mutating func add(_ number: Int) {
        if count == 0 {
            first = number
        } else {
            areSorted = areSorted && number >= last
            let (step, overflows) = number.subtractingReportingOverflow(last)
            longestStep = max(longestStep, overflows ? .max : step)
        }
        (least, most, last, count) = (min(least, number), max(most, number), number, count + 1)
        let (next, overflows) = sum.addingReportingOverflow(number)
        sum = overflows ? .max : next
    }

    /// Whether each is the index of one of so many.
    func areIndices(of count: Int) -> Bool { self.count == 0 || least >= 0 && most < count }

    /// Whether they say where each row of a compressed sparse matrix begins, up to the end of the last.
    func arePointers(to count: Int, ofRowsUpTo longest: Int = .max) -> Bool {
        self.count > 0 && first == 0 && last == count && areSorted && longestStep <= longest
    }
}
