import Guardrails
import Testing

@Suite("Numbers, and what only looks like one")
struct NumberRecogniserTests {
    private static let rules = Result { try OutputRules(.everything(.redact)) }

    private func filtered(_ text: String, by size: Int = .max) throws -> String {
        try Self.rules.get().filtered(text, by: size).text
    }

    @Test(
        "Each is what it is, and nothing else",
        arguments: [
            // Nothing parts the words of these scripts from what stands among them.
            ("カード番号は4111111111111111です", "カード番号は[CREDIT_CARD]です"),
            ("卡号4111 1111 1111 1111，邮箱anna@example.org。", "卡号[CREDIT_CARD]，邮箱[EMAIL_ADDRESS]。"),
            ("手机13912345678，订单13912345678901", "手机[PHONE_NUMBER]，订单13912345678901"),
            ("订单号 87654321", "订单号 87654321"), ("전화 87654321", "전화 [PHONE_NUMBER]"),
            ("주문번호 87654321", "주문번호 87654321"), ("카드 4111111111111111입니다", "카드 [CREDIT_CARD]입니다"),
            ("1234 5678 9012 3456", "1234 5678 9012 3456"), ("pay 5678 9012 3456 now", "pay [CREDIT_CARD] now"),
            ("0000 0000 0000 0000", "0000 0000 0000 0000"), ("10 000 000 000", "10 000 000 000"),
            ("51 824 753 556", "[AU_ABN]"), ("180031415926531 is JCB's", "[CREDIT_CARD] is JCB's"),
            ("a::b::c and cafe::bad", "a::b::c and cafe::bad"),
            ("at fe80::1 and ::1", "at [IP_ADDRESS] and [IP_ADDRESS]"),
            ("http from [::1]:443", "http from [[IP_ADDRESS]]:443"),
            ("list[::1] and list[::2]", "list[::1] and list[::2]"),
            ("icon@2x.png", "icon@2x.png"), ("anna@2x.example", "[EMAIL_ADDRESS]"),
            ("Anna,anna@example.org,+1-415-555-2671,219-09-9998", "Anna,[EMAIL_ADDRESS],[PHONE_NUMBER],[US_SSN]"),
            ("1,219-09-9998 and 2,671,219", "1,219-09-9998 and 2,671,219"),
            ("EAN-13 5901234123457, card 5901234123457", "EAN-13 5901234123457, card [CREDIT_CARD]"),
            ("8203171876549 and 8001015234563", "[KR_RRN] and [KR_FRN]"),
            ("8203171876540 and 820317-1876540", "8203171876540 and [KR_RRN]"),
            ("주민등록번호 8203171876540", "주민등록번호 [KR_RRN]"),
            ("UK passport no. 925665416", "UK passport no. [UK_PASSPORT]"),
            ("passport no. 925665416", "passport no. [US_PASSPORT]"),
            ("Personalausweis L01X00T471", "Personalausweis [DE_ID_CARD]"),
            ("call 5551 234567", "call [PHONE_NUMBER]"), ("5551 234567 office", "[PHONE_NUMBER] office"),
            ("row 5551 234567 of", "row 5551 234567 of"), ("call 5551/234567", "call 5551/234567"),
        ]
    )
    func numbers(_ text: String, _ expected: String) throws {
        #expect(try filtered(text) == expected)
        for size in [1, 2, 7] { #expect(try filtered(text, by: size) == expected, "\(size) bytes at a time") }
    }
}
