#include "CGuardrailData.h"

/* The files stand beside this one; clang reads them at compile time. */
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char unicode_tables[] = {
#embed "unicode.bin"
};

static const unsigned char injection_model[] = {
#embed "injection.bin"
};

static const unsigned char name_tagger[] = {
#embed "names.bin"
};

const unsigned char *lapwing_unicode_tables(size_t *length) {
    *length = sizeof unicode_tables;
    return unicode_tables;
}

const unsigned char *lapwing_injection_model(size_t *length) {
    *length = sizeof injection_model;
    return injection_model;
}

const unsigned char *lapwing_name_tagger(size_t *length) {
    *length = sizeof name_tagger;
    return name_tagger;
}
