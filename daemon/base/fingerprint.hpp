// A digest of several texts, for recognising what was seen before. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace postponed {

// The first 16 bytes of the SHA-256 over the parts, each with its length before it so that no two lists of
// parts look alike.
std::pair<std::uint64_t, std::uint64_t> fingerprint_of(std::initializer_list<std::string_view> parts);

// For secrets: what is kept of them, and compared.
using sha256_digest = std::array<unsigned char, 32>;
sha256_digest sha256_of(std::string_view text);
// In a time that does not tell where they differ.
bool same_digest(const sha256_digest& a, const sha256_digest& b);

} // namespace postponed
