public import ZeroTrust

extension BodyRecord {
    /// The record as an entry of the log.
    public func encoded() -> [UInt8] {
        var json = JSONWriter(capacity: 768)
        json.beginObject()
        json.name("id")
        json.id(id)
        json.name("key")
        json.string(key, limit: 64, field: "key")
        json.name("kind")
        json.literal("bodies")
        json.name("node")
        json.string(node, limit: 64, field: "node")
        if let request {
            json.name("request")
            json.body(request)
        }
        if let response {
            json.name("response")
            json.body(response)
        }
        json.name("tenant")
        json.string(tenant, limit: BodyVault.maximumTenantLength, field: "tenant")
        json.name("time")
        json.time(time)
        json.truncated()
        json.name("v")
        json.integer(UInt64(RecordEncoding.version))
        json.endObject()
        return json.bytes
    }
}

extension SamplingRecord {
    /// The record as an entry of the log.
    public func encoded() -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.name("count")
        json.integer(count)
        json.name("first")
        json.id(first)
        json.name("id")
        json.id(id)
        json.name("kind")
        json.literal("sampling")
        json.name("last")
        json.id(last)
        json.name("node")
        json.string(node, limit: 64, field: "node")
        json.name("reason")
        json.string(reason, limit: 64, field: "reason")
        json.name("root")
        json.string(root, limit: 64, field: "root")
        json.name("tenant")
        json.string(tenant, limit: BodyVault.maximumTenantLength, field: "tenant")
        json.name("time")
        json.time(time)
        json.truncated()
        json.name("v")
        json.integer(UInt64(RecordEncoding.version))
        json.endObject()
        return json.bytes
    }

    /// The root of a tree whose leaves are the 16 bytes of each id, in base64.
    public static func root(of ids: [RequestID]) -> String {
        var hashes = ids.map { MerkleHash.leaf($0.bytes[...]) }
        guard !hashes.isEmpty else { return MerkleHash.emptyRoot.description }
        // A node that has no sibling goes up as it is, which gives the tree of RFC 9162.
        while hashes.count > 1 {
            var above: [MerkleHash] = []
            above.reserveCapacity((hashes.count + 1) / 2)
            for index in stride(from: 0, to: hashes.count - 1, by: 2) {
                above.append(.node(hashes[index], hashes[index + 1]))
            }
            if !hashes.count.isMultiple(of: 2) { above.append(hashes[hashes.count - 1]) }
            hashes = above
        }
        return hashes[0].description
    }
}

extension JSONWriter {
    /// A body that was kept.
    mutating func body(_ part: BodyRecord.Part) {
        beginObject()
        name("bytes")
        integer(part.bytes)
        name("digest")
        string(part.digest, limit: 64, field: "digest")
        name("kept")
        integer(part.kept)
        name("ref")
        string(part.reference, limit: 256, field: "ref")
        endObject()
    }
}
