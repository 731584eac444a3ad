extension PickleMachine {
    /// REDUCE, OBJ, NEWOBJ and NEWOBJ_EX.
    mutating func call() throws(ScanStop) {
        switch opcode {
        case .reduce:
            let start = try startOf(2)
            let (callable, last) = (stack[start], stack[start + 1])
            stack.removeLast(2)
            guard case .container(let arguments) = last, arguments.kind == .tuple else {
                if case .object = last {
                    push(try refuse(callable, PickleContainer(.tuple, [last]), "with arguments that a call made"))
                    return
                }
                // Python's slower unpickler calls with whatever can be gone through.
                throw stricter("it calls with something else than a tuple of arguments")
            }
            push(try result(of: callable, called: arguments))
        case .obj:
            var values = try popMark()
            guard !values.isEmpty else { throw stop("pickle-malformed", "there is nothing to call") }
            let callable = values.removeFirst()
            push(try result(of: callable, called: PickleContainer(.tuple, values)))
        default:
            let keywords = opcode == .newObjEx ? try pop(1)[0] : .none
            let values = try pop(2)
            guard case .container(let arguments) = values[1] else {
                throw stricter("it makes an object with something else than a tuple of arguments")
            }
            if case .container(let keywords) = keywords, keywords.count > 0 {
                push(try refuse(values[0], arguments, "with keyword arguments"))
                return
            }
            push(try instance(of: values[0], arguments))
        }
    }

    /// What a call gives back, with a finding where it is not known to be harmless.
    mutating func result(of callable: PickleValue, called arguments: PickleContainer) throws(ScanStop) -> PickleValue {
        guard case .global(let global) = callable, case .listed(let rule) = global.standing else {
            return try refuse(callable, arguments)
        }
        let all = arguments.allItems ?? []
        guard all.count == arguments.count else { return try refuse(callable, arguments, "with too many arguments") }
        let value = PickleValue.container(arguments)
        try check(weight: value.weight, depth: value.depth + 1)
        if value.holdsClass, !rule.takesClasses {
            return try refuse(callable, arguments, "with a class that is only to be made objects of")
        }
        if rule.isOfEstimators { try noteEstimator() }
        let size = all.reduce(0) { $0 + $1.size }
        try make(bytes: size)
        let made: PickleObject.Nature?
        var elements = 0
        switch rule {
        case .container, .defaultDictionary: try make(values: value.weight)
        case .sized:
            let zeros = all.compactMap(\.integer).reduce(0) { $0 + max(0, min($1, Self.freeBytes)) }
            try make(bytes: zeros + value.weight)
        default: break
        }
        switch rule {
        case .container(let nature): made = all.count <= 2 && all.allSatisfy(isItems) ? nature : nil
        case .defaultDictionary:
            made =
                all.isEmpty || (all.count <= 2 && isFactory(all[0]) && all.dropFirst().allSatisfy(isPlain))
                ? .dictionary : nil
        case .value: made = all.allSatisfy(isPlain) ? .value : nil
        case .number(let mayHaveExponent):
            made = all.allSatisfy { isConstant($0, mayHaveExponent: mayHaveExponent) } ? .value : nil
        case .sized: made = all.allSatisfy(isSized) ? .value : nil
        case .encode:
            let codec = all.count == 2 ? all[1].text : nil
            made = codec.map(Self.codecs.contains) == true && isPlain(all[0]) ? .value : nil
        case .reconstructor:
            return try reconstructed(callable, global, arguments, all)
        case .namespace: made = all.isEmpty ? .namespace : nil
        case .arrayReconstructor: made = all.count == 3 && isClass(all[0]) && isEmptyShape(all[1]) ? .array : nil
        case .maskedArrayReconstructor:
            made = all.count == 4 && isClass(all[0]) && isClass(all[1]) && isEmptyShape(all[2]) ? .maskedArray : nil
        case .dtype: made = dtype(all)
        case .stringType: made = all.count <= 2 && all.allSatisfy(isPlain) ? .dtype(.texts) : nil
        case .scalar: made = all.count == 2 && isScalar(all[0], all[1]) ? .value : nil
        case .arrayFromBuffer: made = all.count == 4 && isBytes(all[0]) && all[2].tuple != nil ? .array : nil
        case .generator: made = all.count <= 2 && all.allSatisfy(isGenerator) ? .generator : nil
        case .seedSequence: made = all.count == 3 && isSeedSequence(all[0]) && isPlain(all[2]) ? .generator : nil
        case .tensor:
            let count = try tensor(by: global, all)
            (made, elements) = (count == nil ? nil : .value, count ?? 0)
        case .tensorOfType:
            let count = try tensorOfType(all)
            (made, elements) = (count == nil ? nil : .value, count ?? 0)
        case .parameter:
            elements = self.elements(all.first)
            made =
                all.allSatisfy { isData($0) || isClass($0) } && all.dropFirst(3).allSatisfy(isState) ? .parameter : nil
        case .script: made = .script
        case .arrayWrapper: made = all.isEmpty ? .arrayWrapper : nil
        case .estimator: made = all.isEmpty ? .estimator : nil
        case .estimatorDictionary: made = all.isEmpty ? .dictionary : nil
        case .estimatorTuple: made = all.allSatisfy(isPlain) ? .value : nil
        case .sparse: made = all.isEmpty ? .sparse : nil
        case .loss: made = all.allSatisfy(isNumbers) ? .loss : nil
        case .lossUnpickler: made = isLoss(global, all) ? .loss : nil
        case .tree: made = treeFacts(all) == nil ? nil : .tree
        case .newObject: made = neighbourNature(global, all)
        }
        guard let made else { return try refuse(callable, arguments, "in a way that it is not meant to be called") }
        try make(units: rule.isOfEstimators ? 3 : 2)
        let object = PickleObject(maker: global, nature: made, of: value)
        // Of a number, which is as large as its object, nothing is kept beside it.
        if size > PickleValue.shortText { object.size = size }
        object.elements = elements
        if Self.keepsArguments(rule, global) { object.arguments = arguments }
        if case .scalar = rule { object.number = scalarNumber(all[0], all[1]) }
        if case .tree = rule { object.estimator = treeFacts(all).map { .tree($0) } }
        if case .newObject = rule, case .global(let type)? = all.first { object.className = type.name }
        if rule.isOfEstimators, object.className.isEmpty { object.className = global.name }
        if case .scalar = rule { all[0].object?.isBuilt = true }
        if case .arrayFromBuffer = rule { object.array = arrayOver(all) }
        if case .array = made, object.array != nil { object.isBuilt = true }
        return .object(object)
    }

    /// What `_frombuffer(bytes, type, shape, order)` makes, as picklers of protocol 5 write arrays.
    private func arrayOver(_ all: [PickleValue]) -> PickleArray? {
        guard case .bytes(let bytes) = all[0], let maker = all[1].object, case .dtype(let type?) = maker.nature,
            !type.holdsObjects, let shape = integers(all[2]), type.bytes(shape: shape) == bytes.count
        else { return nil }
        maker.isBuilt = true
        let array = PickleArray(shape: shape, type: type, isFortran: all[3].text == "F")
        array.place = (reader.input, bytes.offset)
        return array
    }

    /// `copyreg.__newobj__(cls, *args)`, and `copyreg._reconstructor(cls, base, state)`, which calls
    /// `base.__new__(cls, state)` and `base.__init__` where the base is not `object`.
    private mutating func reconstructed(
        _ callable: PickleValue,
        _ global: PickleGlobal,
        _ arguments: PickleContainer,
        _ all: [PickleValue]
    ) throws(ScanStop) -> PickleValue {
        guard let type = all.first else { return try refuse(callable, arguments) }
        let rest = PickleContainer(.tuple, Array(all.dropFirst()))
        guard case .global(let made) = type, case .listed = made.standing, global.name != "__newobj__" else {
            return try instance(of: type, rest)
        }
        guard all.count == 3, case .global(let base) = all[1] else {
            return try refuse(callable, arguments, "in a way that it is not meant to be called")
        }
        if base.name == "object", ["builtins", "__builtin__"].contains(base.module), case .none = all[2] {
            return try instance(of: type, PickleContainer(.tuple))
        }
        guard base.module == made.module, base.name == made.name else {
            return try refuse(callable, arguments, "with another base than the class itself")
        }
        return try instance(of: type, PickleContainer(.tuple, [all[2]]))
    }

    /// What `cls.__new__(cls, *args)` gives back, which runs less than a call does.
    private mutating func instance(of type: PickleValue, _ arguments: PickleContainer) throws(ScanStop) -> PickleValue {
        guard case .global(let global) = type else { return try refuse(type, arguments) }
        switch global.standing {
        case .listed: return try result(of: type, called: arguments)
        case .unlisted where !PickleDangers.runsCode(module: global.module, name: global.name):
            try report(
                "pickle-class",
                .notProven,
                "makes an object of `\(PickleText.clean(global.qualified, limit: 160))`, a class that nobody has examined"
            )
            return .object(PickleObject(maker: global, nature: .refused, of: .container(arguments)))
        default: return try refuse(type, arguments)
        }
    }

    /// Reports a call, and gives back a value of which nothing is known.
    private func refuse(
        _ callable: PickleValue,
        _ arguments: PickleContainer,
        _ how: String = ""
    ) throws(ScanStop) -> PickleValue {
        let shown = "with `\(PickleText.show(.container(arguments)))`"
        let suffix = how.isEmpty ? "" : ", \(how)"
        var maker: PickleGlobal?
        if case .global(let global) = callable {
            maker = global
            let name = PickleText.clean(global.qualified, limit: 160)
            var verdict = ScanVerdict.unsafe
            if case .unlisted = global.standing, !PickleDangers.runsCode(module: global.module, name: global.name) {
                verdict = .notProven
            }
            if case .storage = global.standing { verdict = .notProven }
            if case .listed = global.standing, !how.isEmpty { verdict = .notProven }
            try report("pickle-call", verdict, "calls `\(name)` \(shown)\(suffix)")
        } else {
            try report("pickle-call", .unsafe, "calls \(PickleText.show(callable)) \(shown)\(suffix)")
        }
        let value = PickleValue.container(arguments)
        try check(weight: value.weight, depth: value.depth + 1)
        return .object(PickleObject(maker: maker, nature: .refused, of: value))
    }

    private static let codecs: Set = ["latin1", "latin-1", "iso-8859-1", "utf-8", "utf8", "ascii"]
}

