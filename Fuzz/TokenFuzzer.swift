// A libFuzzer target over the readers of tokens, which `scripts/fuzz` builds together with them.
//
// The input is taken as a token as it stands and, so that the fuzzer need not find base64url, as a header and a payload
// at whose first line break the two part. What is read must be what was signed, and reading it again must give the same.

/// The characters of base64url, in the order of their values.
let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

func encode(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    var (bits, count) = (0, 0)
    for byte in bytes {
        bits = (bits & 0x3f) << 8 | Int(byte)
        count += 8
        while count >= 6 {
            count -= 6
            text.append(alphabet[bits >> count & 0x3f])
        }
    }
    if count > 0 { text.append(alphabet[bits << (6 - count) & 0x3f]) }
    return text
}

func read(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let token = try? CompactToken(text) else { return }
    guard Array(text.utf8) == bytes else { fatalError("a token is ASCII") }
    guard Array(token.signedBytes) + [UInt8(ascii: ".")] + encode(token.signature) == bytes else {
        fatalError("the token is not its parts")
    }
    guard let again = try? CompactToken(text), again.payload == token.payload, again.issuer == token.issuer else {
        fatalError("the token reads differently")
    }
    guard token.payload["iss"] == nil || token.payload["iss"]?.string == token.issuer else { fatalError("the issuer is another") }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    read(bytes)
    if let decoded = Base64URL.decode(bytes), encode(decoded) != bytes { fatalError("two texts for the same bytes") }
    let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return 0 }
    read(encode(Array(parts[0])) + [UInt8(ascii: ".")] + encode(Array(parts[1])) + Array(".AAAA".utf8))
    return 0
}
