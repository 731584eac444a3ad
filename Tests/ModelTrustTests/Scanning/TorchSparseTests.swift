import Testing

@testable import ModelTrust

/// Sparse tensors of PyTorch, whose indices its compiled code follows wherever they lead.
struct TorchSparseTests {
    typealias Tensor = TorchBuilder.Tensor

    private static let honest: [TorchBuilder] = [
        .coo([[0, 2], [3, 1]], size: [3, 4]),
        .coo([[0, 2], [3, 1]], size: [3, 4]).with { $0.isCoalesced = nil },
        .coo([], size: []),
        .coo([[], []], size: [3, 4]),
        // Each index beside the other of its element, as `nonzero` leaves them; from the middle of a storage.
        .coo([[9, 0], [3, 2], [1, 9]], size: [3, 4]).with {
            $0.tensors[0] = Tensor(storage: 0, sizes: [2, 2], strides: [1, 2], offset: 1)
            $0.tensors[1].sizes = [2]
        },
        // Elements that are tensors themselves.
        .coo([[0, 2]], size: [3, 2]).with {
            $0.storages[1] = TorchBuilder.floats(4)
            $0.tensors[1].sizes = [2, 2]
        },
        .compressed("csr", [0, 1, 1, 3], [3, 0, 2], size: [3, 4]),
        .compressed("csc", [0, 1, 1, 3, 3], [2, 0, 1], size: [3, 4]),
        .compressed("bsr", [0, 1, 2], [1, 0], size: [4, 6], block: [2, 3]),
        .compressed("bsc", [0, 1, 2], [1, 0], size: [4, 6], block: [2, 3]),
        .compressed("csr", [0, 0], [], size: [1, 4]),
        .compressed("csr", [0, 1, 2], [1, 0], size: [2, 2]).with {
            for index in 0...1 { $0.storages[index].type = "IntStorage" }
        },
        // Two matrices of the same rows.
        .compressed("csr", [0, 1, 2], [1, 0, 0, 1], size: [2, 2, 2]).with {
            $0.tensors[0] = Tensor(storage: 0, sizes: [2, 3], strides: [0, 1])
            for index in 1...2 { $0.tensors[index].sizes = [2, 2] }
        },
        .compressed("csr", [0, 1, 1, 3], [3, 0, 2], size: [3, 4]).with { $0.maker = "_rebuild_sparse_csr_tensor" },
    ]

    @Test(arguments: honest)
    func `sparse tensors within their size are proven`(file: TorchBuilder) {
        #expect(ScanProbe.scan(file.zip).findings.map(\.message) == [])
        guard file.tensors[0].strides != [0, 1] else { return }
        #expect(ScanProbe.scan(file.legacy).findings.map(\.message) == [])
    }

    private static let hostile: [TorchBuilder] = [
        .coo([[0, 3], [3, 1]], size: [3, 4]),
        .coo([[0, 2], [3, -1]], size: [3, 4]),
        .coo([[0, 1 << 40], [3, 1]], size: [3, 4]),
        .coo([[0, 2], [3, 1]], size: [3, 4]).with {
            $0.storages[1] = TorchBuilder.floats(1); $0.tensors[1].sizes = [1]
        },
        .coo([[0, 2], [3, 1]], size: [3]),
        .coo([[0, 2], [3, 1]], size: [1 << 40, 1 << 40]),
        .compressed("csr", [1, 1, 1, 3], [3, 0, 2], size: [3, 4]),
        .compressed("csr", [0, 3, 1, 3], [3, 0, 2], size: [3, 4]),
        .compressed("csr", [0, 1, 1, 4], [3, 0, 2], size: [3, 4]),
        .compressed("csr", [0, 1, 1, 3], [3, 0, 4], size: [3, 4]),
        .compressed("csr", [0, 1, 1, 3], [3, 0, -1], size: [3, 4]),
        .compressed("csr", [0, 5, 5, 5], [0, 1, 2, 3, 3], size: [3, 4]),
        .compressed("csr", [0, 3], [3, 0, 2], size: [3, 4]),
        .compressed("csc", [0, 1, 1, 3, 3], [3, 0, 1], size: [3, 4]),
        .compressed("bsr", [0, 1, 2], [2, 0], size: [4, 6], block: [2, 3]),
        .compressed("bsc", [0, 1, 2], [2, 0], size: [4, 6], block: [2, 3]),
        .compressed("bsr", [0, 1, 2], [1, 0], size: [5, 6], block: [2, 3]),
        .compressed("csr", [0, 1, 2], [1, 0, 0, 2], size: [2, 2, 2]).with {
            $0.tensors[0] = Tensor(storage: 0, sizes: [2, 3], strides: [0, 1])
            for index in 1...2 { $0.tensors[index].sizes = [2, 2] }
        },
        .compressed("csr", [0, 1, 1, 3], [3, 0, 2], size: [3, 4]).with { $0.tensors[2].sizes = [1] },
    ]

    @Test(arguments: hostile)
    func `indices outside a tensor are not proven`(file: TorchBuilder) {
        for bytes in [file.zip, file.legacy] {
            let scan = ScanProbe.scan(bytes)
            #expect(scan.findings.map(\.rule) == ["torch-sparse"])
            #expect(scan.verdict == .notProven)
        }
    }

