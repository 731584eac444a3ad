/// The states of NumPy's data types.
///
/// NumPy believes every number of them: by the flags it takes bytes for pointers, by the size it reads beside an element,
/// by the alignment where an element may lie. So only what NumPy itself writes is taken (`arraydescr_reduce`).
extension PickleMachine {
    /// Bits of the flags (`NPY_ITEM_REFCOUNT` and so on): those of a type of objects, those that a record has from fields
    /// that are objects, and those of types of other packages.
    private static let (objectFlags, objectFieldFlags, foreignFlags) = (63, 27, 16 | 32 | 64)
    /// That Python has to be there to compare two elements, and that they are empty before they are filled.
    private static let (pythonFlag, emptyFlag) = (16, 8)
    /// That fields are aligned as a C compiler would have them.
    private static let alignedFlag = 128

    private func noType(_ message: String) -> ScanStop { stop("numpy-dtype", message) }

    /// The type that one becomes by its state.
    func numpyType(_ type: NumpyType?, with state: PickleValue) throws(ScanStop) -> NumpyType {
        let parts = try typeState(state)
        guard var type else { throw noType("a data type has no form") }
        if isCompound(parts) {
            guard type.kind == "V" else { throw noType("a data type that is no record has fields") }
            let form = try compound(parts)
            guard form.size == type.size else { throw noType("a data type declares a size that it does not have") }
            return form
        }
        guard case .none = parts[4] else { throw noType("a data type has fields without names") }
        // Of one byte, or of none that have an order.
        let hasOrder = !["O", "S", "a", "V"].contains(type.kind) && type.size != 1
        guard type.kind == nil || hasOrder == (Self.order(parts[1]) != "|") else {
            throw noType("a data type has an order of bytes that is not its own")
        }
        try checkSize(of: type, parts)
        try checkMetadata(parts, isOfTime: type.kind == "M" || type.kind == "m")
        guard let flags = parts[7].integer, Self.isFlags(flags, of: type) else {
            throw noType("the flags of a data type are not its own: by some, numbers are taken for objects")
        }
        type.isSwapped = Self.order(parts[1]) == ">"
        return type
    }

    /// The type of NumPy's records, which has no size of its own.
    func numpyRecord(_ state: PickleValue) throws(ScanStop) -> NumpyType {
        let parts = try typeState(state)
        guard parts[3].tuple != nil else { throw noType("the state of a data type is not one") }
        return try compound(parts)
    }

    /// `(version, order, subtype, names, fields, size, alignment, flags)` and, from version 4, more about times or what a
    /// program says of it.
    private func typeState(_ state: PickleValue) throws(ScanStop) -> [PickleValue] {
        // NumPy has written no other since 2006; it reads older ones, in which the places mean something else.
        guard let parts = state.tuple, 8...9 ~= parts.count, parts.allSatisfy(isPlain), let version = parts[0].integer,
            3...4 ~= version, Self.order(parts[1]) != nil
        else { throw noType("the state of a data type is not one") }
        return parts
    }

    /// The order of bytes, which Python 2 wrote as bytes.
    private static func order(_ value: PickleValue) -> String? {
        var order = value.text
        if case .bytes(let bytes) = value { order = String(decoding: bytes.beginning, as: UTF8.self) }
        return order.flatMap { ["|", "<", ">", "="].contains($0) ? $0 : nil }
    }

    private func isCompound(_ parts: [PickleValue]) -> Bool {
        if case .none = parts[2], case .none = parts[3] { false } else { true }
    }

    private func checkSize(of type: NumpyType, _ parts: [PickleValue]) throws(ScanStop) {
        guard let size = parts[5].integer, let alignment = parts[6].integer else {
            throw noType("a data type has no size")
        }
        switch type.kind {
        case "S", "a", "V", "U":
            guard size == Int(clamping: type.size), alignment == (type.kind == "U" ? 4 : 1) else {
                throw noType("a data type declares a size that it does not have")
            }
        case nil:
            guard size == Int(clamping: type.size), Self.isAlignment(alignment), alignment <= size else {
                throw noType("a data type declares a size that it does not have")
            }
        // As the type itself has it.
        default: guard size == -1, alignment == -1 else { throw noType("a data type declares a size of its own") }
        }
    }

    private static func isAlignment(_ number: Int) -> Bool { 1...64 ~= number && number & (number - 1) == 0 }

    private static func isFlags(_ flags: Int, of type: NumpyType) -> Bool {
        switch type.kind {
        case "O": flags == objectFlags
        case "U": flags == 0 || flags == 8
        case nil: !type.holdsObjects && flags & ~foreignFlags == 0
        default: flags == 0
        }
    }

