import Authorization
import Gateway
import MutualTLS
import SPIFFE
import Testing

@testable import lapwing

@Suite(.timeLimit(.minutes(5))) struct RefusalAdviceTests {
    @Test(arguments: SVIDError.Code.allCases.map(\.rawValue) + TransportRefusal.allCases.map(\.rawValue))
    func `every reason to refuse a connection says what it means and what to mend`(reason: String) throws {
        let advice = try #require(RefusalAdvice.of(reason), "\(reason)")
        #expect(advice.meaning.count > 10 && advice.mend.count > 10)
        #expect(RefusalAdvice.sentence(for: reason).contains(advice.mend))
    }

    @Test(arguments: EgressRefusal.Reason.allCases.map(\.rawValue))
    func `every reason to refuse a call says what it means and what to mend`(reason: String) throws {
        let advice = try #require(RefusalAdvice.of(reason), "\(reason)")
        #expect(advice.meaning.count > 10 && advice.mend.count > 10)
    }

    @Test(arguments: ExternalFailure.Code.allCases.map(\.rawValue))
    func `every way in which a provider gives no answer says what to mend`(reason: String) throws {
        _ = try #require(RefusalAdvice.of(reason), "\(reason)")
    }

    @Test func `an unknown reason has no advice`() {
        #expect(RefusalAdvice.of("no such reason") == nil)
        #expect(RefusalAdvice.sentence(for: "no such reason").isEmpty)
    }
}
