import Crypto
import FoundationEssentials
import NIOCore

/// What a client asked for when it began a WebSocket (RFC 6455 §4.1), and what an upstream has to answer (§4.2.2).
///
/// Both sides are checked: an upstream that did not understand the request, or that agrees to what nobody asked for,
/// does not get as far as a tunnel.
struct WebSocketHandshake {
    /// The value of `Sec-WebSocket-Accept` that answers the client's key.
    let accept: String
    /// The subprotocols that the client offers.
    let protocols: [String]
    /// The names of the extensions that the client offers.
    let extensions: Set<String>

    /// What the accept value is made with (RFC 6455 §1.3).
    private static let magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// Checks a request that has `Upgrade`.
    ///
    /// - Throws: where it asks for something else, or for a WebSocket in a way that servers could differ about.
    init(_ scanner: borrowing RequestScanner, _ head: ByteBuffer) throws(HTTP1Refusal) {
        let fields = Fields(scanner.fields, head)
        guard fields.upgrade == ["websocket"] else { throw HTTP1Refusal(.unsupportedUpgrade) }
        guard scanner.fields.nominatesUpgrade, scanner.method == .get, !scanner.fields.isChunked,
            scanner.fields.contentLength ?? 0 == 0, !scanner.expectsContinue
        else { throw HTTP1Refusal(.badWebSocket) }
        guard fields.version.count == 1, fields.version == ["13"] else { throw HTTP1Refusal(.webSocketVersion) }
        guard fields.key.count == 1, let key = fields.key.first, Self.isKey(key), fields.accept.isEmpty else {
            throw HTTP1Refusal(.badWebSocket)
        }
        accept = Self.accept(for: key)
        protocols = try Self.list(fields.protocols)
        guard Set(protocols).count == protocols.count else { throw HTTP1Refusal(.badWebSocket) }
        extensions = Set(try Self.extensionNames(fields.extensions))
    }

    /// Checks the upstream's `101`.
    ///
    /// - Throws: where it does not answer this request.
    func check(_ scanner: borrowing ResponseScanner, _ head: ByteBuffer) throws(HTTP1Refusal) {
        let fields = Fields(scanner.fields, head)
        guard fields.upgrade == ["websocket"], scanner.fields.nominatesUpgrade, !scanner.fields.isChunked,
            scanner.fields.contentLength == nil, fields.accept == [accept]
        else { throw HTTP1Refusal(.badWebSocket) }
        guard fields.protocols.count <= 1, fields.protocols.allSatisfy(protocols.contains),
            try Self.extensionNames(fields.extensions).allSatisfy(extensions.contains)
        else { throw HTTP1Refusal(.badWebSocket) }
    }

    /// The fields of a handshake, as they came; the value of `Upgrade` in lower case.
    private struct Fields {
        var upgrade: [String] = []
        var key: [String] = []
        var accept: [String] = []
        var version: [String] = []
        var protocols: [String] = []
        var extensions: [String] = []

        init(_ section: borrowing FieldSection, _ head: ByteBuffer) {
            func text(_ range: Range<Int>) -> String {
                head.getString(at: head.readerIndex + range.lowerBound, length: range.count) ?? ""
            }
            for line in section.lines {
                // Blanks and underscores were settled when the line was read.
                switch text(line.nameRange).lowercased() {
                case "upgrade": upgrade.append(text(line.value).lowercased())
                case "sec-websocket-key": key.append(text(line.value))
                case "sec-websocket-accept": accept.append(text(line.value))
                case "sec-websocket-version": version.append(text(line.value))
                case "sec-websocket-protocol": protocols.append(text(line.value))
                case "sec-websocket-extensions": extensions.append(text(line.value))
                default: break
                }
            }
        }
    }

    /// Sixteen bytes in base64: 22 characters and two signs of filling.
    private static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard bytes.count == 24, bytes.suffix(2) == Array("==".utf8)[...] else { return false }
        return bytes.prefix(22).allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
    }

    /// The base64 of the SHA-1 of the key and a constant (RFC 6455 §4.2.2): it proves nothing but that the other side
    /// has read the request.
    private static func accept(for key: String) -> String {
        var hash = Insecure.SHA1()
        hash.update(data: Array((key + magic).utf8))
        return Data(hash.finalize()).base64EncodedString()
    }

    /// Tokens with commas between them, of all lines together.
    private static func list(_ lines: [String]) throws(HTTP1Refusal) -> [String] {
        var tokens: [String] = []
        for line in lines {
            for part in line.split(separator: ",", omittingEmptySubsequences: false) {
                let token = part.trimmingBlanks
                guard !token.isEmpty, token.utf8.allSatisfy(ByteClass.isToken), tokens.count < 64 else {
                    throw HTTP1Refusal(.badWebSocket)
                }
                tokens.append(token)
            }
        }
        return tokens
    }

    /// The names of extensions, whatever their parameters (RFC 6455 §9.1).
    private static func extensionNames(_ lines: [String]) throws(HTTP1Refusal) -> [String] {
        try list(
            lines.map { line in
                line.split(separator: ",", omittingEmptySubsequences: false)
                    .map { $0.prefix { $0 != ";" } }.joined(separator: ",")
            }
        )
    }
}

extension Substring {
    /// Without the blanks around it.
    fileprivate var trimmingBlanks: String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var text = drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return String(text)
    }
}
