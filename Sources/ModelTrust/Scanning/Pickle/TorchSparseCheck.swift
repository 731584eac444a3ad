/// Holds the indices of sparse tensors to their sizes: PyTorch's compiled code goes wherever they lead, and does not look
/// at them when it loads a file.
struct TorchSparseCheck {
    /// What each costs beside its indices, in steps.
    private static let call = 32

    /// The storages that the pickle names.
    let storages: [String: TorchStorage]
    /// Whether the storages are filled only after the tensors have been made, as those of `torch.save` before 1.6: what is
    /// copied out of them until then is not what the file says.
    let areFilledLate: Bool
    /// Where a storage's bytes lie, where they lie as they are.
    let place: (_ key: String) -> (input: ScanInput, offset: UInt64)?
    private var allowance: TorchIndexAllowance
    private let context: ScanContext

    init(
        storages: [String: TorchStorage],
        areFilledLate: Bool,
        fileOf size: UInt64,
        _ context: ScanContext,
        place: @escaping (_ key: String) -> (input: ScanInput, offset: UInt64)?
    ) {
        self.storages = storages
        self.areFilledLate = areFilledLate
        self.place = place
        self.context = context
        allowance = TorchIndexAllowance(fileOf: size, context)
    }

    /// Reports each call that makes a tensor which reaches outside itself, or may.
    mutating func check(_ calls: [TorchSparseCall], in path: String) throws(ScanStop) {
        for call in calls {
            try context.budget.step(Self.call)
            guard let fault = try fault(of: call) else { continue }
            try context.find(TorchSparseCall.rule, .notProven, in: path, at: call.offset, call.element.name, fault)
        }
    }

    private mutating func fault(of call: TorchSparseCall) throws(ScanStop) -> String? {
        if call.isNested {
            return areFilledLate ? "a nested tensor is made before its sizes are read; save it anew" : nil
        }
        guard let tensor = TorchSparseTensor(call.arguments) else {
            return "a sparse tensor is made of other parts than `torch.save` writes, and cannot be looked through"
        }
        guard product(tensor.size) != nil else { return unsound("has a size that is no number") }
        let isCompressed = tensor.layout != .coo
        for view in tensor.indices where areFilledLate && isCompressed && !view.isContiguous {
            return "the indices of a sparse tensor are copied before they are read; save it anew"
        }
        return isCompressed ? try compressed(tensor) : try coordinates(tensor)
    }

    /// An index for each element and each of the first dimensions.
    private mutating func coordinates(_ tensor: TorchSparseTensor) throws(ScanStop) -> String? {
        let (view, size, values) = (tensor.indices[0], tensor.size, tensor.values)
        let dense = values.dropFirst()
        guard view.sizes.count == 2, values.first == view.sizes[1], size.count - dense.count == view.sizes[0],
            size.suffix(dense.count).elementsEqual(dense)
        else { return unsound("has parts of other sizes than one another") }
        let (dimensions, stride) = (view.sizes[0], view.strides[1])
        // All elements of a stride of zero are one.
        let number = stride == 0 ? min(view.sizes[1], 1) : view.sizes[1]
        guard number > 0, dimensions > 0 else { return nil }
        guard var reader = reader(of: view), !areFilledLate || storages[view.key]?.elements == .long else {
            return unreadable
        }
        // A part of each dimension after the other, since they may lie side by side.
        let part = max(1, (TorchIndexReader.window - TorchIndexReader.beyond) / max(1, stride))
        var begin = 0
        while begin < number {
            let count = min(part, number - begin)
            for dimension in 0..<dimensions {
                var summary = IndexSummary()
                let first = view.offset + dimension * view.strides[0] + begin * stride
                try reader.add(count, from: first, by: stride, to: &summary, &allowance)
                guard summary.areIndices(of: size[dimension]) else { return unsound("has elements outside its size") }
            }
            begin += count
        }
        return nil
    }

