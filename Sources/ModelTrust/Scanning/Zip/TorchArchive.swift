/// What `torch.save` and `torch.jit.save` write since version 1.6: a zip whose one folder holds `data.pkl`, and the
/// storages that it names as members of their own (`caffe2/serialize/inline_container.h`).
struct TorchArchive {
    private let folder: String
    private let entries: [ZipEntry]
    /// By their names, since each of a hundred thousand storages is asked for.
    private let byName: [String: Int]
    private let isScript: Bool
    private let storageFolders: [String]
    private let members: ZipMembers

    /// nil where the archive is not PyTorch's.
    init?(_ archive: ZipArchive, _ members: ZipMembers) {
        // Readers take the folder of the first member; here any folder that holds a data.pkl is one.
        guard let data = archive.entries.first(where: { $0.name.hasSuffix("/data.pkl") }) else { return nil }
        let folder = MemberPath.folder(of: data.name)
        let code = folder + "code/"
        self.folder = folder
        self.entries = archive.entries.filter { !$0.isFolder }
        self.byName = Dictionary(entries.indices.lazy.map { [entries] in (entries[$0].name, $0) }) { first, _ in first }
        self.isScript = entries.contains { $0.name.hasPrefix(code) }
        self.storageFolders = (["data/", "constants/"] + (isScript ? ["traced_inputs/"] : [])).map { folder + $0 }
        self.members = members
    }

    func scan(_ context: ScanContext) throws(ScanStop) {
        context.recognise(members.archive.input, as: isScript ? "torchscript" : "pytorch")
        let loader = isScript ? PickleMachine.Loader.torchScript : .torch
        // Which members are storages is known once the pickles have been read.
        var named: Set<String> = []
        for entry in entries where !isStorage(entry) {
            context.within(members.archive.input) { () throws(ScanStop) in
                try scan(entry, loader, &named, context)
            }
        }
        for entry in entries where isStorage(entry) {
            context.within(members.archive.input) { () throws(ScanStop) in
                try storage(entry, named, context)
            }
        }
    }

    private func isStorage(_ entry: ZipEntry) -> Bool {
        storageFolders.contains { entry.name.hasPrefix($0) }
    }

    /// A storage is numbers and nothing else, of which a pickle says how many there are.
    ///
    /// What no pickle names may be a storage all the same that is of no use, and is looked through: if it is of any
    /// format, then some loader may open it.
    private func storage(_ entry: ZipEntry, _ named: Set<String>, _ context: ScanContext) throws(ScanStop) {
        guard entry.method == 0, entry.size == entry.compressedSize else { return try unknown(entry, context) }
        guard named.contains(entry.name) else {
            try context.budget.step(ScanContext.member)
            guard let member = try members.open(entry), try context.isAnything(member) else { return }
            return try unknown(entry, context)
        }
        if entry.flags & ~ZipEntry.allowedFlags != 0 { _ = try members.open(entry) }
    }

    private func scan(
        _ entry: ZipEntry,
        _ loader: PickleMachine.Loader,
        _ named: inout Set<String>,
        _ context: ScanContext
    ) throws(ScanStop) {
        guard entry.name.hasPrefix(folder) else {
            try unknown(entry, context)
            return
        }
        let name = String(entry.name.dropFirst(folder.count))
        guard let member = try members.open(entry) else { return }
        switch name {
        case "data.pkl": try pickle(member, loader, storages: "data/", &named, context)
        case "constants.pkl": try pickle(member, loader, storages: "constants/", &named, context)
        case "traced_inputs.pkl" where isScript:
            try pickle(member, loader, storages: "traced_inputs/", &named, context)
        case "version", ".format_version", ".storage_alignment", ".data/serialization_id":
            try check(member, "a number") { $0.allSatisfy { 0x30...0x39 ~= $0 || $0 == 0x0a } }
        case "byteorder": try check(member, "a byte order") { $0 == Array("little".utf8) || $0 == Array("big".utf8) }
        default:
            if name.hasPrefix("code/"), name.hasSuffix(".debug_pkl") {
                try pickle(member, loader, storages: "data/", &named, context)
            } else if name.hasPrefix("code/") {
                member.role = .torchScript
                context.scan(member)
            } else {
                try unknown(entry, context)
            }
        }
    }

    private func pickle(
        _ member: ScanInput,
        _ loader: PickleMachine.Loader,
        storages place: String,
        _ named: inout Set<String>,
        _ context: ScanContext
    ) throws(ScanStop) {
        let pickle = try PickleScanner.scan(PickleReader(member), loader: loader, context)
        let reader = pickle.reader
        for (key, storage) in pickle.storages.sorted(by: { $0.key < $1.key }) {
            let name = folder + place + key
            named.insert(name)
            let entry = byName[name].map { entries[$0] }
            // Of what a model was traced with, only the shapes are kept.
            if place == "traced_inputs/", entry?.size == 0 { continue }
            guard let entry, entry.size == storage.bytes else {
                let what =
                    entry.map { "has \($0.size) bytes and not the \(storage.bytes ?? 0) that are" }
                    ?? "is not there, though it is"
                try context.add(
                    ScanFinding(
                        rule: "torch-storage",
                        verdict: .notProven,
                        path: member.path,
                        message: "storage `\(PickleText.clean(key, limit: 40))` \(what) declared"
                    )
                )
                continue
            }
        }
        guard reader.remaining == 0 else {
            context.scan(try member.member("after the pickle", at: reader.offset, count: reader.remaining))
            throw ScanStop(
                rule: "trailing-bytes",
                offset: reader.offset,
                message: "\(reader.remaining) bytes follow the pickle"
            )
        }
        guard !pickle.sparseTensors.isEmpty else { return }
        let input = members.archive.input
        let isLittle = isLittleEndian
        var check = TorchSparseCheck(
            storages: pickle.storages,
            areFilledLate: false,
            fileOf: input.size,
            context
        ) { key in
            // PyTorch finds a member whatever the case of its name.
            guard isLittle, key.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let index = byName[folder + place + key],
                entries[index].method == 0, entries[index].size == entries[index].compressedSize,
                entries[index].size == pickle.storages[key]?.bytes
            else { return nil }
            return (input, entries[index].dataStart)
        }
        try check.check(pickle.sparseTensors, in: member.path)
    }

    /// Whether numbers are as a little-endian machine wrote them, which PyTorch takes for granted where nothing is said.
    private var isLittleEndian: Bool {
        guard let index = byName[folder + "byteorder"] else { return true }
        let (entry, word) = (entries[index], Array("little".utf8))
        guard entry.method == 0, entry.size == UInt64(word.count), entry.compressedSize == entry.size else {
            return false
        }
        return (try? members.archive.input.read(at: entry.dataStart, count: word.count)) == word
    }

    private func check(
        _ member: ScanInput,
        _ what: String,
        _ isRight: ([UInt8]) -> Bool
    ) throws(ScanStop) {
        guard member.size > 0, member.size <= 64, isRight(try member.head(64)) else {
            throw ScanStop(rule: "torch-member", message: "`\(member.name)` is not \(what)")
        }
    }

    /// A member that no reader of PyTorch asks for is looked through all the same, and is not proven.
    private func unknown(_ entry: ZipEntry, _ context: ScanContext) throws(ScanStop) {
        try context.add(
            ScanFinding(
                rule: "torch-member",
                verdict: .notProven,
                path: members.archive.input.path,
                element: entry.name,
                message: "`\(PickleText.clean(entry.name, limit: 120))` is no part of a PyTorch archive"
            )
        )
        if let member = try members.open(entry) { context.scan(member) }
    }
}
