/// A tensor as a pickle of PyTorch declares it: elements of a storage, so many and so far apart.
struct TorchView {
    /// The storage's key.
    let key: String
    let offset: Int
    let sizes: [Int]
    let strides: [Int]
    /// Whether its elements are what the storage holds: no other type, and none negated when it is read.
    let isLiteral: Bool

    /// nil where the value is no tensor that lies in a storage as a whole.
    init?(_ value: PickleValue) {
        guard let object = value.object, Self.makers.contains(object.maker), let all = object.arguments?.allItems,
            all.count >= 4, all[0].object?.storage != nil, let identifier = all[0].object?.arguments?.allItems,
            identifier.count >= 5,
            let key = identifier[2].text, let offset = all[1].integer, let sizes = PickleValue.integers(all[2]),
            let strides = PickleValue.integers(all[3]), sizes.count == strides.count,
            sizes.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
        else { return nil }
        self.key = key
        self.offset = offset
        self.sizes = sizes
        self.strides = strides
        isLiteral = object.maker != "torch._utils._rebuild_tensor_v3" && all.count <= 6
    }

    private static let makers: Set = [
        "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
    ]

    /// Whether its elements follow one another, the last dimension first.
    var isContiguous: Bool {
        if sizes.contains(0) { return true }
        var next = 1
        for (size, stride) in zip(sizes, strides).reversed() where size != 1 {
            if stride != next { return false }
            next &*= size
        }
        return true
    }
}
