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
            ("call a taxi to 14 3684 Court Street now", "call a taxi to 14 3684 Court Street now"),
            ("call me at 14 3684 Old Mill Rd.", "call me at 14 3684 Old Mill Rd."),
            ("call 14 3684 Court about it", "call [PHONE_NUMBER] Court about it"),
            ("call 14 3684 Street lights", "call [PHONE_NUMBER] Street lights"),
            ("call 5551 234567", "call [PHONE_NUMBER]"), ("5551 234567 office", "[PHONE_NUMBER] office"),
            ("row 5551 234567 of", "row 5551 234567 of"), ("call 5551/234567", "call 5551/234567"),
        ]
    )
    func numbers(_ text: String, _ expected: String) throws {
        #expect(try filtered(text) == expected)
        for size in [1, 2, 7] { #expect(try filtered(text, by: size) == expected, "\(size) bytes at a time") }
    }

    @Test(
        "Cards of Troy, dates in other languages, addresses of other coins, numbers that a word tells apart",
        arguments: [
            ("kart 9792 0201 2345 6783, 9792020123456783", "kart [CREDIT_CARD], [CREDIT_CARD]"),
            ("row 9792 0201 2345 6784, 9793020123456782", "row 9792 0201 2345 6784, 9793020123456782"),
            ("Tel. 08.12.34.56, not 8.12.34.56", "Tel. [PHONE_NUMBER], not [IP_ADDRESS]"),
            ("on 17-May-1984 and 17-Maybe-1984", "on [DATE_TIME] and 17-Maybe-1984"),
            ("17. Mai 1984, 17 août 1984, 17 maggio 1984", "[DATE_TIME], [DATE_TIME], [DATE_TIME]"),
            ("17 de mayo de 1984 y 17 de mayo", "[DATE_TIME] y 17 de mayo"),
            ("1984年5月17日 and 1984년 5월 17일", "[DATE_TIME] and [DATE_TIME]"),
            ("12. Mai und 3 mars", "12. Mai und 3 mars"),
            ("Kimlik no 10000000146", "Kimlik no [TR_NATIONAL_ID]"),
            ("org.nr 5560360793", "org.nr [SE_ORGANISATIONSNUMMER]"), ("part 5560360793", "part 5560360793"),
            ("South African passport A12345678", "South African passport [ZA_PASSPORT]"),
            ("license plate CA 123-456", "license plate [ZA_LICENSE_PLATE]"),
            ("to LWH7yjmodRBFB4eQYST3dunRCjFCsdEPLS", "to [CRYPTO]"),
            ("to LWH7yjmodRBFB4eQYST3dunRCjFCsdEPL2", "to LWH7yjmodRBFB4eQYST3dunRCjFCsdEPL2"),
            ("to M9sNynQPJkwKtAswbLwajUgVBY2ep4q7YG", "to [CRYPTO]"),
            ("to M9sNynQPJkwKtAswbLwajUgVBY2ep4q7Y2", "to M9sNynQPJkwKtAswbLwajUgVBY2ep4q7Y2"),
            ("to DPAT4mQLjMppfKEXPnennY7DUYN6VkvurM", "to [CRYPTO]"),
            ("to DPAT4mQLjMppfKEXPnennY7DUYN6Vkvur2", "to DPAT4mQLjMppfKEXPnennY7DUYN6Vkvur2"),
            ("to Xurp2Txq1ncYHwC5vxJdPEXAsvBbnqKh2a", "to [CRYPTO]"),
            ("to Xurp2Txq1ncYHwC5vxJdPEXAsvBbnqKh22", "to Xurp2Txq1ncYHwC5vxJdPEXAsvBbnqKh22"),
            ("to TUz6g7aECeGQ8jaYypdLvp6bN9MYHRjoQw", "to [CRYPTO]"),
            ("to TUz6g7aECeGQ8jaYypdLvp6bN9MYHRjoQ2", "to TUz6g7aECeGQ8jaYypdLvp6bN9MYHRjoQ2"),
            ("to ltc1n4q65pcgr4akk3lprphsan5tht5hsncxpuz7hzl", "to [CRYPTO]"),
            ("to ltc1n4q65pcgr4akk3lprphsan5tht5hsncxpuz7hz2", "to ltc1n4q65pcgr4akk3lprphsan5tht5hsncxpuz7hz2"),
            (
                "to addr1gnw305tmxx54wu294du3w8zv5t349kg6j3ak6j66z6fvq7mwzaj4wyj80zzvmrq782n0p6r84gs7rkwv88203gqler30hz6umy",
                "to [CRYPTO]"
            ),
            (
                "to addr1gnw305tmxx54wu294du3w8zv5t349kg6j3ak6j66z6fvq7mwzaj4wyj80zzvmrq782n0p6r84gs7rkwv88203gqler30hz6um2",
                "to addr1gnw305tmxx54wu294du3w8zv5t349kg6j3ak6j66z6fvq7mwzaj4wyj80zzvmrq782n0p6r84gs7rkwv88203gqler30hz6um2"
            ),
            ("write to sean.o'connor@example.org", "write to [EMAIL_ADDRESS]"),
            (
                "write to O'Connor@example.org or d'angelo.ann@example.org",
                "write to [EMAIL_ADDRESS] or [EMAIL_ADDRESS]"
            ),
            ("at ten o'clock, says d'Angelo", "at ten o'clock, says d'Angelo"),
            ("d'ann@example.org'", "d'[EMAIL_ADDRESS]'"), ("that's ann@example.org", "that's [EMAIL_ADDRESS]"),
            ("mary-o'neil@example.co.uk, O'Hara2@corp.example", "[EMAIL_ADDRESS], [EMAIL_ADDRESS]"),
            ("mail 'ann@example.com', f'ann@example.com'", "mail '[EMAIL_ADDRESS]', f'[EMAIL_ADDRESS]'"),
            ("it's five o'clock", "it's five o'clock"),
        ]
    )
    func others(_ text: String, _ expected: String) throws {
        #expect(try filtered(text) == expected)
        for size in [1, 2, 7] { #expect(try filtered(text, by: size) == expected, "\(size) bytes at a time") }
    }
}
