/// The messages of TensorFlow's SavedModel, from its public schema, and of Keras' metadata beside it.
enum TensorFlowSchema {
    static let messages: ProtobufSchema = [
        "SavedModel": [1: .varint, 2: .message("MetaGraphDef")],
        "MetaGraphDef": [
            1: .message("MetaInfoDef"), 2: .message("GraphDef"), 3: .message("SaverDef"),
            4: .message("CollectionEntry"),
            5: .message("SignatureEntry"), 6: .message("AssetFileDef"), 7: .message("SavedObjectGraph"),
        ],
        "MetaInfoDef": [
            1: .string, 2: .message("OpList"), 3: .bytes, 4: .string, 5: .string, 6: .string, 7: .varint,
            8: .message("StringEntry"),
        ],
        "OpList": [1: .message("OpDef")],
        "StringEntry": [1: .string, 2: .string],
        "GraphDef": [
            1: .message("NodeDef"), 2: .message("FunctionDefLibrary"), 3: .varint, 4: .message("VersionDef"), 5: .bytes,
        ],
        "VersionDef": [1: .varint, 2: .varint, 3: .varints],
        "NodeDef": [
            1: .string, 2: .string, 3: .string, 4: .string, 5: .message("AttrEntry"), 6: .message("DebugInfo"),
            7: .bytes,
        ],
        "DebugInfo": [1: .string, 2: .string],
        "AttrEntry": [1: .string, 2: .message("AttrValue")],
        "AttrValue": [
            1: .message("ListValue"), 2: .bytes, 3: .varint, 4: .fixed32, 5: .varint, 6: .varint,
            7: .message("TensorShape"),
            8: .message("Tensor"), 9: .string, 10: .message("NameAttrList"),
        ],
        "ListValue": [
            2: .bytes, 3: .varints, 4: .fixed32s, 5: .varints, 6: .varints, 7: .message("TensorShape"),
            8: .message("Tensor"),
            9: .message("NameAttrList"),
        ],
        "NameAttrList": [1: .string, 2: .message("AttrEntry")],
        "TensorShape": [2: .message("Dimension"), 3: .varint],
        "Dimension": [1: .varint, 2: .string],
        "Tensor": [
            1: .varint, 2: .message("TensorShape"), 3: .varint, 4: .bytes, 5: .fixed32s, 6: .fixed64s, 7: .varints,
            8: .bytes,
            9: .fixed32s, 10: .varints, 11: .varints, 12: .fixed64s, 13: .varints, 14: .unread, 15: .unread,
            16: .varints,
            17: .varints, 18: .bytes,
        ],
        "FunctionDefLibrary": [1: .message("FunctionDef"), 2: .message("StringEntry"), 3: .message("StringEntry")],
        "FunctionDef": [
            1: .message("OpDef"), 3: .message("NodeDef"), 4: .message("StringEntry"), 5: .message("AttrEntry"),
            6: .message("StringEntry"), 7: .bytes, 8: .bytes,
        ],
        "OpDef": [
            1: .string, 2: .bytes, 3: .bytes, 4: .bytes, 5: .string, 6: .string, 8: .bytes, 16: .varint, 17: .varint,
            18: .varint, 19: .varint, 20: .string, 21: .varint,
        ],
        "SaverDef": [1: .string, 2: .string, 3: .string, 4: .varint, 5: .varint, 6: .fixed32, 7: .varint],
        "CollectionEntry": [1: .string, 2: .bytes],
        "SignatureEntry": [1: .string, 2: .bytes],
        "AssetFileDef": [1: .message("TensorInfo"), 2: .string],
        "TensorInfo": [1: .string, 2: .varint, 3: .message("TensorShape"), 4: .bytes, 5: .bytes],
        "SavedObjectGraph": [1: .message("SavedObject"), 2: .bytes],
        "SavedObject": [
            1: .bytes, 3: .bytes, 4: .message("SavedUserObject"), 5: .bytes, 6: .bytes, 7: .bytes, 8: .bytes, 9: .bytes,
            10: .bytes, 11: .bytes, 12: .bytes, 13: .string, 14: .unread, 15: .bytes, 16: .string,
        ],
        "SavedUserObject": [1: .string, 2: .message("VersionDef"), 3: .string],
        // keras_metadata.pb
        "SavedMetadata": [1: .message("KerasObject")],
        "KerasObject": [2: .varint, 3: .string, 4: .string, 5: .string, 6: .message("VersionDef")],
        // fingerprint.pb
        "FingerprintDef": [
            1: .varint, 2: .varint, 3: .varint, 4: .varint, 5: .varint, 6: .message("VersionDef"), 7: .string,
        ],
    ]
}
