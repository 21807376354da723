// Routing keys of which a part is known only when a message comes, and whether they may match. Internal to
// config; pure.
#pragma once

#include <string>
#include <string_view>

namespace postponed::config {

// Within a key: what is not known yet. No name that a person gives to anything holds these.
constexpr char any_word = '\1'; // any text without a dot, none included
constexpr char any_text = '\2'; // any text

bool is_fixed(std::string_view key);

// Whether the key may turn out as this very text.
bool may_be(std::string_view text, std::string_view key);
// Whether the key may turn out as one that AMQP's topic pattern matches: * is one word, # any number.
bool topic_may_match(const std::string& pattern, const std::string& key);

} // namespace postponed::config
