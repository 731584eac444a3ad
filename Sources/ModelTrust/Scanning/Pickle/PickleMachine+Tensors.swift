/// Calls of PyTorch that make tensors.
extension PickleMachine {
    /// A tensor's elements lie within its storage.
    private func isTensor(_ all: [PickleValue]) throws(ScanStop) -> Bool {
        guard all.allSatisfy({ isData($0) || isClass($0) }) else { return false }
        guard case .object(let object)? = all.first, let storage = object.storage else { return true }
        // PyTorch makes a storage larger where a tensor reaches outside it.
        guard all.count >= 4, let offset = all[1].integer, let sizes = integers(all[2]), let strides = integers(all[3])
        else { return false }
        guard sizes.count == strides.count, offset >= 0, let last = lastElement(offset, sizes, strides),
            last <= storage.count
        else { throw stop("torch-bounds", "a tensor reaches outside its storage of \(storage.count) elements") }
        return true
    }

    /// How many elements a storage must have for a tensor; nil where that is no number.
    private func lastElement(_ offset: Int, _ sizes: [Int], _ strides: [Int]) -> Int? {
        var last = offset
        for (size, stride) in zip(sizes, strides) {
            guard size >= 0, stride >= 0 else { return nil }
            if size == 0 { return offset }
            let (reach, overflows) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, overflowsToo) = last.addingReportingOverflow(reach)
            guard !overflows, !overflowsToo else { return nil }
            last = sum
        }
        let (count, overflows) = last.addingReportingOverflow(1)
        return overflows ? nil : count
    }

    /// How many elements a tensor has that a listed call makes; nil where it is called in another way.
    ///
    /// Tensors share their storage, but for those that are copied to a device, each as large as its shape: one element
    /// with strides of zero is as many as the shape says.
    mutating func tensor(by maker: PickleGlobal, _ all: [PickleValue]) throws(ScanStop) -> Int? {
        guard try isTensor(all) else { return nil }
        if maker.name == "_rebuild_nested_tensor" {
            try noteSparse(all, isNested: true)
        } else if maker.name.hasPrefix("_rebuild_sparse_") {
            try noteSparse(all, isNested: false)
        }
        var count = elements(all.first)
        if case .object(let object)? = all.first, object.storage != nil, let sizes = integers(all[2]) {
            count = sizes.reduce(1) { product, size in
                let (next, overflows) = product.multipliedReportingOverflow(by: size)
                return overflows ? Int(Int32.max) << 16 : min(next, Int(Int32.max) << 16)
            }
        }
        if maker.name == "_rebuild_device_tensor_from_cpu_tensor" {
            let (bytes, overflows) = count.multipliedReportingOverflow(by: Self.width(all))
            try make(bytes: overflows ? .max : bytes)
        }
        return count
    }

    func elements(_ value: PickleValue?) -> Int {
        guard case .object(let object)? = value else { return 0 }
        return object.elements
    }

    /// Bytes an element of the type that a call names, at the most.
    private static func width(_ all: [PickleValue]) -> Int {
        for case .global(let type) in all {
            if type.name == "complex128" || type.name == "cdouble" { return 16 }
            if type.name.hasSuffix("64") || ["double", "long", "cfloat"].contains(type.name) { return 8 }
        }
        return 4
    }

    /// `_rebuild_from_type_v2(function, type, arguments, state)` calls the function with the arguments.
    mutating func tensorOfType(_ all: [PickleValue]) throws(ScanStop) -> Int? {
        guard all.count == 4, case .global(let function) = all[0], case .listed(.tensor) = function.standing,
            isClass(all[1]), let arguments = all[2].tuple, isState(all[3])
        else { return nil }
        return try tensor(by: function, arguments)
    }

    /// Whether something is compared later with what a call was given: a sparse tensor with its parts.
    static func keepsArguments(_ rule: PickleRule, _ function: PickleGlobal) -> Bool {
        switch rule {
        case .tensor: function.name.hasPrefix("_rebuild_tensor")
        case .value: function.name == "_get_layout"
        case .container: function.name == "Size"
        default: false
        }
    }

    /// Remembers a sparse tensor, whose indices are looked at once it is known where the storages lie.
    private mutating func noteSparse(_ all: [PickleValue], isNested: Bool) throws(ScanStop) {
        guard loader == .torch || isNested else {
            return try report(
                TorchSparseCall.rule,
                .notProven,
                "makes a sparse tensor, whose indices are looked through in what `torch.save` writes and nowhere else"
            )
        }
        try make(units: 1)
        sparseTensors.append(TorchSparseCall(arguments: all, offset: start, element: opcode, isNested: isNested))
    }
}
