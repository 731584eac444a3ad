import SPIFFE
import ZeroTrust

/// Writes the statement about a model as model_signing does: two blanks of indent, and nothing but ASCII.
enum StatementWriter {
    static func write(_ manifest: SignedManifest) -> [UInt8] {
        var bytes: [UInt8] = []
        write(manifest) { bytes += $0 }
        return bytes
    }

    /// Writes the statement piece by piece: one of ten thousand files has megabytes.
    static func write(_ manifest: SignedManifest, _ emit: (String.UTF8View) -> Void) {
        let head = """
            {
              "_type": \(quote(StatementReader.statementType)),
              "subject": [
                {
                  "name": \(quote(manifest.name)),
                  "digest": {
                    "sha256": "\(Hexadecimal.text(manifest.rootDigest))"
                  }
                }
              ],
              "predicateType": \(quote(StatementReader.predicateType)),
              "predicate": {
                "resources": [

            """
        emit(head.utf8)
        for (index, resource) in manifest.resources.enumerated() {
            if index > 0 { emit(",\n".utf8) }
            let entry = """
                      {
                        "digest": "\(Hexadecimal.text(resource.digest))",
                        "algorithm": "\(manifest.algorithm.rawValue)",
                        "name": \(quote(resource.name.text))
                      }
                """
            emit(entry.utf8)
        }
        var text = "\n    ],\n    \"serialization\": {\n"
        var fields: [String] = []
        switch manifest.method {
        case .files: fields.append("\"method\": \"files\"")
        case .shards(let size): fields += ["\"method\": \"shards\"", "\"shard_size\": \(size)"]
        }
        fields.insert("\"hash_type\": \"\(manifest.algorithm.rawValue)\"", at: 1)
        fields.append("\"allow_symlinks\": \(manifest.followsLinks)")
        let paths = manifest.ignoredPaths.map { "        " + quote($0.text) }.joined(separator: ",\n")
        fields.append(paths.isEmpty ? "\"ignore_paths\": []" : "\"ignore_paths\": [\n\(paths)\n      ]")
        text += fields.map { "      " + $0 }.joined(separator: ",\n")
        emit((text + "\n    }\n  }\n}").utf8)
    }

    /// A JSON string in ASCII.
    static func quote(_ text: String) -> String {
        var quoted = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x22: quoted += "\\\""
            case 0x5c: quoted += "\\\\"
            case 0x0a: quoted += "\\n"
            case 0x0d: quoted += "\\r"
            case 0x09: quoted += "\\t"
            case 0x08: quoted += "\\b"
            case 0x0c: quoted += "\\f"
            case 0x20..<0x7f: quoted.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return quoted + "\""
    }
}
