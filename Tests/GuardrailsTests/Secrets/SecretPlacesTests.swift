import Guardrails
import Testing

@Suite("A value is a secret where it stands in the place of one")
struct SecretPlacesTests {
    private static let rules = Result { try OutputRules(OutputPolicy(secrets: .redact)) }

    private func expect(_ text: String, _ expected: String) throws {
        let whole = try Self.rules.get().filtered(text)
        #expect(whole.0 == expected)
        for size in [1, 7] {
            let cut = try Self.rules.get().filtered(text, by: size)
            #expect(cut.0 == expected, "\(size) bytes at a time")
            #expect(cut.1 == whole.1, "\(size) bytes at a time")
        }
    }

    /// `#` is where the password stands.
    private func expect(_ form: String, values: [String] = ["vK3wZq8Rt5Lm", "Amber!Kettle42"]) throws {
        for value in values { try expect(form.replacing("#", with: value), form.replacing("#", with: "[SECRET]")) }
    }

    @Test(
        "Arguments of commands",
        arguments: [
            "net use \\\\srv\\share # /user:CORP\\ann", "net use Z: \\\\srv\\c$ /user:ann #", "net user ann # /add",
            "vault login #", "vault operator unseal #", "rabbitmqctl add_user ann #",
            "rabbitmqctl change_password ann #",
            "htpasswd -b .htpasswd ann #", "schtasks /create /ru ann /rp #", "xfreerdp /v:srv /u:ann /p:#",
            "mysql -u root -p# shop", "sshpass -p # ssh ann@srv", "7z x a.7z -p#", "unzip -P # a.zip",
            "sqlcmd -S srv -U sa -P # -Q x", "evil-winrm -i srv -u ann -p #", "snmpwalk -v3 -u ann -A # srv",
            "docker login -u ann -p # r.test", "echo # | docker login -u ann --password-stdin r.test",
            "echo 'root:#' | chpasswd", "chpasswd <<< 'root:#'", "rootpw #", "echo # | sudo -S true",
            "smbclient //srv/share -U ann%#",
            "sqlplus ann/#@orcl", "jdbc:oracle:thin:ann/#@//srv:1521/x", "lftp -u ann,# sftp://srv",
            "http -a ann:# https://a.test", "impacket-psexec corp/ann:#@srv", "snmp-server community # RO",
            "enable secret 0 #", "username ann privilege 15 password 0 #",
        ]
    )
    func commands(_ form: String) throws { try expect(form) }

    @Test(
        "curl's users, joined or a proxy's",
        arguments: [
            "curl -uann:# https://a.test", "curl --proxy-user ann:# https://a.test", "curl -U ann:# https://a.test",
        ]
    )
    func curl(_ form: String) throws {
        let value = "vK3wZq8Rt5Lm"
        try expect(form.replacing("#", with: value), form.replacing("ann:#", with: "[SECRET]"))
    }

    @Test(
        "Statements of SQL and arguments of calls",
        arguments: [
            "INSERT INTO users (id, name, password) VALUES (1, 'ann', '#');",
            "INSERT INTO users(name,passwd,role) VALUES ('ann','#','admin');",
            "INSERT INTO `users` (`id`, `password`, `name`) VALUES (7, '#', 'ann');",
            "ALTER USER 'root'@'localhost' IDENTIFIED WITH caching_sha2_password BY '#';",
            "ALTER LOGIN sa WITH PASSWORD = N'#';", "SET PASSWORD FOR 'ann'@'%' = PASSWORD('#');",
            "SELECT pgp_sym_decrypt(c, '#') FROM t", "source.setPassword(\"#\");", "builder.password(\"#\")",
            "if (password.equals(\"#\")) {", "server.login(\"ann@a.test\", \"#\")", "get(u, auth=(\"ann\", \"#\"))",
            "DriverManager.getConnection(url, \"root\", \"#\");", "new NetworkCredential(\"ann\", \"#\")",
            "auth: ['ann', '#']", "btoa('ann:#')", "ConvertTo-SecureString \"#\" -AsPlainText -Force",
            "password: process.env.P || \"#\"",
            "char password[] = \"#\";", "password <- \"#\"", "master_password          = \"#\"",
            "Password:         \"#\",", "<password><![CDATA[#]]></password>", "&lt;password&gt;#&lt;/password&gt;",
            "<key>password</key>\n<string>#</string>", "\"Authorization\": f\"Bearer #vK3wZq8Rt5Lm\"",
        ]
    )
    func calls(_ form: String) throws {
        if form.contains("#vK3") {
            let token = "Hs5JvK3wZq8R" + "vK3wZq8Rt5Lm"
            try expect(
                form.replacing("#vK3wZq8Rt5Lm", with: token),
                form.replacing("#vK3wZq8Rt5Lm", with: "[SECRET]")
            )
        } else {
            try expect(form)
        }
    }

    @Test(
        "Sentences and settings",
        arguments: [
            "Password (for now): #", "[password] #", "my password's #", "The token for deployments is #Hs5Jd1Fg0Yc2",
            "I changed the password to #", "set the password to # please", "The password has been set to #",
            "Use # as the password.", "Here are the credentials: ann / #", "credentials ann:# for the tunnel",
            "temp password - #", "Password -> #", "pw: #", "ADMIN_PW=#", "Password for the staging box: #",
            "db.test:5432:orders:ann:#\n", "*:*:*:ann:#\n",
        ]
    )
    func sentences(_ form: String) throws {
        let isToken = form.contains("#Hs5J")
        try expect(
            form.replacing("#Hs5Jd1Fg0Yc2", with: "#"),
            values: isToken ? ["vK3wZq8Rt5LmHs5Jd1Fg0Yc2"] : ["vK3wZq8Rt5Lm", "Amber!Kettle42"]
        )
    }