// MARK: What arguments are

extension PickleMachine {
    /// A constant, or a container of what is harmless itself.
    func isPlain(_ value: PickleValue) -> Bool {
        switch value {
        case .none, .bool, .integer, .float, .text, .longText, .bytes, .container: true
        case .object(let object): if case .refused = object.nature { false } else { true }
        // `set([os])`: a class as a member of a set is only held.
        case .global(let global): if case .constant = global.standing { true } else { false }
        case .unknown: false
        }
    }

    /// What a number or text is made of: short enough to be read at once, and nothing that a call made.
    private func isConstant(_ value: PickleValue, mayHaveExponent: Bool) -> Bool {
        switch value {
        case .none, .bool, .float: true
        case .integer(let number): number != nil
        case .text(let text): mayHaveExponent || !text.contains { $0 == "e" || $0 == "E" }
        case .bytes(let bytes): bytes.count <= PickleValue.longestText
        default: false
        }
    }

    /// The shape that NumPy's picklers give an array whose state follows; any other would be room for as many elements.
    private func isEmptyShape(_ value: PickleValue) -> Bool { integers(value)?.contains(0) == true }

    private func isSeedSequence(_ value: PickleValue) -> Bool {
        guard case .global(let global) = value, case .constant = global.standing else { return false }
        return global.name == "SeedSequence"
    }

