/// The forms of credentials, as two tables.
///
/// A line: rule, form, least entropy in bits for a character.
enum SecretTable {
    /// Credentials that begin with what tells them.
    ///
    /// `^` before a form: only where a word begins; `^#`: and with a digit in it.
    static let telling = #"""
        1password-secret-key | ^A3-[A-Z0-9]{6}-[A-Z0-9]{6}(-)?[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5} | 3.5
        1password-secret-key | ^A3-[A-Z0-9]{6}-[A-Z0-9]{11}-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5} | 3.5
        1password-service-account-token | ops_eyJ\b{200}\b{0,} | 4
        adobe-client-secret | ^p8e-\a{32} | 2
        age-secret-key | AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58} | 0
        airtable-personal-access-token | ^pat\a{14}\.\h{64} | 3
        alibaba-access-key-id | ^LTAI\a{16,24} | 2
        anthropic-api-key | sk-ant-(api03|admin01|oat01|sid01)-\k{60}\k{0,} | 3
        apify-api-token | ^apify_api_\a{36}\a{0,} | 3
        artifactory-api-key | ^AKCp\a{69} | 4
        artifactory-reference-token | ^cmVmd\a{59} | 4
        atlassian-api-token | ATATT3[A-Za-z0-9_=-]{150}[A-Za-z0-9_=-]{0,} | 3.5
        atlassian-api-token | ATCTT3[A-Za-z0-9_=-]{150}[A-Za-z0-9_=-]{0,} | 3.5
        amazon-mws-token | amzn\.mws\.\x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        amazon-client-secret | amzn1\.oa2-cs\.v1\.\h{64} | 3
        authress-service-client-access-key | ^(sc|ext|scauth|authress)_\a{5,30}\.\a{4,6}\.acc[_-][A-Za-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120} | 2
        aws-access-key-id | (AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16} | 3
        aws-access-key-id | ^A3T[A-Z0-9][A-Z2-7]{16} | 3
        aws-bedrock-api-key | ^ABSK\b{109,200} | 3
        aws-bedrock-api-key | bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t\b{0,} | 3
        bitbucket-app-password | ^ATBB\a{32} | 3
        brevo-api-key | xkeysib-\h{64}-\a{16} | 2
        brevo-smtp-key | xsmtpsib-\h{64}-\a{16} | 2
        buildkite-api-token | ^bkua_\h{40} | 3
        circleci-token | ^CCIP(AT|RJ)_\a{20,30}_\h{40} | 3
        clickup-api-token | ^pk_\d{6,9}_[A-Z0-9]{32} | 3
        clickhouse-cloud-api-secret-key | ^4b1d\a{38} | 3
        clojars-api-token | CLOJARS_\a{60} | 2
        cloudflare-origin-ca-key | ^v1\.0-\h{24}-\h{146} | 2
        contentful-personal-access-token | ^CFPAT-\k{43} | 3
        databricks-api-token | ^dapi\h{32}(-)?\d{0,1} | 3
        defined-networking-api-token | dnkey-[a-z0-9=_-]{26}-[a-z0-9=_-]{52} | 3
        deno-access-token | ^(ddp|ddw)_\a{36} | 3
        digitalocean-token | (doo|dop|dor)_v1_\h{64} | 3
        doppler-api-token | ^dp\.(pt|st|ct|sa|scim|audit)\.\a{40,44} | 2
        duffel-api-token | duffel_(test|live)_[A-Za-z0-9_=-]{43} | 2
        e2b-api-key | ^e2b_\h{40} | 3
        elevenlabs-api-key | ^sk_\h{48} | 3
        dynatrace-api-token | dt0c01\.\a{24}\.\a{64} | 4
        docker-access-token | ^dckr_(pat|oat)_\k{27}\k{0,} | 3
        easypost-api-token | ^(EZAK|EZTK)\a{54} | 2
        facebook-page-access-token | ^EAA[MC]\a{100}\a{0,} | 4
        figma-token | fig[dou]_\k{40}\k{0,} | 3
        firebase-messaging-key | ^AAAA\k{7}:APA91b\k{100}\k{0,} | 4
        firecrawl-api-key | ^fc-\h{32} | 3
        fireworks-api-key | ^fw_\a{22}\a{0,} | 3
        flutterwave-key | (FLWSECK|FLWPUBK)_TEST-[A-Ha-h0-9]{32}-X | 2
        flutterwave-key | FLWSECK_TEST-[A-Ha-h0-9]{12} | 2
        flyio-access-token | ^fo1_\k{43} | 4
        flyio-access-token | ^fm1[ar]_\b{100}\b{0,} | 4
        flyio-access-token | ^fm2_\b{100}\b{0,} | 4
        frameio-api-token | fio-u-[A-Za-z0-9_=-]{64} | 3
        gcp-api-key | ^AIza\k{35} | 4
        gcp-oauth-client-secret | GOCSPX-\k{28} | 3
        gcp-oauth-access-token | ya29\.\k{40}\k{0,} | 3.5
        gcp-oauth-refresh-token | ^1//0\k{40}\k{0,} | 4
        github-pat | ghp_\a{36}\a{0,} | 3
        github-fine-grained-pat | github_pat_\w{82}\w{0,} | 3
        github-oauth | gho_\a{36}\a{0,} | 3
        github-app-token | (ghu|ghs)_\a{36}\a{0,} | 3
        github-refresh-token | ghr_\a{36}\a{0,} | 3
        gitlab-cicd-job-token | glcbt-\a{1,5}_\k{20} | 3
        gitlab-deploy-token | gldt-\k{20}\k{0,} | 3
        gitlab-feature-flag-client-token | glffct-\k{20}\k{0,} | 3
        gitlab-feed-token | glft-\k{20}\k{0,} | 3
        gitlab-incoming-mail-token | glimt-\k{25}\k{0,} | 3
        gitlab-kubernetes-agent-token | glagent-\k{50}\k{0,} | 3
        gitlab-oauth-app-secret | gloas-\k{64} | 3
        gitlab-pat | glpat-\k{20}[A-Za-z0-9_.-]{0,} | 3
        gitlab-trigger-token | glptt-\h{40} | 3
        gitlab-runner-registration-token | GR1348941\k{20} | 3
        gitlab-runner-authentication-token | glrt-\k{20}[A-Za-z0-9_.-]{0,} | 3
        gitlab-scim-token | glsoat-\k{20}\k{0,} | 3
        gitlab-session-cookie | _gitlab_session=[0-9a-z]{32} | 3
        grafana-api-key | ^eyJrIjoi\a{70}\a{0,} | 3
        grafana-cloud-api-token | ^glc_\b{32}\b{0,} | 3
        grafana-service-account-token | ^glsa_\a{32}_\x{8} | 3
        groq-api-key | gsk_\a{52} | 3
        harness-api-key | ^(pat|sat)\.\k{22}\.\a{24}\.\a{20} | 3
        heroku-api-key | HRKU-AA\k{58} | 4
        honeycomb-api-key | ^(hcaik|hcbik|hcxik)_\a{32}\a{0,} | 3
        hubspot-private-app-token | ^pat-(na1|na2|eu1|ap1)-\x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        huggingface-access-token | ^hf_\a{34} | 3
        huggingface-organization-api-token | ^api_org_\a{34} | 2
        infracost-api-token | ^ico-\a{32} | 3
        intra42-client-secret | s-s4t2(ud|af)-\x{64} | 3
        jina-api-key | ^jina_\a{40}\a{0,} | 3
        json-web-token | ^eyJ[A-Za-z0-9_/-]{14,230}\.[A-Za-z0-9_/.-]{0,} | 3
        json-web-token-base64 | ^ZXlK\b{40}\b{0,} | 3
        langfuse-secret-key | ^sk-lf-\x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        langsmith-api-key | ^lsv2_(pt|sk)_\h{32}_\h{10} | 3
        launchdarkly-sdk-key | ^(sdk|api)-\x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        lichess-token | ^li[po]_\a{20} | 3
        linear-api-key | lin_api_\a{40} | 2
        lob-api-key | ^(live|test)_\h{35} | 3
        lob-pub-api-key | ^(live|test)_pub_\h{31} | 3
        mailgun-key | ^(key|pubkey)-\h{32} | 3
        mailersend-api-token | ^mlsn\.\h{64} | 3
        mapbox-api-token | ^[ps]k\.eyJ\k{50,150}\.\k{20,30} | 3
        new-relic-key | (NRAK|NRII|NRIQ)-[A-Z0-9a-z-]{27,32} | 3
        new-relic-browser-api-token | NRJS-\x{19} | 3
        netlify-access-token | ^nfp_\a{36}\a{0,} | 3
        notion-api-token | ^ntn_\d{11}\a{35} | 4
        notion-api-token | ^secret_\a{43} | 4
        npm-access-token | npm_\a{36}\a{0,} | 3
        nuget-api-key | ^oy2[a-z0-9]{43} | 3
        nvidia-api-key | ^nvapi-\k{60}\k{0,} | 4
        octopus-deploy-api-key | ^API-[A-Z0-9]{25,26} | 3
        openai-api-key | ^sk-(proj|svcacct|admin|service|None)-\k{40}\k{0,} | 3
        openai-api-key | ^sk-\a{20}T3BlbkFJ\a{20} | 3
        openai-api-key | ^#sk-\a{32}\a{0,} | 3.5
        openrouter-api-key | ^sk-or-v1-\h{64} | 3
        openshift-user-token | ^sha256~\k{43} | 3.5
        password-hash | ^(2a|2b|2x|2y)$\d{2}$[A-Za-z0-9./]{53} | 3
        password-hash | ^apr1$[A-Za-z0-9./]{1,8}$[A-Za-z0-9./]{22} | 3
        password-hash | ^(y|gy)$j\a{1,8}$[A-Za-z0-9./]{1,86}$[A-Za-z0-9./]{43} | 3
        password-hash | ^argon2(id|i|d)$(v=19$|v=16$)?m=\d{1,8},t=\d{1,6},p=\d{1,3}$[A-Za-z0-9+/]{8,64}$[A-Za-z0-9+/]{16,88} | 3
        password-hash | ^argon2$argon2(id|i|d)$v=19$m=\d{1,8},t=\d{1,6},p=\d{1,3}$[A-Za-z0-9+/]{8,64}$[A-Za-z0-9+/]{16,88} | 3
        password-hash | ^scrypt$ln=\d{1,2},r=\d{1,3},p=\d{1,3}$[A-Za-z0-9+/.]{8,64}$[A-Za-z0-9+/]{43} | 3
        password-hash | ^scrypt$\a{1,32}$\d{2,8}$\d{1,3}$\d{1,3}$\b{43,88}={0,2} | 3
        password-hash | ^scrypt:\d{4,9}:\d{1,3}:\d{1,3}$\a{1,32}$\x{64,128} | 3
        password-hash | ^pbkdf2_sha(1|256|512)$\d{1,9}$[A-Za-z0-9+/._=-]{1,64}$\b{27,88}={0,2} | 3
        password-hash | ^pbkdf2$\d{1,9}$[A-Za-z0-9./]{1,64}$[A-Za-z0-9./]{27} | 3
        password-hash | ^pbkdf2-sha256$\d{1,9}$[A-Za-z0-9./]{1,64}$[A-Za-z0-9./]{43} | 3
        password-hash | ^pbkdf2-sha512$\d{1,9}$[A-Za-z0-9./]{1,64}$[A-Za-z0-9./]{86} | 3
        password-hash | ^pbkdf2:sha(1|256|512):\d{1,9}$\a{1,32}$\x{40,128} | 3
        password-hash | ^bcrypt-sha256$v=2,t=(2a|2b),r=\d{1,2}$[A-Za-z0-9./]{22}$[A-Za-z0-9./]{31} | 3
        password-hash | ^SCRAM-SHA-(1|256|512)$\d{1,7}:\b{8,44}={0,2}$\b{26,88}={0,2}:\b{26,88}={0,2} | 3
        password-hash | ^krb5(tgs|asrep|pa)$\d{1,2}$[A-Za-z0-9*$@:./_-]{40}[A-Za-z0-9*$@:./_-]{0,} | 3
        password-hash | ^DCC2$\d{1,8}#[\w.-]{1,40}#\x{32} | 3
        perplexity-api-key | ^pplx-\a{48} | 4
        pinecone-api-key | ^pcsk_\a{5,6}_\a{60}\a{0,} | 4
        planetscale-token | pscale_(tkn|oauth|pw)_[\w=.-]{32}[\w=.-]{0,} | 3
        posthog-personal-api-key | ^phx_\a{40}\a{0,} | 3
        postman-api-token | PMAK-\h{24}-\h{34} | 3
        private-key | ^LS0tLS1CRUdJTi(BQUklWQVRFIEtFW|BSU0EgUFJJVkFURSBLRV|BFQyBQUklWQVRFIEtFW|BPUEVOU1NIIFBSSVZBVEUgS0V|BFTkNSWVBURUQgUFJJVkFURSBLRV|BEU0EgUFJJVkFURSBLRV|BQR1AgUFJJVkFURSBLRV)\b{60}[A-Za-z0-9+/=]{0,} | 3
        prefect-api-token | ^pnu_\a{36} | 2.5
        pulumi-api-token | ^pul-\h{40} | 2
        pypi-upload-token | pypi-AgE\k{50}\k{0,} | 3
        readme-api-token | ^rdme_[a-z0-9]{70} | 2
        replicate-api-token | ^r8_\a{37} | 3
        render-api-key | ^rnd_\a{28}\a{0,} | 3
        resend-api-key | ^re_\a{6,10}_\a{20,28} | 3
        riot-api-key | ^RGAPI-\x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        rubygems-api-token | rubygems_\h{48} | 2
        salesforce-access-token | ^00D\a{12,15}![A-Za-z0-9_.]{80}[A-Za-z0-9_.]{0,} | 3
        scaleway-access-key | ^SCW[A-Z0-9]{17} | 3
        scalingo-api-token | ^tk-us-\k{48} | 2
        sendgrid-api-token | ^SG\.[A-Za-z0-9=_.-]{66} | 2
        sentry-org-token | sntrys_eyJpYXQiO\b{60}[A-Za-z0-9+/_=]{0,} | 4
        sentry-user-token | sntryu_\h{64} | 3
        settlemint-access-token | ^sm_(aat|pat|sat)_\a{16} | 3
        shippo-api-token | shippo_(live|test)_\x{40} | 2
        shopify-token | shp(at|ca|pa|ss)_\x{32} | 2
        slack-app-token | xapp-\d-[A-Z0-9]{8,16}-\d{8,20}-\x{20}\x{0,} | 2
        slack-bot-token | xoxb-\d{8,14}-[A-Za-z0-9-]{10}[A-Za-z0-9-]{0,} | 3
        slack-config-token | xoxe\.xox[bp]-\d-[A-Z0-9]{140}[A-Z0-9]{0,} | 2
        slack-config-token | xoxe-\d-[A-Z0-9]{140}[A-Z0-9]{0,} | 2
        slack-legacy-token | xox[os]-\d{5,14}-\d{5,14}-\d{5,14}-\x{8}\x{0,} | 2
        slack-legacy-workspace-token | xox[ar]-\a{8}\a{0,} | 3
        slack-legacy-workspace-token | xox[ar]-\d-\a{8}\a{0,} | 3
        slack-user-token | xox[pe]-\d{10,13}-\d{10,13}-\d{10,13}-[A-Za-z0-9-]{28}[A-Za-z0-9-]{0,} | 2
        slack-session-cookie | ^xoxd-[A-Za-z0-9%]{20}[A-Za-z0-9%]{0,} | 3
        slack-webhook-url | hooks.slack.com/(services|workflows|triggers)/\b{40}\b{0,} | 3
        zapier-webhook-url | hooks.zapier.com/hooks/catch/\d{4,10}/\a{6,8} | 3
        discord-webhook-url | discord.com/api/webhooks/\d{17,20}/\k{60}\k{0,} | 3
        discord-webhook-url | discordapp.com/api/webhooks/\d{17,20}/\k{60}\k{0,} | 3
        microsoft-teams-webhook | webhook.office.com/webhookb2/\k{36}@\k{36}/IncomingWebhook/\a{32}/\k{36} | 3
        sourcegraph-access-token | sgp_(local_)?\x{40} | 3
        sourcegraph-access-token | sgp_\x{16}_\x{40} | 3
        sonar-api-token | ^(squ|sqp|sqa)_\h{40} | 3
        square-access-token | ^(EAAA|sq0atp-|sq0csp-)\k{22,60} | 3
        stripe-access-token | (sk|rk)_(test|live|prod)_\a{10}\a{0,} | 2
        stripe-webhook-secret | whsec_\b{32}\b{0,} | 3
        supabase-token | sbp_\h{40} | 3
        supabase-secret-key | ^sb_secret_\k{22}\k{0,} | 3
        tailscale-key | ^tskey-(auth|api|client|scim|webhook)-\k{20}\k{0,} | 3
        telegram-bot-api-token | ^\d{8,10}:AA\k{33} | 3
        discord-bot-token | ^[MNO]\k{23,25}\.\k{6}\.\k{27,38} | 4
        azure-ad-client-secret | ^[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34} | 3
        azure-api-key | ^\a{52}JQQJ9\a{27} | 4
        facebook-access-token | ^\d{15,16}(\||%)[0-9A-Za-z_-]{27,40} | 3
        maxmind-license-key | ^\a{6}_\a{29}_mmk | 4
        terraform-cloud-token | ^\a{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70} | 3.5
        twilio-api-key | ^SK\x{32} | 3
        typeform-api-token | ^tfp_[A-Za-z0-9_.=-]{59} | 3
        tavily-api-key | ^tvly-(dev|prod)-\a{32} | 3
        tencent-secret-id | ^AKID\a{32} | 3.5
        trello-access-token | ^ATTA\x{64} | 3
        vault-batch-token | ^hvb\.\k{60}\k{0,} | 4
        vault-service-token | ^(hvs|hvr)\.\k{24}\k{0,} | 3.5
        vault-service-token | ^#s\.[A-Za-z0-9]{24} | 3.8
        voyage-api-key | ^pa-\k{40}\k{0,} | 4
        xai-api-key | ^xai-\a{70}\a{0,} | 3
        yandex-api-key | ^AQVN\k{35,38} | 3
        yandex-aws-access-token | ^YCA\k{37} | 3
        """#

    /// Credentials that only the name of their setting tells: rule, names, form, least entropy.
    static let named = #"""
        adafruit-api-key | adafruit | \k{32} | 3
        adobe-client-id | adobe | \x{32} | 2
        airtable-api-key | airtable | \a{17} | 3
        algolia-api-key | algolia | \a{32} | 3
        alibaba-secret-key | alibaba, aliyun | \a{30} | 2
        asana-client-id | asana | \d{16} | 2
        asana-client-secret | asana | \a{32} | 3
        atlassian-api-token | atlassian, confluence, jira | \a{24} | 3.5
        aws-secret-access-key | aws_secret, aws-secret, awssecret, secretaccesskey, secret_access_key | \b{40} | 4
        azure-storage-key | accountkey, account_key, storagekey | \b{86}={2} | 4
        azure-openai-key | openai | \x{32} | 3
        beamer-api-token | beamer | b_[A-Za-z0-9=_-]{44} | 3
        bitbucket-client-id | bitbucket | \a{32} | 3
        bitbucket-client-secret | bitbucket | [A-Za-z0-9=_-]{64} | 3
        bittrex-key | bittrex | \a{32} | 3
        cisco-meraki-api-key | meraki | \h{40} | 3
        cloudflare-api-key | cloudflare | \k{40} | 2
        cloudflare-global-api-key | cloudflare | \x{37} | 2
        codecov-access-token | codecov | \a{32} | 3
        cohere-api-token | cohere, co_api_key | \a{40} | 4
        coinbase-access-token | coinbase | \k{64} | 3
        confluent-access-token | confluent | \a{16} | 3
        confluent-secret-key | confluent | \a{64} | 3
        contentful-delivery-api-token | contentful | [A-Za-z0-9=_-]{43} | 3
        datadog-access-token | datadog, dd_api, dd_app | \a{40} | 3
        datadog-access-token | datadog, dd_api, dd_app | \x{32} | 3
        discord-api-token | discord | \x{64} | 3
        discord-client-id | discord | \d{18} | 2
        discord-client-secret | discord | [A-Za-z0-9=_-]{32} | 3
        discord-bot-token | discord | \k{24,28}\.\k{6}\.\k{27,38} | 3
        droneci-access-token | droneci | \a{32} | 3
        dropbox-api-token | dropbox | \a{15} | 3
        dropbox-long-lived-api-token | dropbox | \a{11}AAAAAAAAAA[A-Za-z0-9_=-]{43} | 3
        dropbox-short-lived-api-token | dropbox | sl\.[A-Za-z0-9_=.-]{130,160} | 3
        etsy-access-token | etsy | \a{24} | 3
        facebook-secret | facebook | \x{32} | 3
        fastly-api-token | fastly | [A-Za-z0-9=_-]{32} | 3
        finicity-api-token | finicity | \x{32} | 3
        finicity-client-secret | finicity | \a{20} | 3
        finnhub-access-token | finnhub | \a{20} | 3
        flickr-access-token | flickr | \a{32} | 3
        freemius-secret-key | secret_key | sk_[\w.!@#$%&*+-]{29} | 3
        freshbooks-access-token | freshbooks | \a{64} | 3
        gcp-service-account | type | service_account | 0
        gitter-access-token | gitter | \k{40} | 3
        gocardless-api-token | gocardless | live_[A-Za-z0-9=_-]{40} | 3
        heroku-api-key | heroku | \x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        hubspot-api-key | hubspot | \x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        intercom-api-key | intercom | [A-Za-z0-9=_-]{60} | 3
        jfrog-api-key | jfrog, artifactory, bintray, xray | \a{73} | 3
        jfrog-identity-token | jfrog, artifactory, bintray, xray | \a{64} | 3
        kraken-access-token | kraken | [A-Za-z0-9/=_+-]{80,90} | 3
        kucoin-access-token | kucoin | \x{24} | 3
        kucoin-secret-key | kucoin | \x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        launchdarkly-access-token | launchdarkly | [A-Za-z0-9=_-]{40} | 3
        linear-client-secret | linear | \x{32} | 2
        linkedin-client-id | linkedin, linked_in, linked-in | \a{14} | 3
        linkedin-client-secret | linkedin, linked_in, linked-in | \a{16} | 3
        looker-client-id | looker | \a{20} | 3
        looker-client-secret | looker | \a{24} | 3
        mailchimp-api-key | mailchimp | \x{32}-us\d{2} | 3
        mailgun-signing-key | mailgun | [a-h0-9]{32}-[a-h0-9]{8}-[a-h0-9]{8} | 3
        mapbox-api-token | mapbox | pk\.\k{60}\.\k{22} | 3
        mattermost-access-token | mattermost | \a{26} | 3
        messagebird-api-token | messagebird, message-bird, message_bird | \a{25} | 3
        messagebird-client-id | messagebird, message-bird, message_bird | \x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        netlify-access-token | netlify | [A-Za-z0-9=_-]{40,46} | 3
        ngrok-auth-token | ngrok | [A-Za-z0-9_]{43,60} | 3
        new-relic-user-api-id | new-relic, newrelic, new_relic | \a{64} | 3
        nytimes-access-token | nytimes, new-york-times, newyorktimes | [A-Za-z0-9=_-]{32} | 3
        okta-access-token | okta | 00[\w=-]{40} | 3.5
        plaid-api-token | plaid | access-(sandbox|development|production)-\x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        plaid-client-id | plaid | \a{24} | 3.5
        plaid-secret-key | plaid | \a{30} | 3.5
        privateai-api-token | privateai, private_ai, private-ai | [a-z0-9]{32} | 3
        rapidapi-access-token | rapidapi | \k{50} | 3
        sendbird-access-id | sendbird | \x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        sendbird-access-token | sendbird | \x{40} | 3
        sentry-access-token | sentry | \x{64} | 3
        sidekiq-secret | contribsys__com | \x{8}:\x{8} | 2
        snyk-api-token | snyk | \x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        sonar-api-token | sonar | (squ_|sqp_|sqa_)?[A-Za-z0-9=_-]{40} | 3
        sourcegraph-access-token | sourcegraph | \x{40} | 3
        squarespace-access-token | squarespace | \x{8}-\x{4}-\x{4}-\x{4}-\x{12} | 3
        sumologic-access-id | sumologic, sumo_, sumo-, sumotoken, sumoaccess, sumokey | su\a{12} | 3
        sumologic-access-token | sumologic, sumo_, sumo-, sumotoken, sumoaccess, sumokey | \a{64} | 3
        telegram-bot-api-token | telegr | \d{5,16}:A\k{34} | 3
        travisci-access-token | travis | \a{22} | 3
        twitch-api-token | twitch | \a{30} | 3
        twitter-access-secret | twitter | \a{45} | 3
        twitter-access-token | twitter | \d{15,25}-\a{20,40} | 3
        twitter-api-key | twitter | \a{25} | 3
        twitter-api-secret | twitter | \a{50} | 3
        twitter-bearer-token | twitter | A{22}[A-Za-z0-9%]{80,100} | 3
        weights-and-biases-api-key | wandb | \h{40} | 3
        yandex-access-token | yandex | t1\.\k{1,140}={0,2}\.\k{20,86} | 3
        zendesk-secret-key | zendesk | \a{40} | 3
        """#

    /// Names of settings whose values are secret whatever they look like.
    static let generic = [
        "password", "passwd", "passwort", "passphrase", "pwd", "secret", "token", "apikey", "api_key", "api-key",
        "accesskey",
        "access_key", "access-key", "credential", "creds", "auth", "privatekey", "private_key", "private-key",
        "client_secret", "clientsecret", "signingkey", "signing_key", "encryptionkey", "encryption_key",
        "encryption-key", "signing-key", "hmac_key", "hmackey", "master_key", "masterkey", "master-key", "app_key",
        "appkey", "deploy_key", "deploykey", "license_key", "licensekey", "account_key", "accountkey", "storage_key",
        "session_key", "sessionkey", "jwt_key", "jwtkey", "shared_key", "sharedkey", "subscription_key",
        "subscription-key", "subscriptionkey", "service_key", "cipher_key", "cipherkey", "functions-key", "api.key",
        "encryption.key", "secret.key", "access.key", "signing.key", "crypto_key", "cryptokey", "aes_key", "aeskey",
        "secret-key", "sonar.login", "bearer", "x-auth-key", "x-jfrog-art-api", "токен", "ключ", "root_token",
        "unseal_key",
    ]

    /// Names of settings and directives whose values are passwords, and which say so in words of their own.
    static let passwords = [
        "requirepass", "masterauth", "storepass", "keypass", "dbpass", "kennwort", "motdepasse", "mot_de_passe",
        "contraseña",
        "contrasena", "senha", "wachtwoord", "lösenord", "heslo", "hasło", "şifre", "parola",
        "parolă",
        "salasana", "rootpw", "bindpw", "adgangskode", "passord", "jelszó", "palavra-passe", "palavra_passe", "clave",
        "sshpass", "пароль",
        "المرور", "السر", "السري", "κωδικός", "κωδικος", "סיסמה",
    ]

    /// Names that hold one of those, and no secret.
    static let harmless = [
        "token_type", "tokentype", "max_token", "maxtoken", "max_tokens", "total_token", "prompt_token",
        "completion_token", "tokens", "tokeniz", "tokenis", "tokencallback", "author", "authority", "public",
        "credentialid",
        "credentials_id", "credentialsid", "credential_id", "secretname", "secret_name", "secretsize", "token_url",
        "tokenurl", "token_uri", "tokenfile", "auth_uri", "auth_url", "authurl", "access_token_url", "authsource",
        "authentication-results", "authenticity", "usersecretsid", "keyvault", "key_name", "key_id", "token_id",
        "keyid", "clienttoken", "clientrequesttoken", "authmethod", "auth_type", "authtype", "password_hint",
        "passwordlength", "password_policy", "secretref",
        "secret_ref", "secretkeyref", "type", "csrf", "xsrf", "public-key",
        "passwordref", "password_ref", "tokenref", "token_ref", "credentialsref", "secretsref", "bearerformat",
        // Options of programs.
        "secret-name", "secret-arn", "secret-ref", "token-url", "token-uri", "token-file", "token-id", "password-file",
        "password-policy", "credentials-file", "credentials-id", "private-key-file", "private-key-path", "auth-url",
        "auth-uri", "auth-method",
    ]
}
