/// The settings of YOLO's models and data sets, in YAML: the loaders of several versions run texts of them as Python.
enum YOLOModel {
    /// What is wrong with the value of a key; nil where no code is in it.
    static func code(under key: String, _ value: JSONNode) -> String? {
        switch key {
        case "activation":
            // `eval` of it is the function that all layers use.
            guard let text = value.text, text.contains("("), !isActivation(text) else { return nil }
            return "YOLO runs the text as Python, to make a layer of it"
        case "download":
            // `exec` of it, or a shell with it, where the data are not there. A name or an address does nothing by that.
            guard let text = value.text, !isAddress(text) else { return nil }
            return "YOLO runs the text as Python, or as a command, to fetch the data"
        default:
            // `[[-1, 1, Conv, [64, 6]], …]`: the kind of a layer and its arguments are each evaluated.
            let holdsCode =
                switch value.value {
                case .array(let layers): layers.contains { isLayer($0) && holdsCall($0, 0) }
                // So many that they were not kept.
                case .words: true
                default: false
                }
            guard holdsCode else { return nil }
            return "YOLO runs the texts of a layer as Python, and one of them is a call, or may be"
        }
    }

    /// A word, or an address, in which signs stand that end no address.
    private static func isAddress(_ text: String) -> Bool {
        let isWeb = text.hasPrefix("https://") || text.hasPrefix("http://")
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: (isWeb ? "_./:%?=&+,~#-() " : "_./-").utf8.contains(byte)
            }
        }
    }

    /// A list, or a mapping: Python takes its keys for the parts of a layer.
    private static func isLayer(_ node: JSONNode) -> Bool {
        switch node.value {
        case .array, .object: true
        default: false
        }
    }

    private static func holdsCall(_ node: JSONNode, _ depth: Int) -> Bool {
        switch node.value {
        case .string(let text): text.contains(UInt8(ascii: "("))
        case .array(let elements): depth < 8 ? elements.contains { holdsCall($0, depth + 1) } : true
        case .object(let members):
            depth < 8
                ? members.contains { $0.key.contains(UInt8(ascii: "(")) || holdsCall($0.value, depth + 1) } : true
        case .words: true
        default: false
        }
    }

    /// `nn.SiLU()`, `torch.nn.LeakyReLU(0.1, inplace=True)`.
    private static func isActivation(_ text: String) -> Bool {
        var rest = Substring(text)
        if rest.hasPrefix("torch.") { rest = rest.dropFirst(6) }
        guard rest.hasPrefix("nn."), rest.hasSuffix(")") else { return false }
        rest = rest.dropFirst(3).dropLast()
        let parts = rest.split(separator: "(", omittingEmptySubsequences: false)
        func isOf(_ signs: String, _ part: Substring) -> Bool {
            part.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || signs.utf8.contains(byte)
            }
        }
        return parts.count == 2 && !parts[0].isEmpty && isOf("_", parts[0]) && isOf("_=., -", parts[1])
    }
}
