#ifndef LAPWING_CGUARDRAILDATA_H
#define LAPWING_CGUARDRAILDATA_H

#include <stddef.h>

/* Tables that Guardrails reads: what Training/ made. Each is a run of bytes and its length. */
const unsigned char *lapwing_unicode_tables(size_t *length);
const unsigned char *lapwing_injection_model(size_t *length);
const unsigned char *lapwing_name_tagger(size_t *length);

#endif
