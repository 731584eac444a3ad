/// What lies on the stack of an unpickler, and what it remembers.
extension PickleMachine {
    mutating func push(_ value: PickleValue) {
        stack.append(value)
    }

    mutating func push(empty kind: PickleContainer.Kind) throws(ScanStop) {
        try make(units: 1)
        push(.container(PickleContainer(kind)))
    }

    /// Makes a container of what lies on the stack from there on.
    mutating func collect(_ kind: PickleContainer.Kind, from start: Int) throws(ScanStop) {
        if kind == .tuple, start == stack.count { return push(.container(emptyTuple)) }
        try make(units: start == stack.count ? 1 : 2)
        let container = PickleContainer(kind)
        var holdsTree = false
        for index in start..<stack.count {
            container.add(stack[index])
            if makesEstimators, case .tree? = stack[index].object?.nature { holdsTree = true }
        }
        stack.removeSubrange(start...)
        try check(weight: container.weight, depth: container.depth)
        if container.holdsClass, kind != .tuple { try reportHeldClass() }
        if holdsTree { try reportHeldClass() }
        push(.container(container))
    }

    /// Where the last so many values of the stack begin.
    func startOf(_ count: Int) throws(ScanStop) -> Int {
        guard stack.count - (marks.last ?? 0) >= count else {
            throw stop("pickle-malformed", "the stack holds too few values")
        }
        return stack.count - count
    }

    /// Where the values behind the last mark begin; the mark is gone then.
    mutating func markedStart() throws(ScanStop) -> Int {
        guard let mark = marks.popLast() else { throw stop("pickle-malformed", "there is no mark") }
        return mark
    }

    /// Takes values from the stack, in the order in which they were pushed.
    mutating func pop(_ count: Int) throws(ScanStop) -> [PickleValue] {
        let start = try startOf(count)
        defer { stack.removeLast(count) }
        return Array(stack[start...])
    }

    func top() throws(ScanStop) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.last else {
            throw stop("pickle-malformed", "the stack is empty")
        }
        return value
    }

    var hasMark: Bool { !marks.isEmpty }

    mutating func popMark() throws(ScanStop) -> [PickleValue] {
        let start = try markedStart()
        defer { stack.removeSubrange(start...) }
        return Array(stack[start...])
    }

    // MARK: The memo

    mutating func get(_ index: Int) throws(ScanStop) {
        if isOtherReading || isTrial, index > taken + 1 << 16 { return push(.unknown) }
        if isOtherReading, let value = otherMemo[index] { return push(value) }
        guard index < memo.count, let value = memo[index] else {
            throw stop("pickle-malformed", "nothing was stored in the memo under \(index)")
        }
        push(isOtherReading ? Self.constant(value) : value)
    }

    mutating func put(_ index: Int) throws(ScanStop) {
        let value = try top()
        // The unpickler makes room for every index up to this one.
        guard index <= taken + 1 << 16 else {
            // Python's slower unpickler has room for any.
            if isOtherReading || isTrial { return }
            throw stop("limit-memo", "index \(index) makes the unpickler's memo larger than any pickler needs")
        }
        if isOtherReading {
            let isNew = otherMemo.updateValue(value, forKey: index) == nil
            if isNew, index >= memo.count || memo[index] == nil { memoized += 1 }
            return
        }
        guard index < memo.count || allowance.mayRemember(index, read: reader.offset - reader.passedOver) else {
            throw stop(
                "limit-memo",
                "it remembers more values than a pickle of its length does; have it pickled as arrays, or in parts"
            )
        }
        while memo.count <= index { memo.append(nil) }
        if memo[index] == nil { memoized += 1 }
        memo[index] = value
    }
}