    /// `(None, (b'ns', 1, 1, 1))` of times; a dictionary, or nothing, of others.
    private func checkMetadata(_ parts: [PickleValue], isOfTime: Bool) throws(ScanStop) {
        guard let last = parts.dropFirst(8).first else {
            if isOfTime { throw noType("a data type of times has no unit") }
            return
        }
        var dictionary = last
        if isOfTime {
            guard let both = last.tuple, both.count == 2, let unit = both[1].tuple, unit.count == 4,
                let count = unit[1].integer, 1...Int(Int32.max) ~= count, unit[2].integer == 1, unit[3].integer == 1
            else { throw noType("a data type of times has no unit") }
            switch unit[0] {
            case .text, .bytes: break
            default: throw noType("a data type of times has no unit")
            }
            dictionary = both[0]
        }
        switch dictionary {
        case .none: return
        case .container(let container) where container.kind == .dictionary: return
        default: throw noType("a data type says of itself what is no dictionary")
        }
    }

    // MARK: Records and arrays in elements

    /// A type of fields, or of an array in each element.
    private func compound(_ parts: [PickleValue]) throws(ScanStop) -> NumpyType {
        guard let size = parts[5].integer, size >= 0, let alignment = parts[6].integer, Self.isAlignment(alignment),
            let flags = parts[7].integer, Self.order(parts[1]) == "|"
        else { throw noType("a data type has no size") }
        try checkMetadata(parts, isOfTime: false)
        if let inner = parts[2].tuple {
            guard case .none = parts[3], case .none = parts[4] else { throw noType("a data type has two forms") }
            return try elements(inner, size, flags)
        }
        guard case .none = parts[2] else { throw noType("a data type has two forms") }
        let fields = try fields(parts, size)
        let holdsObjects = fields.contains { $0.type.holdsObjects }
        let own = flags & ~Self.alignedFlag
        guard holdsObjects ? own == Self.objectFieldFlags : own & ~Self.emptyFlag == Self.pythonFlag else {
            throw noType("the flags of a record are not those of its fields: by some, numbers are taken for objects")
        }
        if holdsObjects { try checkApart(fields) }
        var record = NumpyType(size: UInt64(size), holdsObjects: holdsObjects)
        record.fields = fields
        return record
    }

    /// `(type, shape)`: an array in each element.
    private func elements(_ inner: [PickleValue], _ size: Int, _ flags: Int) throws(ScanStop) -> NumpyType {
        guard inner.count == 2, case .object(let object) = inner[0], case .dtype(let known?) = object.nature,
            let shape = integers(inner[1]) ?? inner[1].integer.map({ [$0] }),
            known.bytes(shape: shape) == UInt64(size)
        else { throw noType("an array in each element is not as large as the element") }
        object.isBuilt = true
        let own = flags & ~Self.alignedFlag
        let isRight =
            if known.kind == "O" {
                flags == Self.objectFlags
            } else if known.holdsObjects {
                own == Self.objectFieldFlags
            } else {
                own & ~(Self.emptyFlag | (known.kind == nil ? Self.foreignFlags : 0)) == 0
            }
        guard isRight, known != .texts else {
            throw noType("the flags of an array in each element are not those of its type")
        }
        var type = NumpyType(size: UInt64(size), holdsObjects: known.holdsObjects)
        type.isArray = true
        return type
    }

    /// The fields in the order of their names; the dictionary has them under their titles as well.
    private func fields(_ parts: [PickleValue], _ size: Int) throws(ScanStop) -> [NumpyField] {
        guard let names = parts[3].tuple?.map(\.text), case .container(let fields) = parts[4],
            fields.kind == .dictionary, let all = fields.allItems
        else { throw noType("the fields of a data type are none, or too many") }
        var byName: [String: NumpyField] = [:]
        var byTitle: [String: (type: PickleObject, offset: Int)] = [:]
        var titles: [(name: String, type: PickleObject, offset: Int)] = []
        for index in stride(from: 1, to: all.count, by: 2) {
            guard let name = all[index - 1].text, let field = all[index].tuple, 2...3 ~= field.count,
                case .object(let object) = field[0], case .dtype(let known?) = object.nature,
                let offset = field[1].integer
            else { throw noType("a field has no type and place") }
            // NumPy believes what the state says, and would read beside the element.
            guard offset >= 0, offset <= size, known.size <= UInt64(size - offset) else {
                throw noType("a field reaches outside its element")
            }
            object.isBuilt = true
            if field.count == 3, field[2].text == name, !names.contains(name) {
                titles.append((name, object, offset))
                continue
            }
            if field.count == 3, let title = field[2].text { byTitle[title] = (object, offset) }
            byName[name] = NumpyField(name: name, offset: offset, type: known)
        }
        let inOrder = names.compactMap { $0.flatMap { byName[$0] } }
        // What lies under a title is what lies under the name, or it would be read by another type than was looked at.
        let areSame = titles.allSatisfy { title in
            byTitle[title.name].map { $0.type === title.type && $0.offset == title.offset } ?? false
        }
        guard inOrder.count == names.count, byName.count == names.count, areSame else {
            throw noType("the names of a data type's fields are not those that it has")
        }
        fields.isFrozen = true
        return inOrder
    }

    /// An object must not lie where something else does, which would change what it points to.
    private func checkApart(_ fields: [NumpyField]) throws(ScanStop) {
        var end = 0
        for field in fields.sorted(by: { $0.offset < $1.offset }) {
            guard field.offset >= end else { throw noType("fields lie upon one another, and one of them is an object") }
            end = field.offset + Int(clamping: field.type.size)
        }
    }
}
