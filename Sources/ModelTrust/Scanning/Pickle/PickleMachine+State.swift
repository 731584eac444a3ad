extension PickleMachine {
    // MARK: Items

    /// APPEND, APPENDS and ADDITEMS.
    mutating func add(_ items: [PickleValue], singly: Bool) throws(ScanStop) {
        switch try top() {
        case .container(let container) where container.kind == .list || container.kind == .set:
            try noteChange(isHeld: container.isHeld && !items.isEmpty, items)
            if container.count == 0, !items.isEmpty { try make(units: 1) }
            for item in items { container.add(item) }
            if singly { container.singleAdditions += 1 }
            try check(singleAdditions: container.singleAdditions)
            try check(weight: container.weight, depth: container.depth)
        case .object(let object): try absorb(items, into: object, singly: singly, "adds to")
        case let other: try refuse(items, "adds to", other)
        }
    }

    /// SETITEM and SETITEMS.
    mutating func set(_ items: [PickleValue], singly: Bool) throws(ScanStop) {
        guard items.count.isMultiple(of: 2) else { throw stop("pickle-malformed", "a key has no value") }
        switch try top() {
        case .container(let container) where container.kind == .dictionary:
            if container.isFrozen, !items.isEmpty {
                try report("pickle-state", .notProven, "changes the fields of a data type that was made of them")
            }
            try noteChange(isHeld: container.isHeld && !items.isEmpty, items)
            if container.count == 0, !items.isEmpty { try make(units: 1) }
            for item in items { container.add(item) }
            if singly { container.singleAdditions += 1 }
            try check(singleAdditions: container.singleAdditions)
            try check(weight: container.weight, depth: container.depth)
        case .object(let object): try absorb(items, into: object, singly: singly, "sets items of")
        case let other: try refuse(items, "sets items of", other)
        }
    }

    private mutating func absorb(
        _ items: [PickleValue],
        into object: PickleObject,
        singly: Bool,
        _ verb: String
    ) throws(ScanStop) {
        try noteChange(isHeld: object.isHeld && !items.isEmpty, items)
        for item in items {
            item.hold()
            object.absorb(item)
        }
        if singly { object.singleAdditions += 1 }
        try check(singleAdditions: object.singleAdditions)
        try check(weight: object.weight, depth: object.depth)
        switch object.nature {
        case .dictionary where opcode == .setItem || opcode == .setItems: break
        case .list where opcode == .append || opcode == .appends: break
        case .set where opcode == .addItems: break
        case .refused: break
        default:
            try report(
                "pickle-state",
                .notProven,
                "\(verb) what `\(PickleText.clean(object.maker, limit: 160))` returned"
            )
        }
    }

    private func refuse(_ items: [PickleValue], _ verb: String, _ value: PickleValue) throws(ScanStop) {
        guard case .global = value else {
            if isOtherReading || isTrial, case .unknown = value { return }
            let message = "\(verb) \(PickleText.show(value)), which takes none"
            // Unpicklers look at no target where there is nothing to add, and set items of lists, too.
            if case .container(let list) = value, list.kind == .list { throw stricter(message) }
            throw items.isEmpty ? stricter(message) : stop("pickle-malformed", message)
        }
        try report("pickle-state", .unsafe, "\(verb) `\(PickleText.show(value))`, which belongs to the loading program")
    }

    // MARK: BUILD

    /// Sets the state of the object on top of the stack.
    mutating func build(_ state: PickleValue) throws(ScanStop) {
        let target = try top()
        guard case .object(let object) = target else {
            if case .global = target {
                return try report(
                    "pickle-state",
                    .unsafe,
                    "sets attributes of `\(PickleText.show(target))` itself, which the loading program goes on using"
                )
            }
            guard case .unknown = target else {
                let message = "sets the state of \(PickleText.show(target)), which has none"
                throw state.mayBeFalse ? stricter(message) : stop("pickle-malformed", message)
            }
            return try report("pickle-state", .notProven, "sets the state of an object from outside")
        }
        object.absorb(state)
        state.hold()
        try check(weight: object.weight, depth: object.depth)
        if state.holdsClass { try reportHeldClass() }
        var maker: String { PickleText.clean(object.maker, limit: 160) }
        switch object.nature {
        case .dtype, .recordType, .array, .maskedArray, .estimator, .tree, .neighbours, .distance, .loss, .sparse:
            // What was checked when its state was set would be something else by then.
            guard !object.isBuilt else {
                return try report("pickle-state", .notProven, "sets the state of what `\(maker)` returned once more")
            }
            object.isBuilt = true
        default: break
        }
        switch object.nature {
        case .refused, .script: break
        case .estimator: try estimator(object, state)
        case .tree: try tree(object, state)
        case .neighbours: try neighbours(object, state)
        case .distance: try distance(object, state)
        case .loss:
            if !isNumbers(state) { try report("pickle-state", .notProven, "the state of `\(maker)` is not numbers") }
        case .sparse: try sparse(object, state)
        case .dictionary, .list, .set, .namespace: try attributes(state, of: object)
        case .dtype(let type): object.nature = .dtype(try numpyType(type, with: state))
        case .recordType: object.nature = .dtype(try numpyRecord(state))
        case .array, .maskedArray:
            // NumPy copies bytes that are in another order than the machine's.
            object.size = (state.tuple ?? []).reduce(0) { $0 + $1.size }
            try make(bytes: object.size)
            if case .array = object.nature { try array(object, state) } else { try maskedArray(state) }
        case .arrayWrapper: try wrappedArray(object, state)
        case .generator where isPlain(state): break
        case .parameter where 3...5 ~= state.tuple?.count ?? 0: break
        case .parameter, .value, .generator:
            try report("pickle-state", .notProven, "sets the state of what `\(maker)` returned, which has none")
        }
    }

    /// Attributes go into the object's dictionary; those that Python itself looks up would be called.
    private func attributes(_ state: PickleValue, of object: PickleObject) throws(ScanStop) {
        var maker: String { PickleText.clean(object.maker, limit: 160) }
        let parts = state.tuple ?? [state]
        guard parts.count <= 2 else { throw stop("pickle-malformed", "the state of `\(maker)` is none") }
        for part in parts {
            guard case .container(let dictionary) = part, dictionary.kind == .dictionary else {
                if case .none = part { continue }
                try report("pickle-state", .notProven, "sets the state of `\(maker)` to \(PickleText.show(part))")
                continue
            }
            // Beyond so many attributes nobody can say what they are called.
            guard let all = dictionary.allItems else {
                try report("pickle-state", .notProven, "sets more attributes of `\(maker)` than an object has")
                continue
            }
            for index in stride(from: 0, to: all.count, by: 2) {
                guard let name = all[index].text else {
                    try report("pickle-state", .notProven, "sets an attribute of `\(maker)` that has no name")
                    continue
                }
                if case .tree? = all[index + 1].object?.nature { try reportHeldClass() }
                if name.hasPrefix("__") {
                    let shown = PickleText.clean(name, limit: 60)
                    try report("pickle-state", .unsafe, "sets `\(shown)` of `\(maker)`, which Python would call")
                }
            }
        }
    }

    /// `(version, shape, dtype, fortran, data)`; the data of objects is a list.
    private func array(_ target: PickleObject?, _ state: PickleValue) throws(ScanStop) {
        guard let parts = state.tuple, parts.count == 5, let shape = parts[1].tuple?.compactMap(\.integer),
            shape.count == parts[1].tuple?.count, case .object(let object) = parts[2],
            case .dtype(let type) = object.nature, type?.isArray != true
        else { return try report("numpy-array", .notProven, "the state of an array is not one") }
        // Its meaning must not change any more.
        object.isBuilt = true
        if let target, let type {
            target.array = PickleArray(shape: shape, type: type, isFortran: parts[3].integer != 0)
            if case .bytes(let bytes) = parts[4] { target.array?.place = (reader.input, bytes.offset) }
            if case .container(let list) = parts[4], type.holdsObjects { target.array?.objects = list }
        }
        switch parts[4] {
        case .bytes(let bytes):
            guard let type else { return }
            guard !type.holdsObjects, type.bytes(shape: shape) == bytes.count else {
                return try report("numpy-array", .notProven, "an array's bytes are not as many as its shape says")
            }
        case .text, .longText:
            // Python 2 wrote bytes as text.
            guard type?.holdsObjects != true else {
                return try report("numpy-array", .notProven, "an array of objects is filled with text")
            }
        case .container(let list) where list.kind == .list:
            guard let type, type.holdsObjects else {
                return try report("numpy-array", .notProven, "an array of numbers is filled with objects")
            }
            // NumPy goes through as many as the list has, and has room for as many as the shape says.
            guard shape.allSatisfy({ $0 >= 0 }), type.bytes(shape: shape) == type.size * UInt64(list.count) else {
                return try report("numpy-array", .notProven, "an array's objects are not as many as its shape says")
            }
        case .object(let made) where Self.bytesMakers.contains(made.maker):
            // Protocol 2 writes bytes as text that is encoded, and no bytes as a call.
            guard type?.holdsObjects != true else {
                return try report("numpy-array", .notProven, "an array of objects is filled with bytes")
            }
        default: try report("numpy-array", .notProven, "an array is filled with neither bytes nor a list")
        }
    }

    /// `(version, shape, dtype, fortran, data, mask, fill value)`: an array's state, and the mask's bytes.
    private func maskedArray(_ state: PickleValue) throws(ScanStop) {
        guard let parts = state.tuple, parts.count == 7, parts.allSatisfy(isPlain), case .object(let object) = parts[2],
            case .dtype(let type?) = object.nature, type != .texts
        else { return try report("numpy-array", .notProven, "the state of an array with a mask is not one") }
        try array(nil, .container(PickleContainer(.tuple, Array(parts.prefix(5)))))
    }

    static let bytesMakers: Set = ["_codecs.encode", "builtins.bytes", "__builtin__.bytes"]

    // MARK: joblib

    private static let wrapperFields: Set = [
        "subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes",
    ]

    /// joblib reads an array's bytes from the stream where the state of its stand-in has been set.
    private mutating func wrappedArray(_ target: PickleObject, _ state: PickleValue) throws(ScanStop) {
        // To `pickle.load` it is an object like any other.
        if isOtherReading { return }
        guard case .container(let fields) = state, let shape = fields.value("shape")?.tuple?.compactMap(\.integer),
            shape.count == fields.value("shape")?.tuple?.count, case .object(let object)? = fields.value("dtype"),
            case .dtype(let type) = object.nature, let type
        else { throw stop("joblib-array", "an array's stand-in does not say how many bytes follow") }
        // Any other attribute could stand in the place of the method that joblib reads the bytes with.
        for index in stride(from: 0, to: fields.count, by: 2) {
            guard let name = fields.allItems?[index].text, Self.wrapperFields.contains(name) else {
                throw stop(
                    "joblib-array",
                    .unsafe,
                    "an array's stand-in is given an attribute that joblib never writes"
                )
            }
        }
        if case .global(let subclass)? = fields.value("subclass"),
            !["ndarray", "matrix", "recarray"].contains(subclass.name)
        {
            try report("joblib-array", .notProven, "an array is made as a `\(PickleText.show(.global(subclass)))`")
        }
        guard endFrame() else { throw stop("joblib-array", .unsafe, "an array's bytes lie within a frame") }
        object.isBuilt = true
        if type.holdsObjects {
            target.array = try nestedPickle().object?.array
            return
        }
        try reportOtherReading()
        // joblib 1.2: one byte says how many come before the array, so that it can be mapped.
        if fields.value("numpy_array_alignment_bytes")?.integer != nil { try reader.skip(UInt64(try reader.byte())) }
        guard let count = type.bytes(shape: shape) else { throw stop("joblib-array", "an array's size is no number") }
        let array = PickleArray(shape: shape, type: type, isFortran: fields.value("order")?.text == "F")
        array.place = (reader.input, reader.offset)
        target.array = array
        // What is compressed is read forwards, so that what an object of scikit-learn is checked by is read now.
        if count <= reader.remaining { try digest(array, isNeeded: false) }
        try reader.skip(count)
    }

    /// An array of objects is a pickle in the stream.
    private mutating func nestedPickle() throws(ScanStop) -> PickleValue {
        guard nesting < ScanBudget.depth else {
            throw stop("limit-depth", "arrays of objects lie too deep in one another")
        }
        var inner = PickleMachine(reader, loader: loader, context: context)
        inner.nesting = nesting + 1
        (inner.madeBytes, inner.madeValues) = (madeBytes, madeValues)
        (inner.makesEstimators, inner.hasChangedHeld) = (makesEstimators, hasChangedHeld)
        let value = try inner.run()
        (madeBytes, madeValues) = (inner.madeBytes, inner.madeValues)
        (makesEstimators, hasChangedHeld) = (inner.makesEstimators, inner.hasChangedHeld)
        reader = inner.reader
        return value
    }
}
