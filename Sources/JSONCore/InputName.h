#pragma once

#include <cstdio>
#include <string_view>

#include "Document.h"

// The names under which the one input of a model may be sent.

inline std::string_view alias_of(const json_signature &signature) { return {signature.input_alias, signature.input_alias_length}; }

inline bool is_input(const json_signature &signature, std::string_view name) {
  return name == signature.input || (!name.empty() && name == alias_of(signature));
}

/// The names, as an error lists them: 'x', or 'x' or 'in'.
struct InputNames {
  char text[80];

  explicit InputNames(const json_signature &signature) {
    std::string_view alias = alias_of(signature);
    if (alias.empty()) snprintf(text, sizeof text, "'%s'", signature.input);
    else snprintf(text, sizeof text, "'%s' or '%.*s%s'", signature.input, shown(alias), alias.data(), alias.size() > 32 ? "..." : "");
  }
};
