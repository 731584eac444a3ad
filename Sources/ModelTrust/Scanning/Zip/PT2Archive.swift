/// What `torch.export.save` writes (`.pt2`): a program as JSON, storages as they are in memory, and a list of which
/// tensor is where (`torch/export/pt2_archive`).
struct PT2Archive {
    /// Bytes of an element by the number of its type.
    private static let sizes: [UInt64: UInt64] = [
        1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 2, 7: 4, 8: 8, 9: 4, 10: 8, 11: 16, 12: 1, 13: 2, 28: 2, 29: 1, 30: 1, 31: 1,
        32: 1, 33: 1, 34: 4, 35: 8,
    ]

    private let folder: String
    private let members: ZipMembers
    private let entries: [ZipEntry]
    private let byName: [String: ZipEntry]

    /// nil where the archive is none.
    init?(_ archive: ZipArchive, _ members: ZipMembers) {
        guard let form = archive.entries.first(where: { $0.name.hasSuffix("/archive_format") }) else { return nil }
        folder = MemberPath.folder(of: form.name)
        self.members = members
        entries = archive.entries.filter { !$0.isFolder }
        byName = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
    }

    func scan(_ context: ScanContext) throws(ScanStop) {
        context.recognise(members.archive.input, as: "pytorch-export")
        var (raw, pickled): (Set<String>, Set<String>) = ([], [])
        for entry in entries where entry.name.hasSuffix("_config.json") {
            context.within(members.archive.input) { () throws(ScanStop) in
                let named = try payloads(entry, context)
                raw.formUnion(named.raw)
                pickled.formUnion(named.others)
            }
        }
        // What one list calls numbers and another a pickle is unpickled, whatever the case of its name.
        raw = raw.filter { !pickled.contains($0.lowercased()) }
        for entry in entries where !raw.contains(entry.name) {
            context.within(members.archive.input) { () throws(ScanStop) in
                try scan(entry, context)
            }
        }
    }

    private func scan(_ entry: ZipEntry, _ context: ScanContext) throws(ScanStop) {
        guard let member = try members.open(entry) else { return }
        guard entry.name.hasPrefix(folder) else { return try unknown(entry, member, context) }
        let name = String(entry.name.dropFirst(folder.count))
        switch name {
        case "archive_format": try check(member, "`pt2`") { $0 == Array("pt2".utf8) }
        case "archive_version", ".data/version", ".data/serialization_id", "version":
            try check(member, "a number") { $0.allSatisfy { 0x30...0x39 ~= $0 || $0 == 0x0A } }
        case "byteorder": try check(member, "a byte order") { $0 == Array("little".utf8) || $0 == Array("big".utf8) }
        default:
            let folders = ["models/", "data/weights/", "data/constants/", "data/sample_inputs/", "extra/"]
            guard folders.contains(where: name.hasPrefix) else { return try unknown(entry, member, context) }
            if name.hasPrefix("models/") { try isProgram(member) }
            // Of `torch.save`, JSON, or whatever somebody put there.
            context.scan(member)
        }
    }

    /// Programs are JSON whose first key is one of a program's: that it is looked into as one is settled by its keys.
    private func isProgram(_ member: ScanInput) throws(ScanStop) {
        guard member.name.hasSuffix(".json"), let text = try PlainText(member)?.bytes,
            text.holds(Array("\"graph_module\"".utf8))
        else {
            throw ScanStop(rule: "torch-export", element: member.name, message: "what should be a program is none")
        }
    }