    /// What PyTorch sets as attributes of a tensor: none that Python itself looks up.
    func isState(_ value: PickleValue) -> Bool {
        if let parts = value.tuple { return parts.count <= 2 && parts.allSatisfy(isState) }
        guard case .container(let dictionary) = value else {
            if case .none = value { return true }
            return false
        }
        guard dictionary.kind == .dictionary, let all = dictionary.allItems else { return false }
        return stride(from: 0, to: all.count, by: 2).allSatisfy { index in
            all[index].text.map { !$0.hasPrefix("__") && !Self.numbersOfTensors.contains($0) } == true
        }
    }

    /// Attributes of a tensor that stand for its numbers: PyTorch copies what they are set to into the storage, or puts it
    /// in its place, where it may be the indices of another.
    private static let numbersOfTensors: Set = ["data", "real", "imag"]

    /// What a container may be filled with: a range of a trillion would be counted out.
    private func isItems(_ value: PickleValue) -> Bool {
        guard case .object(let object) = value, case .value = object.nature else { return isPlain(value) }
        return false
    }

    /// The name of a generator, one itself, or what makes one.
    private func isGenerator(_ value: PickleValue) -> Bool {
        switch value {
        case .text(let name): return PickleAllowList.generators.contains(name)
        case .object(let object):
            guard case .generator = object.nature else { return false }
            return true
        case .global(let global):
            switch global.standing {
            case .listed(.generator): return true
            case .constant: return PickleAllowList.generators.contains(global.name)
            default: return false
            }
        default: return false
        }
    }

