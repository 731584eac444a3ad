import Testing

@testable import ModelTrust

@Suite struct FSVerityTests {
    @Test func `fs-verity's digest is the kernel's`() {
        // The digest of an empty file, as fsverity-utils gives it.
        let empty = "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95"
        #expect(FSVerity.digest(of: []).map { String(Int($0) + 0x100, radix: 16).dropFirst() }.joined() == empty)
        #expect(FSVerity.digest(of: [0]) != FSVerity.digest(of: [0, 0]))
    }

    @Test func `a kernel without fs-verity is said to be one`() throws {
        let folder = try TemporaryModel(["a": [1, 2, 3]])
        let refusal = LoadFailure.caught { () throws(LoadFailure) in try FSVerity.enable(folder.path + "/a") }
        let measured = FSVerity.measure(folder.path + "/a")
        #expect(refusal == nil || refusal?.code == .unsupported)
        #expect(measured == (refusal == nil ? FSVerity.digest(of: [1, 2, 3]) : nil))
    }
}
