@testable import ModelTrust

/// Writes zip archives, right or wrong.
struct ZipBuilder {
    /// A member, and where its two headers lie.
    struct Member {
        var name: String
        var localName: String?
        var bytes: [UInt8]
        var flags: UInt16 = 0
        var localFlags: UInt16?
        var crc: UInt32?
        var size: UInt32?
        var mode: UInt16 = 0o100644
        var extra: [UInt8] = []
        /// Compressed bytes, where they are not those above.
        var deflated: [UInt8]?
        /// The method by which they were compressed.
        var method: UInt16 = 8
    }

    var members: [Member] = []
    var comment: [UInt8] = []
    var gap: [UInt8] = []

    init(_ files: (String, [UInt8])...) {
        members = files.map { Member(name: $0.0, bytes: $0.1) }
    }

    /// The archive.
    var bytes: [UInt8] {
        var body: [UInt8] = []
        var directory: [UInt8] = []
        for member in members {
            let offset = UInt32(body.count)
            var checksum = CRC32()
            checksum.update(member.bytes)
            let crc = member.crc ?? checksum.value
            let data = member.deflated ?? member.bytes
            let common: (UInt16) -> [UInt8] = { flags in
                le16(20) + le16(flags) + le16(member.deflated == nil ? 0 : member.method) + le32(0x5021_0000)
                    + le32(crc)
                    + le32(UInt32(data.count)) + le32(member.size ?? UInt32(member.bytes.count))
            }
            let local = Array((member.localName ?? member.name).utf8)
            body += le32(0x0403_4b50) + common(member.localFlags ?? member.flags) + le16(UInt16(local.count))
            body += le16(UInt16(member.extra.count)) + local + member.extra + data
            let name = Array(member.name.utf8)
            directory += le32(0x0201_4b50) + le16(0x0314) + common(member.flags) + le16(UInt16(name.count)) + le16(0)
            directory += le16(0) + le16(0) + le16(0) + le32(UInt32(member.mode) << 16) + le32(offset) + name
        }
        body += gap
        let end = le32(0x0605_4b50) + le32(0) + le16(UInt16(members.count)) + le16(UInt16(members.count))
        return body + directory + end + le32(UInt32(directory.count)) + le32(UInt32(body.count))
            + le16(UInt16(comment.count)) + comment
    }

    /// A change to the first member.
    func changing(_ change: (inout Member) -> Void) -> [UInt8] {
        var copy = self
        change(&copy.members[0])
        return copy.bytes
    }
}

func le16(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xff), UInt8(value >> 8)] }
func le32(_ value: UInt32) -> [UInt8] { le16(UInt16(value & 0xffff)) + le16(UInt16(value >> 16)) }