    @Test(
        "Passwords that sentences of other languages and scripts tell",
        arguments: [
            "Пароль: #", "пароль — #", "Мой ПАРОЛЬ: #", "пароль это #", "Пароль от базы: #", "Ваш пароль є #",
            "كلمة المرور: #", "كلمة السر: #", "كلمة المرور هي #", "Κωδικός: #", "סיסמה: #", "पासवर्ड: #", "รหัสผ่าน: #",
            "口令：#", "密码为#", "API密钥：#", "パスワードは「#」です", "アクセストークン: #", "秘密鍵：#", "암호: #", "패스워드: #",
            "비번: #", "Mot de passe : #", "mdp: #", "clé API : #", "La contraseña es #", "Clave de acceso: #",
            "A senha é #", "palavra-passe: #", "La password è #", "Hasło: #", "hasło to #", "Şifre: #", "Parola: #",
            "Lösenordet är #", "Heslo je #", "Salasana: #", "Passord: #", "Jelszó: #", "Mật khẩu: #", "Kata sandi: #",
        ]
    )
    func languages(_ form: String) throws {
        // A value of letters that are not of the script ends where they begin again.
        try expect(form)
    }

    @Test("Keys in forms of their own")
    func keys() throws {
        let line = "q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5Jd1Fg0Yc2Xe4Uz6Aq8So1Ti3Pk5Bn7Gm9Dh2Vf4Wj"
        try expect(
            "{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5Jd1Fg0Yc2Xe4Uz6Aq8S\"}",
            "{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"[SECRET]\"}"
        )
        try expect("{\"kty\":\"oct\",\"k\":\"q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5J\"}", "{\"kty\":\"oct\",\"k\":\"[SECRET]\"}")
        try expect(
            "Private-Lines: 2\n\(line)\n\(line)\nPrivate-MAC: 00",
            "Private-Lines: 2\n[SECRET]-MAC: 00"
        )
        try expect(
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n\(line)\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\nand more",
            "[SECRET]----\nand more"
        )
        try expect("Cookie: JSESSIONID=0f1e2d3c4b5a69788796a5b4c3d2e1f0; a=b", "Cookie: JSESSIONID=[SECRET]; a=b")
        try expect("Cookie: session=q7Lm2Zx9Vb4Nt6Kw8Rp3; a=b", "Cookie: session=[SECRET]; a=b")
        try expect(
            "https://a.test/b?sv=2024-11-04&sig=q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5Jd1Fg0Yc2Xe4Uz6Aq%3D&x=1",
            "https://a.test/b?sv=2024-11-04&sig=[SECRET]&x=1"
        )
        let words = "amber basin cactus dune ember fjord glade hazel inlet jungle kelp lagoon"
        try expect("Seed phrase: \(words).", "Seed phrase: [SECRET].")
        try expect("\"mnemonic\": \"\(words)\"", "\"mnemonic\": \"[SECRET]\"")
    }

    @Test(
        "A quoted password may be one that people choose",
        arguments: ["Git#10", "hunter2", "blueberry22", "Sunny!Day"]
    )
    func chosen(_ value: String) throws {
        try expect("{\"password\": \"\(value)\"}", "{\"password\": \"[SECRET]\"}")
    }

    @Test(
        "What only looks like such a place goes out",
        arguments: [
            "INSERT INTO users (name, password) VALUES (:name, :password2)",
            "INSERT INTO users (name, email) VALUES ('ann', 'vK3wZq8Rt5Lm');",
            "ports: 127.0.0.1:5432:5432", "src/app.ts:5432:15:warning:unused1", "localhost:5432:app:running:2024-01-02",
            "net use Z: \\\\server2\\share3 /user:corp\\ann *", "vault token create -policy=my-policy-2024 -ttl=24h",
            "nmap -p 1-65535 host1", "7z a -p archive2024.7z",
            "docker run -p 8080:80 nginx1234",
            "mysql -u root -p$MYSQL_PASSWORD shop", "echo build20240102 | tee log", "sign -u ann file20240102",
            "token(\"Sec-CH-Example-2\")", "'password' => 'required|min:8'", "passwordConfirm: passwordField1,",
            "the password: ${DB_PASSWORD_2}", "Authorization: AWS4-HMAC-SHA256 Credential=x",
            "r.headers[\"Authorization\"] = _basic_auth_str2(a)",
            "Bearer bonds were issued in 1923 and redeemed in 1947.",
            "Пароль: не менее 8 символов", "La clave: trabajo2024 en equipo", "密码必须至少包含8个字符。",
            "パスワードは8文字以上で入力してください。", "Hasło musi mieć co najmniej 8 znaków.",
            "Cookie: theme=dark; cookie_consent=accepted20240102", "session: 2024 Spring, Room B12",
            "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5Jd1Fg0Yc2Xe4Uz6Aq8S\"}",
            "\"d\": \"q7Lm2Zx9Vb4Nt6Kw8Rp3Hs5J\"", "?sig=short&x=1",
            "The phrase: to be or not to be that is the question now",
            "Password requirements: min8chars, 1 digit", "HasLocalSettings { role: H2Machine.ConnectionRole",
            "passwordRef: db-secret-2", "password: env:DB_PASSWORD2", "password: ((db-password-2))",
            "read -s -p \"Password: \" PASSWORD2", "postgres://${USER}:$PASSWORD2x@db/a",
            "the key: user:12345:profile2",
            "I changed the title to Release20240102", "Use Chapter12Notes as the outline.", "to Windows11Pro",
        ]
    )
    func harmless(_ text: String) throws { try expect(text, text) }
}
