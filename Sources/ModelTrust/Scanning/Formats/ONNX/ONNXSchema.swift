/// The messages of ONNX, from its public schema (onnx.proto3).
enum ONNXSchema {
    static let messages: ProtobufSchema = [
        "ModelProto": [
            1: .varint, 2: .string, 3: .string, 4: .string, 5: .varint, 6: .string, 7: .message("GraphProto"),
            8: .message("OperatorSetIdProto"), 14: .message("StringStringEntryProto"),
            20: .message("TrainingInfoProto"),
            25: .message("FunctionProto"), 26: .unread,
        ],
        "GraphProto": [
            1: .message("NodeProto"), 2: .string, 5: .message("TensorProto"), 10: .string,
            11: .message("ValueInfoProto"),
            12: .message("ValueInfoProto"), 13: .message("ValueInfoProto"), 14: .message("TensorAnnotation"),
            15: .message("SparseTensorProto"), 16: .message("StringStringEntryProto"),
        ],
        "NodeProto": [
            1: .string, 2: .string, 3: .string, 4: .string, 5: .message("AttributeProto"), 6: .string, 7: .string,
            8: .string, 9: .message("StringStringEntryProto"), 10: .unread,
        ],
        "AttributeProto": [
            1: .string, 2: .fixed32, 3: .varint, 4: .bytes, 5: .message("TensorProto"), 6: .message("GraphProto"),
            7: .fixed32s, 8: .varints, 9: .bytes, 10: .message("TensorProto"), 11: .message("GraphProto"), 13: .string,
            14: .message("TypeProto"), 15: .message("TypeProto"), 20: .varint, 21: .string,
            22: .message("SparseTensorProto"), 23: .message("SparseTensorProto"),
        ],
        "TensorProto": [
            1: .varints, 2: .varint, 3: .message("Segment"), 4: .fixed32s, 5: .varints, 6: .bytes, 7: .varints,
            8: .string,
            9: .bytes, 10: .fixed64s, 11: .varints, 12: .string, 13: .message("StringStringEntryProto"), 14: .varint,
            16: .message("StringStringEntryProto"),
        ],
        "Segment": [1: .varint, 2: .varint],
        "SparseTensorProto": [1: .message("TensorProto"), 2: .message("TensorProto"), 3: .varints],
        "ValueInfoProto": [1: .string, 2: .message("TypeProto"), 3: .string, 4: .message("StringStringEntryProto")],
        "TypeProto": [
            1: .message("TensorType"), 4: .message("ElementType"), 5: .message("MapType"), 6: .string,
            8: .message("TensorType"), 9: .message("ElementType"),
        ],
        "TensorType": [1: .varint, 2: .message("TensorShapeProto")],
        "ElementType": [1: .message("TypeProto")],
        "MapType": [1: .varint, 2: .message("TypeProto")],
        "TensorShapeProto": [1: .message("Dimension")],
        "Dimension": [1: .varint, 2: .string, 3: .string],
        "TensorAnnotation": [1: .string, 2: .message("StringStringEntryProto")],
        "OperatorSetIdProto": [1: .string, 2: .varint],
        "StringStringEntryProto": [1: .string, 2: .string],
        "TrainingInfoProto": [
            1: .message("GraphProto"), 2: .message("GraphProto"), 3: .message("StringStringEntryProto"),
            4: .message("StringStringEntryProto"),
        ],
        "FunctionProto": [
            1: .string, 4: .string, 5: .string, 6: .string, 7: .message("NodeProto"), 8: .string,
            9: .message("OperatorSetIdProto"), 10: .string, 11: .message("AttributeProto"),
            12: .message("ValueInfoProto"),
            13: .string, 14: .message("StringStringEntryProto"),
        ],
    ]

    /// Bits of an element by the number of its type; strings have none of their own.
    static let elementBits: [UInt64: UInt64] = [
        1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 8: 0, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128,
        16: 16,
        17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2,
    ]
}
