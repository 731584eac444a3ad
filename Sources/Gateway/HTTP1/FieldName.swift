/// The fields that the gateway acts on, told by name without regard to case, and with `_` read as `-`.
///
/// A name is packed into integers while its bytes are checked, so that telling it costs a few comparisons.
enum FieldName: UInt8, Hashable, Sendable {
    /// Any field that is passed on as it came.
    case other
    case host
    case contentLength
    case transferEncoding
    case connection
    case upgrade
    case expect
    /// A field for this connection alone (RFC 9110 §7.6.1), or `Proxy`, which CGI turns into a variable that redirects.
    case hopByHop
    /// A field by which one hop tells the next who the client is, what it asked for, or which request this is. Only we
    /// may say so.
    case forwarding
    case traceparent
    case tracestate
    /// `Alt-Svc`, by which an upstream would lead the client around the gateway.
    case alternativeService

    /// A name packed while it is read: up to 16 bytes at each end.
    struct Packed {
        private(set) var count = 0
        private(set) var hasUnderscore = false
        private var first: UInt128 = 0
        private var last: UInt128 = 0

        mutating func append(_ byte: UInt8) {
            let folded = ByteClass.folded(byte)
            if byte == UInt8(ascii: "_") { hasUnderscore = true }
            last = last << 8 | UInt128(folded)
            count += 1
            if count == 16 { first = last }
        }

        /// The field of this name.
        var name: FieldName {
            if count <= 16 {
                let exact = Self.short(last)
                guard exact == .other, count > 6 else { return exact }
                return Self.isForwardingPrefix(last << UInt128(8 * (16 - count))) ? .forwarding : .other
            }
            if Self.isForwardingPrefix(first) { return .forwarding }
            return Self.long(count: count, first: first, last: last)
        }

        /// Names of at most 16 bytes, exactly.
        private static func short(_ packed: UInt128) -> FieldName {
            switch packed {
            case 0x686f7374: .host  // host
            case 0x636f_6e74656e_742d6c65_6e677468: .contentLength  // content-length
            case 0x636f_6e6e6563_74696f6e: .connection  // connection
            case 0x757067_72616465: .upgrade  // upgrade
            case 0x6578_70656374: .expect  // expect
            case 0x6b65_65702d61_6c697665: .hopByHop  // keep-alive
            case 0x70726f78_792d636f_6e6e6563_74696f6e: .hopByHop  // proxy-connection
            case 0x7465: .hopByHop  // te
            case 0x747261_696c6572: .hopByHop  // trailer
            case 0x6874_7470322d_73657474_696e6773: .hopByHop  // http2-settings
            case 0x70_726f7879: .hopByHop  // proxy
            case 0x66_6f727761_72646564: .forwarding  // forwarded
            case 0x782d66_6f727761_72646564: .forwarding  // x-forwarded
            case 0x78_2d726561_6c2d6970: .forwarding  // x-real-ip
            case 0x782d63_6c69656e_742d6970: .forwarding  // x-client-ip
            case 0x7472_75652d63_6c69656e_742d6970: .forwarding  // true-client-ip
            case 0x63_6c69656e_742d6970: .forwarding  // client-ip
            case 0x63662d63_6f6e6e65_6374696e_672d6970: .forwarding  // cf-connecting-ip
            case 0x66617374_6c792d63_6c69656e_742d6970: .forwarding  // fastly-client-ip
            case 0x78_2d726577_72697465_2d75726c: .forwarding  // x-rewrite-url
            case 0x78_2d687474_702d6d65_74686f64: .forwarding  // x-http-method
            case 0x782d_686f7374: .forwarding  // x-host
            case 0x78_2d72656d_6f74652d_75736572: .forwarding  // x-remote-user
            case 0x72656d_6f74652d_75736572: .forwarding  // remote-user
            case 0x782d72_656d6f74_652d6970: .forwarding  // x-remote-ip
            case 0x78_2d72656d_6f74652d_61646472: .forwarding  // x-remote-addr
            case 0x782d63_6c69656e_742d646e: .forwarding  // x-client-dn
            case 0x636c69_656e742d_63657274: .forwarding  // client-cert
            case 0x782d7265_71756573_742d6964: .forwarding  // x-request-id
            case 0x782d_70726f78_79757365_722d6970: .forwarding  // x-proxyuser-ip
            case 0x782d617a_7572652d_636c6965_6e746970: .forwarding  // x-azure-clientip
            case 0x747261_63657061_72656e74: .traceparent  // traceparent
            case 0x7472_61636573_74617465: .tracestate  // tracestate
            case 0x616c74_2d737663: .alternativeService  // alt-svc
            default: .other
            }
        }

        /// Names of 17 to 32 bytes, exactly, by both ends.
        private static func long(count: Int, first: UInt128, last: UInt128) -> FieldName {
            switch (count, first, last) {
            // transfer-encoding
            case (17, 0x7472616e_73666572_2d656e63_6f64696e, 0x72616e73_6665722d_656e636f_64696e67): .transferEncoding
            // proxy-authenticate
            case (18, 0x70726f78_792d6175_7468656e_74696361, 0x6f78792d_61757468_656e7469_63617465): .hopByHop
            // proxy-authorization
            case (19, 0x70726f78_792d6175_74686f72_697a6174, 0x78792d61_7574686f_72697a61_74696f6e): .hopByHop
            // x-cluster-client-ip
            case (19, 0x782d636c_75737465_722d636c_69656e74, 0x6c757374_65722d63_6c69656e_742d6970): .forwarding
            // x-http-method-override
            case (22, 0x782d6874_74702d6d_6574686f_642d6f76, 0x2d6d6574_686f642d_6f766572_72696465): .forwarding
            // x-method-override
            case (17, 0x782d6d65_74686f64_2d6f7665_72726964, 0x2d6d6574_686f642d_6f766572_72696465): .forwarding
            // x-http-host-override
            case (20, 0x782d6874_74702d68_6f73742d_6f766572, 0x74702d68_6f73742d_6f766572_72696465): .forwarding
            // client-cert-chain
            case (17, 0x636c6965_6e742d63_6572742d_63686169, 0x6c69656e_742d6365_72742d63_6861696e): .forwarding
            // x-appengine-user-ip
            case (19, 0x782d6170_70656e67_696e652d_75736572, 0x7070656e_67696e65_2d757365_722d6970): .forwarding
            // x-authenticated-user
            case (20, 0x782d6175_7468656e_74696361_7465642d, 0x7468656e_74696361_7465642d_75736572): .forwarding
            // x-auth-request-user
            case (19, 0x782d6175_74682d72_65717565_73742d75, 0x7574682d_72657175_6573742d_75736572): .forwarding
            default: .other
            }
        }

        /// Whether the first 16 bytes, zero-filled, begin as a family of forwarding fields does.
        private static func isForwardingPrefix(_ first: UInt128) -> Bool {
            first >> 32 == 0x782d666f_72776172_6465642d  // x-forwarded-
                || first >> 64 == 0x782d656e_766f792d  // x-envoy-
                || first >> 48 == 0x782d_6c617077_696e672d  // x-lapwing-
                || first >> 56 == 0x78_2d737069_6666652d  // x-spiffe-
                || first >> 40 == 0x782d6f_72696769_6e616c2d  // x-original-
                || first >> 80 == 0x782d_73736c2d  // x-ssl-
                || first >> 40 == 0x73736c_2d636c69_656e742d  // ssl-client-
                || first >> 24 == 0x78_2d636c69_656e742d_63657274  // x-client-cert
        }
    }
}
