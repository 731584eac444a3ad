import SPIFFE

extension LogEntry {
    init(_ value: StrictJSON, _ reader: JSONReader) throws(ModelRefusal) {
        let entry = try reader.object(value, "a log entry")
        try reader.only(
            [
                "logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise", "inclusionProof",
                "canonicalizedBody",
            ],
            in: entry,
            "a log entry"
        )
        index = try reader.number(entry["logIndex"], "`logIndex`")
        logID = try reader.base64(try reader.object(entry["logId"], "`logId`")["keyId"], "`keyId`")
        let kind = try reader.object(entry["kindVersion"], "`kindVersion`")
        self.kind = try reader.string(kind["kind"], "`kind`")
        version = try reader.string(kind["version"], "`version`")
        integratedTime =
            if let time = reader.optional(entry["integratedTime"]) {
                try reader.number(time, "`integratedTime`")
            } else { 0 }
        promise =
            if let promise = reader.optional(entry["inclusionPromise"]) {
                try reader.base64(
                    try reader.object(promise, "`inclusionPromise`")["signedEntryTimestamp"],
                    "`signedEntryTimestamp`"
                )
            } else { nil }
        proof =
            if let proof = reader.optional(entry["inclusionProof"]) {
                try InclusionProof(try reader.object(proof, "`inclusionProof`"), reader)
            } else { nil }
        body = try reader.base64(entry["canonicalizedBody"], "`canonicalizedBody`")
    }
}

extension LogEntry.InclusionProof {
    fileprivate init(_ proof: [String: StrictJSON], _ reader: JSONReader) throws(ModelRefusal) {
        index = UInt64(try reader.number(proof["logIndex"], "`logIndex`"))
        size = UInt64(try reader.number(proof["treeSize"], "`treeSize`"))
        root = try reader.base64(proof["rootHash"], "`rootHash`")
        hashes =
            if let hashes = reader.optional(proof["hashes"]) {
                try reader.list(hashes, "`hashes`", maximum: 64) { (hash) throws(ModelRefusal) in
                    try reader.base64(hash, "a hash of the proof")
                }
            } else { [] }
        checkpoint = try reader.string(
            try reader.object(proof["checkpoint"], "`checkpoint`")["envelope"],
            "`envelope`"
        )
    }
}
