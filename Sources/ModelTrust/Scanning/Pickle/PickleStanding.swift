/// What may be done with a name that a pickle imports.
enum PickleStanding {
    /// It may be called, as the rule says, and its class may be made.
    case listed(PickleRule)
    /// It may be held and nothing else: a data type, a class that is an argument.
    case constant
    /// It is a kind of storage, of so many bytes an element; nil where the storage declares a type of its own.
    case storage(elementSize: Int)
    /// Nobody has examined it.
    case unlisted
    /// Whoever holds it can run code, open files or reach a network.
    case dangerous
}

/// What arguments a listed callable may be given, and what it gives back.
enum PickleRule {
    /// A container made of plain values: `builtins.set`, `collections.OrderedDict`.
    case container(PickleObject.Nature)
    /// `collections.defaultdict`: its first argument is called for each missing key.
    case defaultDictionary
    /// A value made of plain values: `datetime.date`.
    case value
    /// A number or text made of a constant: of nothing that was made before, since `int(Decimal("1e999999999"))` never
    /// ends; nor of text with an exponent where that is multiplied out.
    case number(mayHaveExponent: Bool)
    /// A value whose size an integer argument sets: `builtins.bytearray`.
    case sized
    /// `_codecs.encode`: text to bytes by a codec that is only arithmetic.
    case encode
    /// `copyreg._reconstructor`, `copyreg.__newobj__`: makes an object of the class that is its first argument.
    case reconstructor
    /// An object that has attributes and nothing else.
    case namespace
    /// `numpy.core.multiarray._reconstruct`: an empty array, whose state follows.
    case arrayReconstructor
    /// `numpy.ma.core._mareconstruct`: an empty array with a mask, whose state follows.
    case maskedArrayReconstructor
    /// `numpy.dtype`.
    case dtype
    /// `_convert_to_stringdtype_kwargs`: the type of texts of any length, whose arrays are pickled as lists.
    case stringType
    /// `numpy.core.multiarray.scalar`: a type and its bytes.
    case scalar
    /// `numpy.core.numeric._frombuffer`: an array over bytes.
    case arrayFromBuffer
    /// `numpy.random._pickle.__generator_ctor` and its kin: a generator by its name, whose state is numbers.
    case generator
    /// `__pyx_unpickle_SeedSequence`: what seeds such a generator, by its own class alone.
    case seedSequence
    /// `torch._utils._rebuild_tensor_v2` and what is like it: a tensor over a storage.
    case tensor
    /// `torch._tensor._rebuild_from_type_v2`: its first argument is called with its third.
    case tensorOfType
    /// `torch.nn.parameter.Parameter` and what makes one.
    case parameter
    /// What TorchScript's own unpickler makes; nothing of Python is called.
    case script
    /// `joblib.numpy_pickle.NumpyArrayWrapper`: an array's bytes follow in the stream.
    case arrayWrapper
    /// A class of scikit-learn that holds numbers, texts and others of its kind.
    case estimator
    /// A dictionary of scikit-learn, by another name.
    case estimatorDictionary
    /// A tuple of scikit-learn with names.
    case estimatorTuple
    /// `sklearn.tree._tree.Tree`: how many features, how many classes, how many outputs.
    case tree
    /// `newObj` of the compiled trees of neighbours and distances: an empty object of the class.
    case newObject
    /// A compiled loss, which holds a few numbers.
    case loss
    /// `__pyx_unpickle_CyHuberLoss` and its kin: a loss by its own class alone.
    case lossUnpickler
    /// A sparse matrix of SciPy, whose state follows.
    case sparse

    /// Whether its arguments are classes: of objects that it makes.
    var takesClasses: Bool {
        switch self {
        case .reconstructor, .newObject, .lossUnpickler: true
        default: false
        }
    }

    /// Whether it may be called where a pickle makes objects, and be held by nothing.
    var isOfEstimators: Bool {
        switch self {
        case .estimator, .estimatorDictionary, .estimatorTuple, .tree, .newObject, .loss, .lossUnpickler, .sparse: true
        default: false
        }
    }
}
