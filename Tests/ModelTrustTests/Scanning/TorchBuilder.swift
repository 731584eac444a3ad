@testable import ModelTrust

/// Writes checkpoints of PyTorch, each with one tensor that is made of others.
struct TorchBuilder {
    /// A storage of whole numbers, of `LongStorage` or another type.
    struct Storage {
        var type = "LongStorage"
        var values: [Int]
        var view: PickleBuilder?

        var bytes: [UInt8] {
            type == "LongStorage"
                ? values.flatMap { [UInt8].little(Int64($0)) } : values.flatMap { [UInt8].little(Int32($0)) }
        }
    }

    /// A tensor over a storage, by the storage's index.
    struct Tensor {
        var storage: Int
        var sizes: [Int]
        var strides: [Int]?
        var offset = 0
        var maker = "_rebuild_tensor_v2"
        var metadata = false
    }

    var layout = "torch.sparse_csr"
    var maker = "_rebuild_sparse_tensor"
    var storages: [Storage]
    var tensors: [Tensor]
    var size: [Int]
    var isCoalesced: Bool?
    var byteOrder = "little"

    /// Coordinates, a row of them for each dimension.
    static func coo(_ indices: [[Int]], size: [Int]) -> TorchBuilder {
        let count = indices.first?.count ?? 0
        return TorchBuilder(
            layout: "torch.sparse_coo",
            storages: [Storage(values: indices.flatMap(\.self)), floats(count)],
            tensors: [Tensor(storage: 0, sizes: [indices.count, count]), Tensor(storage: 1, sizes: [count])],
            size: size,
            isCoalesced: true
        )
    }

    /// Where each row begins, and the column of each element; a block each where there are sizes of one.
    static func compressed(
        _ layout: String,
        _ pointers: [Int],
        _ indices: [Int],
        size: [Int],
        block: [Int] = []
    ) -> TorchBuilder {
        TorchBuilder(
            layout: "torch.sparse_" + layout,
            storages: [
                Storage(values: pointers), Storage(values: indices), floats(indices.count * block.reduce(1, *)),
            ],
            tensors: [
                Tensor(storage: 0, sizes: [pointers.count]), Tensor(storage: 1, sizes: [indices.count]),
                Tensor(storage: 2, sizes: [indices.count] + block),
            ],
            size: size
        )
    }

    static func floats(_ count: Int) -> Storage {
        Storage(type: "FloatStorage", values: Array(repeating: 0, count: count))
    }

    func with(_ change: (inout TorchBuilder) -> Void) -> TorchBuilder {
        var copy = self
        change(&copy)
        return copy
    }

    /// What `torch.save` writes.
    var zip: [UInt8] {
        var zip = ZipBuilder(("m/data.pkl", pickle), ("m/byteorder", Array(byteOrder.utf8)))
        for (key, storage) in storages.enumerated() {
            zip.members.append(ZipBuilder.Member(name: "m/data/\(key)", bytes: storage.bytes))
        }
        return zip.bytes
    }

    /// What `torch.save` wrote before version 1.6.
    var legacy: [UInt8] {
        let magic: [UInt8] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
        var bytes = PickleBuilder(protocol: 2).raw(magic).done
        bytes += integer(1001, PickleBuilder(protocol: 2)).done + PickleBuilder(protocol: 2).op(.emptyDict).done
        var keys = PickleBuilder(protocol: 2).op(.emptyList, .mark)
        for key in storages.indices { keys = keys.text("\(key)") }
        bytes += pickle + keys.op(.appends).done
        for storage in storages { bytes += [UInt8].little(Int64(storage.values.count)) + storage.bytes }
        return bytes
    }

    private var pickle: [UInt8] {
        var builder = PickleBuilder(protocol: 2).op(.emptyDict).text("x").global("torch._utils", maker)
        builder = builder.global("torch.serialization", "_get_layout").text(layout).op(.tuple1, .reduce).op(.mark)
        for tensor in tensors { builder = add(tensor, to: builder) }
        builder = tuple(size, builder.global("torch", "Size")).op(.tuple1, .reduce)
        if let isCoalesced { builder = builder.op(isCoalesced ? .newTrue : .newFalse) }
        return builder.op(.tuple, .tuple2, .reduce, .setItem).done
    }

    private func add(_ tensor: Tensor, to builder: PickleBuilder) -> PickleBuilder {
        let storage = storages[tensor.storage]
        var made = builder.global("torch._utils", tensor.maker).op(.mark, .mark).text("storage")
        made = made.global("torch", storage.type).text("\(tensor.storage)").text("cpu")
        made = integer(storage.values.count, made)
        if let view = storage.view { made = made.raw(view.bytes) }
        made = integer(tensor.offset, made.op(.tuple, .binPersID))
        made = tuple(tensor.sizes, made)
        var strides = tensor.strides ?? []
        if strides.isEmpty {
            var next = 1
            for size in tensor.sizes.reversed() {
                strides.insert(next, at: 0)
                next *= size
            }
        }
        made = tuple(strides, made).op(.newFalse, .emptyDict)
        if tensor.metadata { made = made.op(.emptyDict).text("neg").op(.newTrue, .setItem) }
        return made.op(.tuple, .reduce)
    }

    private func tuple(_ numbers: [Int], _ builder: PickleBuilder) -> PickleBuilder {
        numbers.reduce(builder.op(.mark)) { integer($1, $0) }.op(.tuple)
    }

    private func integer(_ number: Int, _ builder: PickleBuilder) -> PickleBuilder {
        builder.raw([PickleOpcode.long1.rawValue, 8] + [UInt8].little(Int64(number)))
    }
}