    /// Reads which tensor is where; returns the members that are numbers and nothing else, and those that are not (in
    /// lower case).
    private func payloads(
        _ entry: ZipEntry,
        _ context: ScanContext
    ) throws(ScanStop) -> (raw: Set<String>, others: Set<String>) {
        let place = MemberPath.folder(of: entry.name)
        // A program in a folder below `models/` has its lists in a folder as well, and what they name is beside the others.
        let lists = ["data/weights/", "data/constants/"].map { (folder + $0).lowercased() }
        guard !lists.contains(where: { place.lowercased() != $0 && place.lowercased().hasPrefix($0) }) else {
            throw ScanStop(
                rule: "torch-export",
                element: PickleText.clean(entry.name, limit: 120),
                message: "a list of tensors lies in a folder of its own"
            )
        }
        guard place == folder + "data/weights/" || place == folder + "data/constants/",
            let member = try members.open(entry), let text = try PlainText(member)?.bytes
        else { return ([], []) }
        let document = try JSONText.document(text, context)
        var (raw, others): (Set<String>, Set<String>) = ([], [])
        let prefix = place.hasSuffix("/weights/") ? "weight_" : "tensor_"
        for tensor in document["config"]?.members ?? [] {
            let value = tensor.value
            guard let path = value["path_name"]?.text, RelativeName.isInside(path) else {
                throw fault(tensor, "a tensor does not say where it is")
            }
            // A loader unpickles by the flag, and by the name: `custom_obj_0`, `opaque_obj_0`, `model.pt`.
            guard case .bool(false)? = value["use_pickle"]?.value, Self.isNumbered(path, prefix) else {
                // PyTorch finds a member whatever the case of its name.
                guard byName[place + path] != nil else { throw fault(tensor, "a tensor's pickle is not there") }
                others.insert((place + path).lowercased())
                continue
            }
            guard let meta = value["tensor_meta"], let stored = byName[place + path] else {
                throw fault(tensor, "a tensor's numbers are not there")
            }
            guard try isWithin(meta, stored.size, tensor) else {
                throw fault(tensor, "a tensor reaches outside its \(stored.size) bytes")
            }
            // What is compressed is no storage that a loader maps, and is looked through.
            if stored.method == 0, stored.size == stored.compressedSize, stored.flags & ~ZipEntry.allowedFlags == 0 {
                raw.insert(stored.name)
            }
        }
        return (raw, others)
    }

    private static func isNumbered(_ name: String, _ prefix: String) -> Bool {
        guard name.hasPrefix(prefix) else { return false }
        let number = name.dropFirst(prefix.count).utf8
        return !number.isEmpty && number.allSatisfy { 0x30...0x39 ~= $0 }
    }

    private func isWithin(_ meta: JSONNode, _ bytes: UInt64, _ tensor: JSONNode.Member) throws(ScanStop) -> Bool {
        func numbers(_ key: String) -> [UInt64]? {
            guard let values = meta[key]?.elements?.map({ $0["as_int"]?.unsigned }) else { return nil }
            let known = values.compactMap(\.self)
            return known.count == values.count ? known : nil
        }
        guard let type = meta["dtype"]?.unsigned, let width = Self.sizes[type], meta["layout"]?.unsigned == 7,
            let sizes = numbers("sizes"), let strides = numbers("strides"), sizes.count == strides.count,
            let start = meta["storage_offset"]?["as_int"]?.unsigned
        else { throw fault(tensor, "a tensor is of a form that is not known") }
        if sizes.contains(0) { return true }
        var last = start
        for (size, stride) in zip(sizes, strides) {
            let (reach, over) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, overToo) = last.addingReportingOverflow(reach)
            guard !over, !overToo else { return false }
            last = sum
        }
        return last < bytes / width
    }

    private func fault(_ tensor: JSONNode.Member, _ message: String) -> ScanStop {
        ScanStop(rule: "torch-export", element: PickleText.clean(tensor.name, limit: 120), message: message)
    }

    private func check(_ member: ScanInput, _ what: String, _ isRight: ([UInt8]) -> Bool) throws(ScanStop) {
        guard member.size > 0, member.size <= 64, isRight(try member.head(64)) else {
            throw ScanStop(rule: "torch-member", message: "`\(member.name)` is not \(what)")
        }
    }

    /// What is compiled (`data/aotinductor`), or of no part of the format that is known, is looked through and not
    /// proven.
    private func unknown(_ entry: ZipEntry, _ member: ScanInput, _ context: ScanContext) throws(ScanStop) {
        let isCompiled = entry.name.contains("/aotinductor/")
        try context.add(
            ScanFinding(
                rule: isCompiled ? "executable" : "torch-member",
                verdict: .notProven,
                path: members.archive.input.path,
                element: entry.name,
                message: "`\(PickleText.clean(entry.name, limit: 120))` is "
                    + (isCompiled ? "part of a compiled model, which is a program" : "no part of an exported model")
            )
        )
        context.scan(member)
    }
}