    /// What bytes may be made of: `bytes(1 << 40)` makes that many zeros, and an object may be such a number.
    private func isSized(_ value: PickleValue) -> Bool {
        switch value {
        case .integer(let number): number.map { $0 <= 1 << 20 } ?? false
        case .object(let object): isPlain(value) && Self.bytesMakers.contains(object.maker)
        default: isPlain(value)
        }
    }

    private func isBytes(_ value: PickleValue) -> Bool {
        if case .bytes = value { true } else { false }
    }

    func isClass(_ value: PickleValue) -> Bool {
        guard case .global(let global) = value else { return false }
        switch global.standing {
        case .constant, .storage, .listed: return true
        case .unlisted, .dangerous: return false
        }
    }

    /// What `defaultdict` may call for a missing key.
    private func isFactory(_ value: PickleValue) -> Bool {
        switch value {
        case .none: true
        case .global(let global):
            ["dict", "list", "set", "int", "float", "str", "bool", "tuple", "long", "unicode"].contains(global.name)
                && ["builtins", "__builtin__"].contains(global.module)
        default: false
        }
    }

    func isData(_ value: PickleValue) -> Bool {
        isPlain(value)
    }

    private func dtype(_ all: [PickleValue]) -> PickleObject.Nature? {
        guard let text = all.first?.text, all.count <= 4, all.allSatisfy(isPlain), let type = NumpyType(text) else {
            if case .global(let type)? = all.first, case .constant = type.standing, all.count <= 4,
                all.dropFirst().allSatisfy(isPlain)
            {
                if type.name == "record" { return .recordType }
                guard type.module == "ml_dtypes", let size = PickleAllowList.extensionTypes[type.name] else {
                    return nil
                }
                return .dtype(NumpyType(size: size, holdsObjects: false))
            }
            // A dtype class, or one of fields, whose description follows as state.
            return all.isEmpty ? .dtype(nil) : nil
        }
        return .dtype(type)
    }

    private func isScalar(_ type: PickleValue, _ value: PickleValue) -> Bool {
        guard case .object(let object) = type, case .dtype(let dtype) = object.nature, let dtype,
            !dtype.isArray
        else { return false }
        guard case .bytes(let bytes) = value else {
            // Protocol 2 makes the bytes by `_codecs.encode`.
            return !dtype.holdsObjects && isPlain(value)
        }
        return !dtype.holdsObjects && (dtype.size == 0 || bytes.count == dtype.size)
    }

    func integers(_ value: PickleValue) -> [Int]? { PickleValue.integers(value) }
}
