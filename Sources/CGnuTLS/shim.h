#pragma once
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
// The types of libmicrohttpd's callback for certificates.
#include <gnutls/abstract.h>

/// gnutls_free, a variable that Swift takes for shared mutable state.
static inline void gnutls_shim_free(void *block) { gnutls_free(block); }
