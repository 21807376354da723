#include "config/patterns.hpp"

#include <algorithm>
#include <vector>

namespace postponed::config {

namespace {

const std::string any_words{'\3'}; // as a whole word of a key: any number of words

// As RabbitMQ splits them: "" is no word at all, "a." two.
std::vector<std::string> words_of(const std::string& key) {
  std::vector<std::string> words;
  if (key.empty()) return words;
  std::size_t begin = 0;
  for (std::size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', begin)) {
    words.push_back(key.substr(begin, dot - begin));
    begin = dot + 1;
  }
  words.push_back(key.substr(begin));
  return words;
}

// One pass a word: trying each length of each # would take for ever on a pattern with many.
bool words_may_match(const std::vector<std::string>& pattern, const std::vector<std::string>& key) {
  // after[k]: the words of the pattern behind the present one may match those of the key from k on.
  std::vector<char> after(key.size() + 1, 0);
  for (std::size_t p = pattern.size() + 1; p-- > 0;) {
    std::vector<char> here(key.size() + 1, 0);
    const bool ended = p == pattern.size();
    for (std::size_t k = key.size() + 1; k-- > 0;) {
      const bool key_ended = k == key.size();
      bool may = ended && key_ended;
      if (!ended && pattern[p] == "#") may = after[k] != 0 || (!key_ended && here[k + 1] != 0);
      if (!key_ended && key[k] == any_words)
        may = may || here[k + 1] != 0 || (!ended && after[k] != 0);
      else if (!key_ended && !ended && (pattern[p] == "*" || may_be(pattern[p], key[k])))
        may = may || after[k + 1] != 0;
      here[k] = static_cast<char>(may);
    }
    after = std::move(here);
  }
  return after[0] != 0;
}

} // namespace

bool is_fixed(std::string_view key) {
  return key.find(any_word) == std::string_view::npos && key.find(any_text) == std::string_view::npos;
}

bool may_be(std::string_view text, std::string_view key) {
  std::vector<char> reached(text.size() + 1, 0); // [t]: the key so far may be the first t characters
  reached[0] = 1;
  for (const char each : key) {
    std::vector<char> next(text.size() + 1, 0);
    for (std::size_t t = 0; t <= text.size(); ++t) {
      if (each == any_text || each == any_word)
        next[t] = static_cast<char>(reached[t] != 0 ||
                                    (t > 0 && next[t - 1] != 0 && (each == any_text || text[t - 1] != '.')));
      else if (t > 0 && text[t - 1] == each)
        next[t] = reached[t - 1];
    }
    reached = std::move(next);
  }
  return reached[text.size()] != 0;
}

bool topic_may_match(const std::string& pattern, const std::string& key) {
  const std::size_t unknown = key.find(any_text);
  if (unknown == std::string::npos) return words_may_match(words_of(pattern), words_of(key));
  // Of several, or alone, any text is any number of words; else a part of one word, or the end of one, some
  // words, and the beginning of another.
  const std::size_t last = key.rfind(any_text);
  const std::string before = key.substr(0, unknown), behind = key.substr(last + 1);
  if (key.size() == 1) return words_may_match(words_of(pattern), {any_words});
  const std::string several = before + any_word + "." + any_words + "." + any_word + behind;
  return words_may_match(words_of(pattern), words_of(before + any_word + behind)) ||
         words_may_match(words_of(pattern), words_of(several));
}

} // namespace postponed::config
