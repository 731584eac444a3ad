/// A call that makes a tensor whose own numbers say where its elements lie.
struct TorchSparseCall {
    static let rule = "torch-sparse"

    let arguments: [PickleValue]
    /// Where the call stands in the pickle.
    let offset: UInt64
    let element: PickleOpcode
    /// Whether it makes a tensor of tensors of several sizes.
    let isNested: Bool
}

/// A sparse tensor of PyTorch, as `_rebuild_sparse_tensor(layout, (indices, …, values, size))` makes it.
struct TorchSparseTensor {
    /// How it says where its elements lie (`torch.layout`).
    enum Layout: String { case coo, csr, csc, bsr, bsc }

    let layout: Layout
    /// One index an element and dimension, of COO; of the others, where each row (or column) begins, and the column (or
    /// row) of each element.
    let indices: [TorchView]
    /// The sizes of the tensor of its elements.
    let values: [Int]
    let size: [Int]

    /// nil where the arguments are others than `torch.save` writes.
    init?(_ arguments: [PickleValue]) {
        guard arguments.count == 2, let layout = Self.layout(arguments[0]), var parts = arguments[1].tuple else {
            return nil
        }
        let count = layout == .coo ? 1 : 2
        // Whether there are no two elements in one place is said since 2.1.
        if layout == .coo, parts.count == 4 { parts.removeLast() }
        guard parts.count == count + 2, let size = Self.size(parts[count + 1]), size.allSatisfy({ $0 >= 0 }),
            let values = TorchView(parts[count])?.sizes
        else { return nil }
        let indices = parts[..<count].compactMap { TorchView($0) }
        guard indices.count == count else { return nil }
        (self.layout, self.indices, self.values, self.size) = (layout, indices, values, size)
    }

    private static func layout(_ value: PickleValue) -> Layout? {
        let name: String?
        switch value {
        case .global(let global): name = global.qualified
        case .object(let object) where object.maker == "torch.serialization._get_layout":
            name = object.arguments?.allItems?.first?.text
        default: name = nil
        }
        guard let name, name.hasPrefix("torch.sparse_") else { return nil }
        return Layout(rawValue: String(name.dropFirst(13)))
    }

    /// A `torch.Size`, or a tuple.
    private static func size(_ value: PickleValue) -> [Int]? {
        guard let object = value.object else { return PickleValue.integers(value) }
        guard object.maker == "torch.Size", let all = object.arguments?.allItems, all.count <= 1 else { return nil }
        return all.isEmpty ? [] : PickleValue.integers(all[0])
    }
}
