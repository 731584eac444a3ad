/// What pickles of models import that is known to do no harm.
///
/// No list of what is dangerous can be complete, so this one says what is not: what the unpicklers of PyTorch
/// (`torch/_weights_only_unpickler.py`), NumPy and joblib need, and the containers and values of the standard library.
/// A name is looked up whole: a dotted name that walks from a listed module to another is not on the list.
enum PickleAllowList {
    /// What may be done with a name.
    static func standing(module: String, name: String) -> PickleStanding {
        let name = module == "__builtin__" ? formerBuiltins[name] ?? name : name
        let module = aliases[module] ?? module
        // Protocol 2 has Python 2's names for these.
        if let listed = listed["\(module).\(name)"] { return listed }
        if module == "torch", name.hasSuffix("Storage"), let size = storages[String(name.dropLast(7))] {
            return .storage(elementSize: size)
        }
        if let estimator = EstimatorList.standing(module: module, name: name) { return estimator }
        // Any other name is not there, so that importing it fails, and nothing after it runs.
        if module == "__future__", isAbsentFeature(name) { return .constant }
        return PickleDangers.isDangerous(module: module, name: name) ? .dangerous : .unlisted
    }

    /// What TorchScript's own unpickler (`torch/csrc/jit/serialization/unpickler.cpp`) takes: classes that the
    /// archive's code defines, and lists with types.
    ///
    /// It imports nothing from Python.
    static func scriptStanding(module: String, name: String) -> PickleStanding? {
        if module == "__torch__" || module.hasPrefix("__torch__.") { return .listed(.script) }
        guard module == "torch.jit._pickle" else { return nil }
        let makers = [
            "build_intlist", "build_tensorlist", "build_tensor_from_id", "build_doublelist", "build_boollist",
            "restore_type_tag",
        ]
        return makers.contains(name) ? .listed(.script) : nil
    }

    /// The features that `__future__` has, which are constants.
    private static let features = [
        "nested_scopes", "generators", "division", "absolute_import", "with_statement", "print_function",
        "unicode_literals", "barry_as_FLUFL", "generator_stop", "annotations",
    ]

    private static func isAbsentFeature(_ name: String) -> Bool {
        let first = name.prefix { $0 != "." }
        return !first.hasPrefix("__") && !first.hasPrefix("CO_") && first != "_Feature" && first != "all_feature_names"
            && !features.contains(String(first))
    }

    /// Names that modules had before they were renamed.
    private static let aliases = [
        "__builtin__": "builtins", "copy_reg": "copyreg", "numpy._core.multiarray": "numpy.core.multiarray",
        "numpy._core.numeric": "numpy.core.numeric", "numpy._core._internal": "numpy.core._internal",
        "numpy._core.records": "numpy.core.records", "torch.cuda": "torch", "UserDict": "collections",
    ]

    /// Names of Python 2's built-in types, which picklers of protocols 0 to 2 write for today's.
    private static let formerBuiltins = ["long": "int", "unicode": "str"]

    private static let listed: [String: PickleStanding] = {
        var all: [String: PickleStanding] = [
            "collections.OrderedDict": .listed(.container(.dictionary)),
            "collections.Counter": .listed(.container(.dictionary)),
            "collections.deque": .listed(.container(.list)),
            "collections.defaultdict": .listed(.defaultDictionary),
            "builtins.dict": .listed(.container(.dictionary)),
            "builtins.list": .listed(.container(.list)),
            "builtins.set": .listed(.container(.set)),
            "builtins.frozenset": .listed(.container(.value)),
            "builtins.tuple": .listed(.container(.value)),
            "torch.Size": .listed(.container(.value)),
            "builtins.bytearray": .listed(.sized),
            "builtins.bytes": .listed(.sized),
            "builtins.object": .listed(.namespace),
            "builtins.Ellipsis": .constant,
            "builtins.NotImplemented": .constant,
            "builtins.complex": .listed(.number(mayHaveExponent: true)),
            "builtins.int": .listed(.number(mayHaveExponent: true)),
            "builtins.float": .listed(.number(mayHaveExponent: true)),
            "builtins.str": .listed(.number(mayHaveExponent: true)),
            "builtins.bool": .listed(.number(mayHaveExponent: true)),
            "decimal.Decimal": .listed(.number(mayHaveExponent: true)),
            "fractions.Fraction": .listed(.number(mayHaveExponent: false)),
            "uuid.UUID": .listed(.namespace),
            "argparse.Namespace": .listed(.namespace),
            "types.SimpleNamespace": .listed(.namespace),
            "_codecs.encode": .listed(.encode),
            "copyreg._reconstructor": .listed(.reconstructor),
            "copyreg.__newobj__": .listed(.reconstructor),
            "numpy.core.multiarray._reconstruct": .listed(.arrayReconstructor),
            "numpy.core.multiarray.scalar": .listed(.scalar),
            "numpy.core.numeric._frombuffer": .listed(.arrayFromBuffer),
            "numpy.dtype": .listed(.dtype),
            "numpy.core._internal._reconstruct": .listed(.arrayReconstructor),
            "numpy.random._pickle.__generator_ctor": .listed(.generator),
            "numpy.random._pickle.__bit_generator_ctor": .listed(.generator),
            "numpy.random._pickle.__randomstate_ctor": .listed(.generator),
            "numpy.random.bit_generator.SeedSequence": .constant,
            "numpy.random.bit_generator.__pyx_unpickle_SeedSequence": .listed(.seedSequence),
            "numpy.ma.core._mareconstruct": .listed(.maskedArrayReconstructor),
            "numpy.ma.core.MaskedArray": .constant,
            "numpy.ma.MaskedArray": .constant,
            "numpy.ndarray": .constant,
            "numpy.matrix": .constant,
            "numpy.matrixlib.defmatrix.matrix": .constant,
            "numpy.core._internal._convert_to_stringdtype_kwargs": .listed(.stringType),
            "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper": .listed(.arrayWrapper),
            "joblib.numpy_pickle.NumpyArrayWrapper": .listed(.arrayWrapper),
            "torch._tensor._rebuild_from_type_v2": .listed(.tensorOfType),
            "torch._utils._rebuild_parameter": .listed(.parameter),
            "torch._utils._rebuild_parameter_with_state": .listed(.parameter),
            "torch.nn.parameter.Parameter": .listed(.parameter),
            "torch.nn.Parameter": .listed(.parameter),
            "torch.storage.UntypedStorage": .storage(elementSize: 1),
        ]
        for name in features { all["__future__.\(name)"] = .constant }
        for name in generators { all["numpy.random._\(name.lowercased()).\(name)"] = .constant }
        for name in values { all[name] = .listed(.value) }
        for name in tensorMakers { all[name] = .listed(.tensor) }
        for name in torchConstants { all["torch.\(name)"] = .constant }
        for place in ["", "cuda.", "sparse.", "cuda.sparse."] {
            for name in storages.keys { all["torch.\(place)\(name)Tensor"] = .constant }
        }
        for bits in 1...7 {
            all["torch.int\(bits)"] = .constant
            all["torch.uint\(bits)"] = .constant
        }
        for name in numpyConstants { all["numpy.\(name)"] = .constant }
        for module in ["numpy", "numpy.rec", "numpy.core.records"] {
            for name in ["record", "recarray"] { all["\(module).\(name)"] = .constant }
        }
        for name in extensionTypes.keys { all["ml_dtypes.\(name)"] = .constant }
        for name in numpyTypes { all["numpy.dtypes.\(name)DType"] = .listed(.dtype) }
        return all
    }()

