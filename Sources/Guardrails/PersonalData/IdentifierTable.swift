/// The numbers that states and institutions give to people, as a table.
///
/// A line: entity, form, check, words. Words after `!` have to stand beside the number, since its form alone says too
/// little; without words the form or its check is enough. A check is named in ``IdentifierCheck``. Of lines that the
/// same characters fit the first counts: one with a check digit stands before one without.
enum IdentifierTable {
    static let text = #"""
        US_SSN                        | \d{3}-\d{2}-\d{4} | ssn |
        US_SSN                        | \d{3}[ .]\d{2}[ .]\d{4} | ssn | ! social security, socialsecurity, ssn, social:, soc sec, ss #, ss#
        US_SSN                        | \d{9} | ssn | ! social security, socialsecurity, ssn, social:, soc sec, ss #, ss#
        US_ITIN                       | 9\d{2}-[5-9]\d-\d{4} | |
        US_ITIN                       | 9\d{2}[- ]?[5-9]\d[- ]?\d{4} | | ! itin, taxpayer
        ABA_ROUTING_NUMBER            | [0-8]\d{3}-\d{4}-\d | aba |
        ABA_ROUTING_NUMBER            | [0-8]\d{8} | aba | ! routing, aba, bank, rtn
        US_BANK_NUMBER                | \d{8,17} | | ! bank account, account number, account #, acct, account no
        US_CLAIM_NUMBER               | \d{5,15} | | ! claim number, claim no, claim #, claim id
        US_CLAIM_NUMBER               | [A-Za-z]{1,4}-?\d{5,15} | | ! claim number, claim no, claim #, claim id
        US_DRIVER_LICENSE             | \d{6,14} | | ! driver, driving license, license number, dl number
        US_DRIVER_LICENSE             | [A-Za-z]{1,2}\d{3,14}[A-Za-z]? | | ! driver, driving license, license number, dl number
        US_HEALTH_INSURANCE_MEMBER_ID | \d{6,12} | | ! member id, member number, subscriber id, insurance id
        US_HEALTH_INSURANCE_MEMBER_ID | [A-Za-z]{1,3}\d{6,12} | | ! member id, member number, subscriber id, insurance id
        US_MBI                        | [1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y]{2}\d{2} | |
        US_NPI                        | [12]\d{9} | npi | ! npi, provider
        UK_PASSPORT                   | \d{9} | | ! uk passport, british passport, hm passport
        ZA_PASSPORT                   | [ADMTadmt]\d{8} | | ! south african passport
        KR_PASSPORT                   | [MSRODGmsrodg]\d{8} | | ! korean passport, 여권
        US_PASSPORT                   | \d{9} | | ! passport
        US_PASSPORT                   | [A-Za-z]\d{8} | | ! passport
        US_PRESCRIPTION_NUMBER        | \d{6,12} | | ! prescription, rx number, rx #
        US_PRESCRIPTION_NUMBER        | [Rr][Xx][ #-]?\d{6,12} | |
        US_PRIOR_AUTHORIZATION_NUMBER | \d{6,14} | | ! prior auth, authorization number, preauth
        US_PRIOR_AUTHORIZATION_NUMBER | [A-Za-z]{1,3}-?\d{6,14} | | ! prior auth, authorization number, preauth
        US_PROVIDER_TAX_ID            | \d{2}-\d{7} | | ! tax id, ein, employer, tin
        US_REFERRAL_NUMBER            | \d{5,14} | | ! referral
        US_REFERRAL_NUMBER            | [A-Za-z]{1,3}-?\d{5,14} | | ! referral
        MEDICAL_LICENSE               | [ABCDEFGHJKLMPRSTUX][A-Z9]\d{7} | dea |
        AU_ABN                        | \d{2} \d{3} \d{3} \d{3} | abn |
        AU_ABN                        | \d{11} | abn | ! abn, business number
        AU_ACN                        | \d{3} ?\d{3} ?\d{3} | acn | ! acn, a.c.n., company number
        AU_MEDICARE                   | [2-6]\d{3} ?\d{5} ?\d | medicare | ! medicare
        AU_TFN                        | \d{3} ?\d{3} ?\d{3} | tfn | ! tfn, tax file
        BR_CPF                        | \d{3}\.\d{3}\.\d{3}-\d{2} | cpf |
        BR_CPF                        | \d{11} | cpf | ! cpf, cadastro de pessoa
        BR_CPF                        | \d{9}-\d{2} | cpf | ! cpf, cadastro de pessoa
        BR_CNPJ                       | \d[0-9A-Z]\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2} | cnpj |
        BR_CNPJ                       | \d{14} | cnpj | ! cnpj, cadastro nacional
        CA_SIN                        | \d{3}[- ]?\d{3}[- ]?\d{3} | luhn | ! social insurance, assurance sociale, sin, s.i.n.
        CA_POSTAL_CODE                | [ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d | |
        CA_POSTAL_CODE                | [ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\d[ABCEGHJ-NPRSTV-Z]\d | | ! postal
        DE_BSNR                       | \d{9} | | ! bsnr, betriebsstätte
        DE_LANR                       | \d{9} | lanr | ! lanr, arztnummer
        DE_FUEHRERSCHEIN              | [A-Za-z]\d{2}[0-9A-Za-z]{6}\d[0-9A-Za-z] | | ! führerschein, fuehrerschein, fahrerlaubnis, driving
        DE_HANDELSREGISTER            | HR[AB] ?\d{1,6} | |
        DE_HEALTH_INSURANCE           | [A-Z]\d{9} | kvnr | ! krankenversicher, krankenkasse, versicherten, kvnr, health insurance
        DE_ID_CARD                    | [CFGHJKLMNPRTVWXYZ][0-9CFGHJKLMNPRTVWXYZ]{8}\d | mrz | ! ausweis, personalausweis, personalausweisnummer, id card, identity card
        DE_KFZ                        | [A-Z]{1,3}[- ][A-Z]{1,2} ?\d{1,4}[EH]? | | ! kennzeichen, kfz, license plate, number plate
        DE_PASSPORT                   | [CFGHJKLMNPRTVWXYZ][0-9CFGHJKLMNPRTVWXYZ]{8}\d? | | ! reisepass, passport, passnummer
        DE_PLZ                        | \d{5} | | ! plz, postleitzahl
        DE_SOCIAL_SECURITY            | \d{8}[A-Z]\d{3} | rvnr |
        DE_SOCIAL_SECURITY            | \d{2} \d{6} [A-Z] \d{3} | rvnr |
        DE_TAX_ID                     | \d{2} ?\d{3} ?\d{3} ?\d{3} | mod11 | ! steuer, tax id, idnr, tin
        DE_TAX_NUMBER                 | \d{2,3}/\d{3,4}/\d{4,5} | | ! steuer, tax number, finanzamt
        DE_VAT_ID                     | DE ?\d{9} | mod11 |
        ES_NIE                        | [XYZxyz]-?\d{7}-?[A-Za-z] | nie |
        ES_NIF                        | \d{8}-?[A-Z] | nif |
        ES_NIF                        | \d{2}\.\d{3}\.\d{3}-?[A-Z] | nif |
        ES_NIF                        | \d{8}-?[a-z] | nif | ! dni, nif, documento
        ES_PASSPORT                   | [A-Za-z]{3}\d{6} | | ! pasaporte, passport
        FI_PERSONAL_IDENTITY_CODE     | \d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y] | finnish |
        IN_AADHAAR                    | [2-9]\d{3}[ -]\d{4}[ -]\d{4} | verhoeff |
        IN_AADHAAR                    | [2-9]\d{11} | verhoeff | ! aadhaar, aadhar, uidai
        IN_GSTIN                      | \d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z] | gstin |
        IN_PAN                        | [A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z] | |
        IN_PAN                        | [a-z]{3}[abcfghjlpt][a-z]\d{4}[a-z] | | ! pan, permanent account
        IN_PASSPORT                   | [A-Pa-pR-Wr-wYy]\d{7} | | ! passport
        IN_VEHICLE_REGISTRATION       | [A-Z]{2}[- ]?\d{1,2}[- ]?[A-Z]{1,3}[- ]?\d{4} | indianState |
        IN_VOTER                      | [A-Za-z]{3}\d{7} | | ! voter, epic, election
        IT_DRIVER_LICENSE             | [A-Za-z]{2}\d{7}[A-Za-z] | | ! patente, driving, driver
        IT_FISCAL_CODE                | [A-Za-z]{6}\d{2}[A-EHLMPRSTa-ehlmprst]\d{2}[A-Za-z]\d{3}[A-Za-z] | fiscal |
        IT_IDENTITY_CARD              | [A-Z]{2}\d{5}[A-Z]{2} | |
        IT_IDENTITY_CARD              | [A-Za-z]{2} ?\d{7} | | ! carta, identit
        IT_IDENTITY_CARD              | \d{7}[A-Za-z]{2} | | ! carta, identit
        IT_PASSPORT                   | [A-Za-z]{2}\d{7} | | ! passaporto, passport
        IT_VAT_CODE                   | IT ?\d{11} | luhn |
        IT_VAT_CODE                   | \d{11} | luhn | ! iva, vat, partita
        KR_BRN                        | \d{3}-\d{2}-\d{5} | koreanBusiness |
        KR_DRIVER_LICENSE             | [12]\d-\d{2}-\d{6}-\d{2} | |
        ZA_ID_NUMBER                  | \d{6} ?\d{4} ?\d{3} | southAfrican |
        KR_FRN                        | \d{6}-[5-8]\d{6} | birth |
        KR_RRN                        | \d{6}-[1-4]\d{6} | birth |
        KR_PASSPORT                   | [MSRODGmsrodg]\d{3}[0-9A-Za-z]\d{4} | | ! passport, 여권
        NG_NIN                        | \d{11} | | ! nin, national identi
        NG_VEHICLE_REGISTRATION       | [A-Z]{3}[- ]?\d{3}[- ]?[A-Z]{2} | | ! plate, vehicle, registration
        PH_PASSPORT                   | [A-Za-z]\d{7}[A-Za-z] | | ! passport
        PH_TIN                        | \d{3}-\d{3}-\d{3} | | ! tin, taxpayer
        PH_TIN                        | \d{3}-\d{3}-\d{3}-\d{3,5} | | ! tin, taxpayer
        PH_UMID                       | \d{4}-\d{7}-\d | |
        TR_NATIONAL_ID                | [1-9]\d{10} | turkish | ! kimlik, tckn, tc no, t.c.
        PL_PESEL                      | \d{11} | pesel |
        SE_ORGANISATIONSNUMMER        | \d{2}[2-9]\d{3}-\d{4} | luhn |
        SE_ORGANISATIONSNUMMER        | \d{2}[2-9]\d{7} | luhn | ! organisationsnummer, orgnr, org.nr, org nr
        SE_PERSONNUMMER               | \d{6}[-+]\d{4} | swedish |
        SE_PERSONNUMMER               | (19|20)\d{6}[-+]?\d{4} | swedish |
        SG_NRIC_FIN                   | [STFGM]\d{7}[A-Z] | nric |
        SG_NRIC_FIN                   | [stfgm]\d{7}[a-z] | nric | ! nric, fin, identity card
        SG_UEN                        | [TSR]\d{2}[A-Z]{2}\d{4}[A-Z] | |
        SG_UEN                        | \d{8,9}[A-Za-z] | | ! uen, entity number
        TH_TNIN                       | [1-8]-\d{4}-\d{5}-\d{2}-\d | thai |
        TH_TNIN                       | [1-8] \d{4} \d{5} \d{2} \d | thai |
        TH_TNIN                       | [1-8]\d{12} | thaiBare |
        TH_TNIN                       | [1-8]\d{12} | thai | ! thai, national id, citizen id, id card, identification number
        KR_FRN                        | \d{6}[5-8]\d{6} | frn |
        KR_RRN                        | \d{6}[1-4]\d{6} | rrn |
        KR_FRN                        | \d{6}[5-8]\d{6} | birth | ! frn, foreigner registration, alien registration
        KR_RRN                        | \d{6}[1-4]\d{6} | birth | ! rrn, resident registration, 주민
        TR_LICENSE_PLATE              | \d{2} ?[A-Z]{1,3} ?\d{2,4} | | ! plaka, plate
        TR_NATIONAL_ID                | [1-9]\d{10} | turkish |
        UK_DRIVING_LICENCE            | [A-Z9]{5}\d{6}[A-Z9]{2}\d[A-Z]{2} | |
        UK_NHS                        | \d{3}[- ]?\d{3}[- ]?\d{4} | nhs | ! nhs, health service
        UK_NINO                       | [A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D] | nino |
        UK_NINO                       | [a-ceghj-pr-tw-z][a-ceghj-npr-tw-z] ?\d{2} ?\d{2} ?\d{2} ?[a-d] | nino | ! national insurance, nino, ni number
        UK_PASSPORT                   | \d{9} | | ! passport
        UK_PASSPORT                   | [A-Za-z]{2}\d{7} | | ! passport
        UK_POSTCODE                   | [A-PR-UWYZ][A-HK-Y]?\d[0-9A-HJKPSTUW]? \d[ABD-HJLNP-UW-Z]{2} | |
        UK_VEHICLE_REGISTRATION       | [A-HJ-PR-Y]{2}\d{2} [A-HJ-PR-Z]{3} | |
        UK_VEHICLE_REGISTRATION       | [A-HJ-PR-Ya-hj-pr-y]{2}\d{2} ?[A-HJ-PR-Za-hj-pr-z]{3} | | ! registration, vehicle, number plate, plate
        ZA_COMPANY_REGISTRATION       | (19|20)\d{2}/\d{6}/\d{2} | |
        ZA_DRIVER_LICENSE             | \d{10,12}[0-9A-Za-z]{2} | | ! licence, license
        ZA_INCOME_TAX_NUMBER          | [01239]\d{9} | luhn | ! income tax, sars, tax reference
        ZA_LICENSE_PLATE              | [A-Z]{2} ?\d{2} ?[A-Z]{2} ?[A-Z]{2} | | ! plate, registration
        ZA_LICENSE_PLATE              | [A-Z]{3} ?\d{3} ?[A-Z]{2} | | ! plate, registration
        ZA_LICENSE_PLATE              | [A-Z]{2,3} \d{3}[- ]?\d{3} | | ! plate, registration
        ZA_MOBILE_NUMBER              | 0[678]\d[ -]?\d{3}[ -]?\d{4} | | ! south africa, mobile number
        ZA_PASSPORT                   | [ADMTadmt]\d{8} | | ! passport
        ZA_TELEPHONE_NUMBER           | 0[1-5]\d[ -]?\d{3}[ -]?\d{4} | | ! south africa, telephone number
        ZA_TRAFFIC_REGISTER_NUMBER    | \d{10,13}[A-Za-z]? | | ! traffic register
        ZA_VAT_NUMBER                 | 4\d{9} | | ! vat
        MAC_ADDRESS                   | \x{2}:\x{2}:\x{2}:\x{2}:\x{2}:\x{2} | |
        MAC_ADDRESS                   | \x{2}-\x{2}-\x{2}-\x{2}-\x{2}-\x{2} | |
        MAC_ADDRESS                   | \x{4}\.\x{4}\.\x{4} | |
        UUID                          | \x{8}-\x{4}-\x{4}-\x{4}-\x{12} | |
        CRYPTO                        | 0x\x{40} | |
        CRYPTO                        | [13][1-9A-HJ-NP-Za-km-z]{25,34} | base58 |
        CRYPTO                        | [DLMTX][1-9A-HJ-NP-Za-km-z]{32,33} | base58 |
        CRYPTO                        | [48][0-9AB][1-9A-HJ-NP-Za-km-z]{93} | |
        CRYPTO                        | ltc1[02-9ac-hj-np-z]{11,71} | bech32 |
        CRYPTO                        | addr1[02-9ac-hj-np-z]{50,103} | bech32 |
        CRYPTO                        | bc1[02-9ac-hj-np-z]{11,71} | bech32 |
        CRYPTO                        | BC1[02-9AC-HJ-NP-Z]{11,71} | bech32 |
        """#
}
