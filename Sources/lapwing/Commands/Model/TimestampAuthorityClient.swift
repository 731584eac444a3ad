// `timeval` belongs to this module wherever both are loaded.
import CoreFoundation
import Crypto
import Foundation
import Glibc

/// Asks an RFC 3161 authority for a timestamp over HTTP (RFC 3161 §3.4).
///
/// What comes back is signed, so that the connection need not be; who verifies the model checks it.
struct TimestampAuthorityClient {
    private let host: String
    private let port: UInt16
    private let path: String

    /// The largest answer that is read, in bytes.
    private static let maximumAnswer = 128 << 10

    init(_ url: String) throws {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host, !host.isEmpty,
            parts.user == nil, let port = UInt16(exactly: parts.port ?? 80)
        else { throw CommandError(.usage, "--timestamp-url takes a URL such as `http://timestamp.example.com/tsr`") }
        self.host = host
        self.port = port
        path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
    }

    /// The authority's answer for some bytes.
    func timestamp(_ bytes: [UInt8]) throws -> [UInt8] {
        let query = Self.query(Array(SHA256.hash(data: bytes)))
        let answer = try exchange(
            Array(
                "POST \(path) HTTP/1.0\r\nHost: \(host)\r\nContent-Type: application/timestamp-query\r\nContent-Length: \(query.count)\r\nConnection: close\r\n\r\n"
                    .utf8
            ) + query
        )
        let blank = Array("\r\n\r\n".utf8)
        guard let end = answer.firstRange(of: blank), answer.starts(with: "HTTP/1.".utf8),
            String(decoding: answer.dropFirst(8).prefix(4), as: UTF8.self) == " 200"
        else { throw failure("answers with something else than a timestamp") }
        return Array(answer[end.upperBound...])
    }

    /// A TimeStampReq of SHA-256 that asks for the authority's certificates.
    private static func query(_ digest: [UInt8]) -> [UInt8] {
        let algorithm: [UInt8] = [
            0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
        ]
        let imprint = [0x30, 0x31] + algorithm + [0x04, 0x20] + digest
        let body: [UInt8] = [0x02, 0x01, 0x01] + imprint + [0x01, 0x01, 0xff]
        return [0x30, UInt8(body.count)] + body
    }

    private func failure(_ what: String) -> CommandError {
        CommandError(.unreachable, "the timestamping authority at \(host):\(port) \(what)")
    }

    private func exchange(_ request: [UInt8]) throws -> [UInt8] {
        let socket = try connect()
        defer { close(socket) }
        var rest = request[...]
        while !rest.isEmpty {
            // Sound: the pointer is to the slice's bytes and does not outlive the call.
            let count = unsafe rest.withUnsafeBytes {
                unsafe send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw failure("does not take the request") }
            rest = rest.dropFirst(count)
        }
        var answer: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            // Sound: as many bytes are read as the array has.
            let count = unsafe recv(socket, &part, part.count, 0)
            guard count >= 0 else { throw failure("does not answer in time") }
            if count == 0 { return answer }
            answer += part.prefix(count)
            guard answer.count <= Self.maximumAnswer else { throw failure("answers with too much") }
        }
    }

    private func connect() throws -> Int32 {
        // Sound: an empty structure asks for nothing in particular.
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        // Sound: the list that getaddrinfo makes is read before it is freed.
        guard unsafe getaddrinfo(host, String(port), &hints, &found) == 0 else { throw failure("is not known") }
        defer { unsafe freeaddrinfo(found) }
        var next = unsafe found
        while let address = unsafe next {
            let socket = unsafe Glibc.socket(
                address.pointee.ai_family,
                Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
                0
            )
            guard socket >= 0 else { break }
            var limit = timeval(tv_sec: 10, tv_usec: 0)
            unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            if unsafe Glibc.connect(socket, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 { return socket }
            close(socket)
            unsafe next = address.pointee.ai_next
        }
        throw failure("cannot be reached")
    }
}
