import Crypto
import Foundation
import SPIFFE
import Testing
import ZeroTrust

@testable import ModelTrust

/// OpenSSF's own library on the other side, and the author's BLAKE3.
@Suite struct ModelSigningPeerTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Peers/model_signing_peer.py").standardizedFileURL.path

    @Test func `model_signing verifies what is signed here, and what it signs is verified here`() throws {
        guard let python = ExternalProgram.python else { return }
        let world = try ModelWorld([
            "weights.bin": "weights", "a/b": "1", "a/b-c": "2", "a-b/c": "3", "a.b": "4", "模型 (1).bin": "5",
            "empty": "",
        ])
        let plain = P384.Signing.PrivateKey()
        try Data(plain.pemRepresentation.utf8).write(to: URL(fileURLWithPath: world.folder + "/key.pem"))
        try Data(plain.publicKey.pemRepresentation.utf8).write(to: URL(fileURLWithPath: world.folder + "/key.pub"))
        let key = try SignerPrivateKey(pem: plain.pemRepresentation)
        func peer(_ arguments: String...) throws -> (status: Int32, output: String) {
            try ExternalProgram.run(python, [Self.script] + arguments, in: world.folder)
        }
        for hash in [HashAlgorithm.sha256, .blake3] {
            var options = SigningOptions()
            options.algorithm = hash
            try world.sign(options, by: SigningCredential(key: key))
            let verified = try peer("verify", world.model, world.signature, "key.pub", hash.rawValue)
            #expect(verified.status == 0, "\(hash): \(verified.output)")
            let signed = try peer("sign", world.model, world.signature, "key.pem", hash.rawValue)
            #expect(signed.status == 0, "\(hash): \(signed.output)")
            let trust = SignerTrust.key(key.publicKey)
            #expect(world.verify(trust: trust).verified?.files.count == 7, "\(hash): \(world.verify(trust: trust))")
        }
        try world.write("changed", to: "a/b")
        #expect(world.verify(trust: .key(key.publicKey)).refusal == .files)
        try world.sign(by: SigningCredential(key: key))
        try world.write("changed again", to: "a/b")
        #expect(try peer("verify", world.model, world.signature, "key.pub").status != 0)
    }

    @Test func `BLAKE3 is what its authors' library computes`() throws {
        guard let python = ExternalProgram.python else { return }
        let world = try ModelWorld([:])
        let lengths = [0, 1, 64, 65, 1024, 1025, 3072, 16_384, 16_385, 65_537, 1_000_003]
        let program =
            "import blake3,sys\nfor n in map(int, sys.argv[1:]): print(blake3.blake3(bytes(i % 249 for i in range(n))).hexdigest())"
        try FileManager.default.createDirectory(atPath: world.folder, withIntermediateDirectories: true)
        let result = try ExternalProgram.run(python, ["-c", program] + lengths.map(String.init), in: world.folder)
        #expect(result.status == 0, "\(result.output)")
        for (length, line) in zip(lengths, result.output.split(separator: "\n")) {
            var hasher = StreamHasher(.blake3)
            let message = (0..<length).map { UInt8($0 % 249) }
            unsafe message.withUnsafeBytes { unsafe hasher.add($0) }
            #expect(Hexadecimal.text(hasher.digest()) == line, "\(length) bytes")
        }
    }
}