    /// Where each row begins, and the column of each element; or the other way round.
    ///
    /// There may be several such matrices,
    /// and each element may be a block.
    private mutating func compressed(_ tensor: TorchSparseTensor) throws(ScanStop) -> String? {
        let (pointers, indices) = (tensor.indices[0], tensor.indices[1])
        let (size, values) = (tensor.size, tensor.values)
        let rank = pointers.sizes.count - 1
        let isBlocked = tensor.layout == .bsr || tensor.layout == .bsc
        let other = "has parts of other sizes than one another"
        guard rank >= 0, indices.sizes.count == rank + 1, size.count >= rank + 2,
            values.count >= rank + (isBlocked ? 3 : 1)
        else { return unsound(other) }
        let block = isBlocked ? [values[rank + 1], values[rank + 2]] : [1, 1]
        let (batch, number) = (pointers.sizes[..<rank], indices.sizes[rank])
        guard [indices.sizes, size, values].allSatisfy({ $0[..<rank] == batch }), values[rank] == number,
            block.allSatisfy({ $0 > 0 }), size[rank].isMultiple(of: block[0]), size[rank + 1].isMultiple(of: block[1]),
            size[(rank + 2)...].elementsEqual(values[(rank + (isBlocked ? 3 : 1))...])
        else { return unsound(other) }
        var (outer, inner) = (size[rank] / block[0], size[rank + 1] / block[1])
        if tensor.layout == .csc || tensor.layout == .bsc { swap(&outer, &inner) }
        guard pointers.sizes[rank] - 1 == outer else { return unsound(other) }
        guard !batch.contains(0) else { return nil }
        guard var rows = reader(of: pointers), var columns = reader(of: number == 0 ? pointers : indices),
            number == 0 || storages[pointers.key]?.elements == storages[indices.key]?.elements
        else { return unreadable }
        var places = TorchBatches(pointers, indices, rank)
        while let (first, column) = places.next() {
            var summary = IndexSummary()
            try rows.add(outer + 1, from: first, by: pointers.strides[rank], to: &summary, &allowance)
            guard summary.arePointers(to: number, ofRowsUpTo: inner) else {
                return unsound("has rows or columns that are not there")
            }
            summary = IndexSummary()
            let count = indices.strides[rank] == 0 ? min(number, 1) : number
            if count > 0 {
                try columns.add(count, from: column, by: indices.strides[rank], to: &summary, &allowance)
            }
            guard summary.areIndices(of: inner) else { return unsound("has elements outside its size") }
        }
        return nil
    }

    /// nil where it cannot be said what an index is.
    private func reader(of view: TorchView) -> TorchIndexReader? {
        guard let storage = storages[view.key], view.isLiteral else { return nil }
        guard storage.elements == .long || storage.elements == .int, let place = place(view.key) else { return nil }
        return TorchIndexReader(place.input, at: place.offset, width: storage.elementSize, count: storage.count)
    }

    private func product(_ sizes: [Int]) -> Int? {
        var product = 1
        for size in sizes {
            let (next, overflows) = product.multipliedReportingOverflow(by: size)
            if overflows { return nil }
            product = next
        }
        return product
    }

    private func unsound(_ why: String) -> String {
        "a sparse tensor \(why): compiled code would read or write beside it"
    }

    private let unreadable =
        "the indices of a sparse tensor cannot be looked through: save them as whole numbers of 32 or 64 bits, on a "
        + "machine that is little-endian"
}

/// Where the parts of several matrices begin that lie in one tensor.
private struct TorchBatches {
    private let sizes: [Int]
    private let strides: [(Int, Int)]
    private var counter: [Int]
    private var place: (Int, Int)?

    /// Dimensions in which all matrices are one are passed over.
    init(_ first: TorchView, _ second: TorchView, _ rank: Int) {
        let all = (0..<rank).filter { first.strides[$0] != 0 || second.strides[$0] != 0 }
        sizes = all.map { first.sizes[$0] }
        strides = all.map { (first.strides[$0], second.strides[$0]) }
        counter = Array(repeating: 0, count: all.count)
        place = (first.offset, second.offset)
    }

    mutating func next() -> (Int, Int)? {
        guard let current = place else { return nil }
        var following = current
        for dimension in sizes.indices.reversed() {
            let (first, second) = strides[dimension]
            counter[dimension] += 1
            (following.0, following.1) = (following.0 &+ first, following.1 &+ second)
            if counter[dimension] < sizes[dimension] {
                place = following
                return current
            }
            counter[dimension] = 0
            (following.0, following.1) = (
                following.0 &- first &* sizes[dimension], following.1 &- second &* sizes[dimension]
            )
        }
        place = nil
        return current
    }
}