    /// What PyTorch makes of the bytes is something else than they say, or nobody knows what.
    @Test func `indices that cannot be read are not proven`() {
        let plain = TorchBuilder.compressed("csr", [0, 1, 1, 3], [3, 0, 2], size: [3, 4])
        let others: [TorchBuilder] = [
            plain.with { $0.byteOrder = "big" },
            plain.with { $0.storages[1].type = "FloatStorage" },
            // Both are to be of one type.
            plain.with { $0.storages[1].type = "IntStorage" },
            plain.with { $0.tensors[1].metadata = true },
            plain.with { $0.tensors[1].maker = "_rebuild_tensor_v3" },
            plain.with { $0.layout = "torch.strided" },
            plain.with { $0.storages[1].view = PickleBuilder(protocol: nil).text("0") },
        ]
        for file in others { #expect(ScanProbe.rules(file.zip) == ["torch-sparse"]) }
        #expect(ScanProbe.verdict(plain.with { $0.storages[0].type = "DoubleStorage" }.zip) == .notProven)
    }

    /// The storages of the older format are filled after what is copied out of them has been copied.
    @Test func `indices that are copied before they are read are not proven`() {
        let spread = TorchBuilder.compressed("csr", [0, 1, 1, 3], [3, 9, 0, 9, 2], size: [3, 4]).with {
            $0.tensors[1] = Tensor(storage: 1, sizes: [3], strides: [2])
            $0.tensors[2].sizes = [3]
        }
        #expect(ScanProbe.verdict(spread.zip) == .proven)
        #expect(ScanProbe.rules(spread.legacy) == ["torch-sparse"])
        let narrow = TorchBuilder.coo([[0, 2], [3, 1]], size: [3, 4]).with { $0.storages[0].type = "IntStorage" }
        #expect(ScanProbe.verdict(narrow.zip) == .proven)
        #expect(ScanProbe.rules(narrow.legacy) == ["torch-sparse"])
        // A part of a storage has a name, too, and whoever fills the whole one fills it.
        let part = PickleBuilder(protocol: nil).text("0").raw([0x4B, 0, 0x4B, 2]).op(.tuple3)
        let aliased = TorchBuilder.coo([[0, 2], [3, 1]], size: [3, 4]).with { $0.storages[1].view = part }
        #expect(ScanProbe.rules(aliased.legacy) == ["torch-sparse"])
        let list = PickleBuilder(protocol: nil).op(.emptyList, .mark).text("0").raw([0x4B, 0, 0x4B, 2]).op(.appends)
        #expect(ScanProbe.rules(aliased.with { $0.storages[1].view = list }.legacy) == ["torch-storage"])
    }

    /// Rows by the trillion take no bytes where all of them are one, and may lie over one another.
    @Test func `indices are read as far as a file of their size needs`() {
        let endless = TorchBuilder.compressed("csr", [0], [], size: [1 << 40, 4]).with {
            $0.tensors[0] = Tensor(storage: 0, sizes: [1 << 40 + 1], strides: [0])
        }
        #expect(ScanProbe.rules(endless.zip) == ["limit-contents"])
        let crossed = TorchBuilder.compressed("csr", Array(repeating: 0, count: 999), [], size: [100, 100, 100, 1, 4])
            .with {
                $0.tensors[0] = Tensor(storage: 0, sizes: [100, 100, 100, 2], strides: [3, 3, 3, 1])
                for index in 1...2 { $0.tensors[index].sizes = [100, 100, 100, 0] }
            }
        #expect(ScanProbe.rules(crossed.zip) == ["limit-contents"])
        let repeated = TorchBuilder.coo([[0]], size: [3]).with {
            $0.tensors[0] = Tensor(storage: 0, sizes: [1, 1 << 40], strides: [0, 0])
            $0.tensors[1] = Tensor(storage: 1, sizes: [1 << 40], strides: [0])
        }
        #expect(ScanProbe.verdict(repeated.zip) == .proven)
    }

    /// Numbers whose sums are none, and sizes below zero beside a zero.
    @Test func `sizes that are no numbers end no scan`() {
        for (sizes, strides) in [
            ([.max, 0], [1, 1]), ([0, -5], [1, -7]), ([0, .max], [.max, .max]), ([1, 1], [.max, .max]),
        ] {
            let file = TorchBuilder.coo([[0]], size: [3]).with {
                $0.tensors[0] = Tensor(storage: 0, sizes: sizes, strides: strides)
            }
            #expect(ScanProbe.verdict(file.zip) == (sizes == [1, 1] ? .proven : .notProven))
            let rows = TorchBuilder.compressed("csr", [0, 1], [0], size: [1, 1, 1]).with {
                for index in 0...1 { $0.tensors[index] = Tensor(storage: index, sizes: sizes, strides: strides) }
            }
            #expect(ScanProbe.verdict(rows.zip) == .notProven)
        }
    }

    /// PyTorch would copy what it is set to into a storage that holds the indices of another.
    @Test(arguments: ["data", "real", "imag", "__dict__", "partition_dim"])
    func `a tensor's numbers are no attribute of it`(name: String) {
        let tensor = Array(ZipScannerTests.tensor(elements: 4).dropFirst(2).dropLast())
        let pickle = PickleBuilder(protocol: 2).global("torch._utils", "_rebuild_parameter_with_state").op(.mark)
            .raw(tensor).op(.newFalse, .emptyDict, .emptyDict).text(name).raw(tensor).op(.setItem, .tuple, .reduce).done
        #expect(ScanProbe.verdict(ZipScannerTests.torch(pickle)) == (name == "partition_dim" ? .proven : .notProven))
    }

    @Test func `views of changed files end no scan`() {
        for file in [Self.honest[4], Self.honest[12]] {
            ScanProbe.mutate(file.legacy, seed: 7) { _ = ScanProbe.verdict($0) }
        }
    }
}
