import Foundation
import Testing

@testable import lapwing

@Suite(.timeLimit(.minutes(5))) struct AdmissionMemoryTests {
    @Test func `what was judged is known after a restart, and what was forgotten is not`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/admission.json"
        let memory = AdmissionMemory(path: path)
        try memory.remember("a", "terms of a")
        try memory.remember("b", "")
        #expect(AdmissionMemory(path: path).known == ["a": "terms of a", "b": ""])
        try memory.forget { repository, _ in repository == "b" }
        #expect(memory.known == ["b": ""] && AdmissionMemory(path: path).known == ["b": ""])
        try "{ no json".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(AdmissionMemory(path: path).known.isEmpty)
    }
}
