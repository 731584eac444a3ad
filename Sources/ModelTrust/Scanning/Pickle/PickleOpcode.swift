/// The 68 opcodes of protocols 0 to 5 (CPython's `Lib/pickletools.py`).
enum PickleOpcode: UInt8 {
    // Numbers and constants.
    case int = 0x49, binInt = 0x4a, binInt1 = 0x4b, binInt2 = 0x4d, long = 0x4c, long1 = 0x8a, long4 = 0x8b
    case float = 0x46, binFloat = 0x47, none = 0x4e, newTrue = 0x88, newFalse = 0x89
    // Text and bytes.
    case string = 0x53, binString = 0x54, shortBinString = 0x55
    case unicode = 0x56, shortBinUnicode = 0x8c, binUnicode = 0x58, binUnicode8 = 0x8d
    case binBytes = 0x42, shortBinBytes = 0x43, binBytes8 = 0x8e, byteArray8 = 0x96
    case nextBuffer = 0x97, readOnlyBuffer = 0x98
    // Containers.
    case emptyList = 0x5d, append = 0x61, appends = 0x65, list = 0x6c
    case emptyTuple = 0x29, tuple = 0x74, tuple1 = 0x85, tuple2 = 0x86, tuple3 = 0x87
    case emptyDict = 0x7d, dict = 0x64, setItem = 0x73, setItems = 0x75
    case emptySet = 0x8f, addItems = 0x90, frozenSet = 0x91
    // The stack and the memo.
    case pop = 0x30, dup = 0x32, mark = 0x28, popMark = 0x31
    case get = 0x67, binGet = 0x68, longBinGet = 0x6a, put = 0x70, binPut = 0x71, longBinPut = 0x72, memoize = 0x94
    // Names, calls and objects.
    case ext1 = 0x82, ext2 = 0x83, ext4 = 0x84, global = 0x63, stackGlobal = 0x93
    case reduce = 0x52, build = 0x62, inst = 0x69, obj = 0x6f, newObj = 0x81, newObjEx = 0x92
    case persID = 0x50, binPersID = 0x51
    // The frame around all that.
    case proto = 0x80, stop = 0x2e, frame = 0x95

    /// The name that `pickletools` gives it.
    var name: String { Self.allNames[Int(rawValue)] }

    private static let allNames = (0...UInt8.max).map { code in
        PickleOpcode(rawValue: code).map { names[$0] ?? String(describing: $0).uppercased() } ?? ""
    }

    private static let names: [PickleOpcode: String] = [
        .binInt: "BININT", .newTrue: "NEWTRUE", .newFalse: "NEWFALSE", .newObj: "NEWOBJ", .newObjEx: "NEWOBJ_EX",
        .stackGlobal: "STACK_GLOBAL", .nextBuffer: "NEXT_BUFFER", .readOnlyBuffer: "READONLY_BUFFER",
        .longBinGet: "LONG_BINGET", .longBinPut: "LONG_BINPUT", .popMark: "POP_MARK", .emptyList: "EMPTY_LIST",
        .emptyTuple: "EMPTY_TUPLE", .emptyDict: "EMPTY_DICT", .emptySet: "EMPTY_SET",
        .shortBinUnicode: "SHORT_BINUNICODE", .shortBinString: "SHORT_BINSTRING", .shortBinBytes: "SHORT_BINBYTES",
    ]
}
