/// What `torch.save` wrote before version 1.6: five pickles, then the storages (`torch/serialization.py`,
/// `_legacy_save`).
enum TorchLegacy {
    /// PROTO 2 and the number 0x1950a86a20f9469cfc6c.
    private static let magic: [UInt8] = [
        0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
    ]

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        try input.head(magic.count) == magic
    }

    /// Scans the file, of which ``recognises(_:)`` is true.
    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        context.recognise(input, as: "pytorch-legacy")
        var reader = PickleReader(input, at: UInt64(magic.count))
        let version = try PickleScanner.scan(reader, loader: .plain, context)
        reader = version.reader
        let system = try PickleScanner.scan(reader, loader: .plain, context)
        let model = try PickleScanner.scan(system.reader, loader: .torch, context)
        let list = try PickleScanner.scan(model.reader, loader: .plain, context)
        reader = list.reader
        guard version.value.integer == 1001 else {
            throw ScanStop(rule: "torch-legacy", offset: UInt64(magic.count), message: "it is of no known version")
        }
        guard case .container(let keys) = list.value, keys.kind == .list else {
            throw ScanStop(
                rule: "torch-legacy",
                offset: model.reader.offset,
                message: "the list of its storages is none"
            )
        }
        // The list names each storage once; all have to be there, since they are read by their number.
        guard keys.count == model.storages.count,
            keys.items.allSatisfy({ $0.text.map { model.storages[$0] != nil } == true })
        else {
            throw ScanStop(
                rule: "torch-legacy",
                offset: model.reader.offset,
                message: "the storages that are listed are not those that the model names"
            )
        }
        let places = try storages(model.storages, ordered: keys, from: reader)
        guard !model.sparseTensors.isEmpty else { return }
        var check = TorchSparseCheck(
            storages: model.storages,
            areFilledLate: true,
            fileOf: input.size,
            context
        ) { key in places[key].map { (input, $0) } }
        try check.check(model.sparseTensors, in: input.path)
    }

    /// Goes through the storages; returns where each of those begins whose order is known.

    private static func storages(
        _ storages: [String: TorchStorage],
        ordered keys: PickleContainer,
        from start: PickleReader
    ) throws(ScanStop) -> [String: UInt64] {
        var reader = start
        var places: [String: UInt64] = [:]
        // Only the first keys are kept in order; of the others it is known that each has one of the remaining sizes.
        var left = storages
        for index in 0..<keys.count {
            let offset = reader.offset
            let count = try reader.number(8)
            let storage: TorchStorage?
            if index < keys.items.count, let key = keys.items[index].text {
                storage = left.removeValue(forKey: key)
                places[key] = reader.offset
            } else if let match = left.first(where: { $0.value.count == Int(clamping: count) }) {
                storage = left.removeValue(forKey: match.key)
            } else {
                storage = nil
            }
            guard let storage, storage.count == Int(clamping: count), let bytes = storage.bytes else {
                throw ScanStop(
                    rule: "torch-storage",
                    offset: offset,
                    message: "a storage is not as large as the model declares"
                )
            }
            try reader.skip(bytes)
        }
        guard reader.remaining == 0 else {
            throw ScanStop(
                rule: "trailing-bytes",
                offset: reader.offset,
                message: "\(reader.remaining) bytes follow the last storage"
            )
        }
        return places
    }
}
