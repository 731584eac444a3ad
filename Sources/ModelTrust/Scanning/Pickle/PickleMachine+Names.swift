extension PickleMachine {
    /// What it costs to look a name up, in steps.
    private static let importSteps = 32

    /// GLOBAL, STACK_GLOBAL, INST and EXT: a name is imported, and INST calls it at once.
    mutating func importName() throws(ScanStop) {
        switch opcode {
        case .ext1, .ext2, .ext4:
            let code = try reader.number(opcode == .ext1 ? 1 : opcode == .ext2 ? 2 : 4)
            try report(
                "pickle-extension",
                .notProven,
                "it takes number \(code) of copyreg's registry, which the loading program filled and nobody can know"
            )
            push(.unknown)
        case .stackGlobal:
            let names = try pop(2)
            guard case .text(let module) = names[0], case .text(let name) = names[1] else {
                if names.contains(where: { if case .object = $0 { true } else { false } }) {
                    throw stop("pickle-computed-name", .unsafe, "it imports a name that an earlier call computes")
                }
                throw stop("pickle-malformed", "it imports a name that is no text")
            }
            try importName(module: module, name: name)
        default:
            let module = try nameLine()
            let name = try nameLine(orRest: opcode == .inst)
            guard opcode == .inst else { return try importName(module: module, name: name) }
            // The name is imported before the arguments are looked for.
            guard hasMark else {
                if PickleDangers.actsWhenImported(module) { try importName(module: module, name: name) }
                throw stop("pickle-malformed", "there is no mark")
            }
            let arguments = PickleContainer(.tuple, try popMark())
            try importName(module: module, name: name)
            let callable = try pop(1)[0]
            push(try result(of: callable, called: arguments))
        }
    }

    private mutating func nameLine(orRest: Bool = false) throws(ScanStop) -> String {
        let line = try reader.line(orRest: orRest)
        guard let text = String(validating: line, as: UTF8.self), line.count <= PickleValue.longestText else {
            throw stop("pickle-malformed", "it imports a name that is no text")
        }
        return text
    }

    private mutating func importName(module: String, name: String) throws(ScanStop) {
        // Picklers import each name once, and remember it.
        if !isOtherReading { try context.budget.step(Self.importSteps) }
        let known = names[PickleName(module: module, name: name)]
        let global = known ?? PickleGlobal(module: module, name: name, loader: loader)
        if known == nil { names[PickleName(module: module, name: name)] = global }
        push(.global(global))
        var shown: String { PickleText.clean(global.qualified, limit: 160) }
        switch global.standing {
        case .listed, .constant, .storage: break
        case .dangerous:
            importsLibrary = importsLibrary || PickleDangers.isInstalled(module)
            try report(
                "pickle-import",
                .unsafe,
                "imports `\(shown)`, with which code can be run or the machine be reached"
            )
        case .unlisted:
            // Python imports nothing by an empty name.
            importsLibrary = importsLibrary || !module.isEmpty && PickleDangers.actsWhenImported(module)
            try report("pickle-import", .notProven, "imports `\(shown)`, which is on no list of what is harmless")
        }
    }

    /// A persistent identifier of PyTorch: `('storage', type, key, location, count)`; false where it is another.
    mutating func storage(_ identifier: PickleValue) throws(ScanStop) -> Bool {
        guard let parts = identifier.tuple, parts.count >= 5, parts.count <= 6, parts[0].text == "storage",
            case .global(let type) = parts[1], case .storage(let size) = type.standing, let key = parts[2].text,
            let count = parts[4].integer, count >= 0
        else { return false }
        var storage = TorchStorage(count: count, elementSize: size, elements: Self.elements(type))
        // The sixth is a part of another storage, whose name PyTorch gives to the part.
        for part in parts.dropFirst(5) {
            if case .none = part { continue }
            storage.elements = .unclear
            // Python takes a list or a mapping apart as it does a tuple; a text has no numbers in it.
            if part.text != nil { continue }
            guard let name = part.tuple?.first?.text else {
                throw stop("torch-storage", "a part of a storage is not described as PyTorch does it")
            }
            partNames.insert(name)
            storages[name]?.elements = .unclear
        }
        if partNames.contains(key) { storage.elements = .unclear }
        if let earlier = storages[key] {
            guard earlier.bytes == storage.bytes else {
                throw stop("torch-storage", "storage `\(PickleText.clean(key, limit: 40))` has two sizes")
            }
            // PyTorch goes by the type under which it met the storage first.
            if earlier.elements != storage.elements || earlier.elementSize != storage.elementSize {
                storage.elements = .unclear
            }
        }
        if storages.updateValue(storage, forKey: key) == nil {
            storedBytes = min(storedBytes &+ Int(min(storage.bytes ?? 0, 1 << 50)), 1 << 50)
        }
        try make(units: 3)
        let object = PickleObject(maker: type, nature: .value)
        object.storage = storage
        if case .container(let parts) = identifier { object.arguments = parts }
        push(.object(object))
        return true
    }

    private static func elements(_ type: PickleGlobal) -> TorchStorage.Elements {
        switch type.name {
        case "LongStorage": .long
        case "IntStorage": .int
        default: .other
        }
    }
}
