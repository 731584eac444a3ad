/// Letters of other scripts that look like Latin ones.
///
/// A word is turned into Latin letters only where it mixes scripts or where every one of its foreign letters has such
/// a look; Russian and Greek stay Russian and Greek.
enum Homoglyphs {
    /// The Latin letter that a scalar looks like; nil where it is like none.
    static func latin(_ scalar: UInt32) -> UInt32? {
        guard scalar >= 0xA1 else { return nil }
        if (0x1F1E6...0x1F1FF).contains(scalar) { return scalar - 0x1F1E6 + 0x61 }
        if (0x1F150...0x1F169).contains(scalar) { return scalar - 0x1F150 + 0x61 }
        if (0x1F170...0x1F189).contains(scalar) { return scalar - 0x1F170 + 0x61 }
        return table[scalar]
    }

    /// Whether letters of this block are written for their own sake, so that a look alone is no reason to turn them.
    static func isScript(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x370...0x5FF, 0x10A0...0x10FF, 0x13A0...0x13FF, 0x1400...0x167F, 0x1F00...0x1FFF, 0x2C80...0x2CFF,
            0xA4D0...0xA4FF, 0xAB70...0xABBF:
            true
        default: false
        }
    }

    /// A Latin letter, then all that look like it, large and small.
    private static let looks: [(Character, String)] = [
        ("a", "АаΑαɑ⍺ᴀᎪꓮꭺạɐᗅ𐊠∀Λ"), ("b", "ВвΒβЬьҌᏴʙꓐᗷƀɃƄƅᛒḃßЪ"), ("c", "СсϹϲᴄⅽꓚᏟƈⲤⲥ¢Ͻɔↄ"),
        ("d", "ԁⅾɗᴅꓒᎠᗞƊđÐðƌ"), ("e", "ЕеΕεЄєҽℯᴇꓰᎬəɛǝƐɘⲈⲉ∃ҿҼԐԑЭ"), ("f", "ϜϝҒғƒſꜰꓝᖴⅎẝꞘꞙƑ"),
        ("g", "ɡɢԌԍցᶃꓖᏀǤǥɠᎶƓɓƃ"), ("h", "НнΗһҺᏂհⲎⲏʜꓧᎻɦɥħᕼђћԊ"), ("i", "ІіΙιıɩɪӏӀΪӤƖᎥꙇⲒⲓǀᴉɨΊί¡"),
        ("j", "ЈјϳɈɉᴊꓙᎫʝɾſյȷ"), ("k", "КкΚκᴋꓗᏦҚқƘƙⲔⲕʞҜҝ"), ("l", "ⅼʟꓡᏞӀǀⳐⳑɭℓłŁ˥ꓶ׀ג"),
        ("m", "МмΜɱᴍꓟᎷⅿϺϻⲘⲙɯщ"), ("n", "ΝոռɴꓠИиПпηⲚⲛйƝƞᥒŋŊղԥ"), ("o", "ОоΟοσθօᴏꓳⲞⲟØøƟɵ०໐ంഠဝ௦০੦૦σΘфΦʘⵔꝋ"),
        ("p", "РрΡρϷᴘꓑᏢⲢⲣƿþÞ℗φԀ"), ("q", "ԛգզϙԚʠɊɋ"), ("r", "ГгʀᎡᏒꓣɼɽɹяЯᴦⲄⲅгᖇɍ"),
        ("s", "ЅѕꓢᏚᏕꜱʂƽƧƨՏഗ§"), ("t", "ТтΤτᴛꓔᎢƬƭⲦⲧʇŧŦŢ†է"), ("u", "υսᴜꓴՍμЦцʋᑌ∪ʊυɄʉНՄ"),
        ("v", "ѴѵνᴠⅴꓦᏙᐯѶѷ٧√ʌ"), ("w", "ԜԝωᴡѡꓪᎳᏔШшɯʍաѠϖ"), ("x", "ХхΧχⅹꓫ×ⲬⲭҲҳ᙮ⵝжӿ"),
        ("y", "УуΥγүҮʏꓬᎩỿɣⲨⲩҰұʎɏɎ¥ყЎў"), ("z", "ΖζᴢꓜᏃʐȤȥⱫⱬƵƶʒӠ"),
    ]

    private static let table: [UInt32: UInt32] = {
        var table: [UInt32: UInt32] = [:]
        for (letter, alike) in looks {
            for scalar in alike.unicodeScalars where scalar.value >= 0xA1 && table[scalar.value] == nil {
                table[scalar.value] = letter.unicodeScalars.first?.value
            }
        }
        return table
    }()
}