    /// The generators that NumPy knows by name.
    static let generators: Set = ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"]

    /// Their makers take constants and only hold them.
    private static let values = [
        "builtins.slice", "builtins.range", "builtins.xrange",
        "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone",
        "pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib.WindowsPath",
        "pathlib.PureWindowsPath", "torch.device", "torch.serialization._get_layout",
    ]

    /// Of `torch._utils` and `torch._tensor`: tensors over storages that the archive holds.
    private static let tensorMakers = [
        "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
        "torch._utils._rebuild_qtensor", "torch._utils._rebuild_sparse_tensor",
        "torch._utils._rebuild_sparse_csr_tensor",
        "torch._utils._rebuild_meta_tensor_no_storage", "torch._utils._rebuild_nested_tensor",
        "torch._utils._rebuild_device_tensor_from_numpy", "torch._utils._rebuild_device_tensor_from_cpu_tensor",
    ]

    private static let torchConstants = [
        "Tensor", "float", "float16", "float32", "float64", "half", "double", "bfloat16", "int", "int8", "int16",
        "int32", "int64", "uint8", "uint16", "uint32", "uint64", "short", "long", "bool", "complex32", "complex64",
        "complex128", "bcomplex32", "cfloat", "cdouble", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
        "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2", "bits8", "bits16", "bits1x8", "bits2x4", "bits4x2",
        "qint8",
        "quint8", "qint32", "quint4x2", "quint2x4", "strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr",
        "sparse_bsc", "per_tensor_affine", "per_channel_affine", "per_channel_affine_float_qparams",
        "per_tensor_symmetric", "per_channel_symmetric", "contiguous_format", "preserve_format", "channels_last",
        "channels_last_3d",
    ]

    private static let numpyConstants = [
        "bool", "bool_", "int8", "int16", "int32", "int64", "intc", "int_", "intp", "longlong", "uint8", "uint16",
        "uint32", "uint64", "uintc", "uint", "uintp", "ulonglong", "float16", "float32", "float64", "longdouble",
        "complex64", "complex128", "clongdouble", "str_", "bytes_", "void", "object_", "datetime64", "timedelta64",
        "generic", "number", "floating", "integer", "float_", "complex_", "unicode_", "string_",
    ]

    /// The types that `ml_dtypes` adds to NumPy, with the bytes an element.
    static let extensionTypes: [String: UInt64] = [
        "bfloat16": 2, "float8_e3m4": 1, "float8_e4m3": 1, "float8_e4m3b11fnuz": 1, "float8_e4m3fn": 1,
        "float8_e4m3fnuz": 1, "float8_e5m2": 1, "float8_e5m2fnuz": 1, "float8_e8m0fnu": 1, "float6_e2m3fn": 1,
        "float6_e3m2fn": 1, "float4_e2m1fn": 1, "int4": 1, "uint4": 1, "int2": 1, "uint2": 1,
    ]

    private static let numpyTypes = [
        "Bool", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float16", "Float32",
        "Float64", "Complex64", "Complex128",
    ]

    /// Bytes an element of `torch.FloatStorage` and the others.
    private static let storages = [
        "Float": 4, "Double": 8, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2, "Char": 1, "Byte": 1,
        "Bool": 1, "ComplexFloat": 8, "ComplexDouble": 16, "QInt8": 1, "QUInt8": 1, "QInt32": 4, "QUInt4x2": 1,
        "QUInt2x4": 1, "Untyped": 1,
    ]
}
