#include "config/secrets.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postponed::config {

namespace {

constexpr std::size_t largest_file = std::size_t{16} << 20;
constexpr std::size_t shortest_secret = 4;

struct descriptor {
  int number;
  explicit descriptor(int of) : number{of} {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number >= 0) ::close(number);
  }
};

// Where the password of the next user:password@ begins and ends; nothing where there is none.
struct span_of_text {
  std::size_t begin, end;
};
std::optional<span_of_text> next_password(std::string_view text, std::size_t from) {
  for (;;) {
    const std::size_t slashes = text.find("://", from);
    if (slashes == std::string_view::npos) return std::nullopt;
    from = slashes + 3;
    const std::size_t stop = std::min(text.find_first_of(" \t\n,;", from), text.size());
    const std::size_t colon = text.find(':', from);
    // The last @: a password may hold one that somebody forgot to encode, and slashes too.
    const std::size_t at = text.substr(0, stop).rfind('@');
    if (at != std::string_view::npos && at > from && colon < at) return span_of_text{colon + 1, at};
  }
}

} // namespace

// Not by a stream: libstdc++ throws when a folder is read, and forgets errno.
std::optional<std::string> read_file(const std::string& path, std::string& why, bool* world_readable) {
  const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct ::stat about {};
  if (file.number < 0 || ::fstat(file.number, &about) != 0) {
    why = std::strerror(errno);
    return std::nullopt;
  }
  if (world_readable != nullptr) *world_readable = (about.st_mode & S_IROTH) != 0;
  std::string text;
  char block[16384];
  for (;;) {
    const ::ssize_t got = ::read(file.number, block, sizeof block);
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      why = std::strerror(errno);
      return std::nullopt;
    }
    text.append(block, static_cast<std::size_t>(got));
    if (text.size() > largest_file) {
      why = "it is larger than 16 MiB";
      return std::nullopt;
    }
  }
}

substitution substitute(std::string_view text, const environment& env) {
  substitution result;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    result.text += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      result.text += '$';
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = text.starts_with('{') ? text.find('}') : std::string_view::npos;
    if (end == std::string_view::npos) {
      result.problem = "a $ that begins no ${NAME}";
      result.fix = "write $$ for a dollar sign";
      return result;
    }
    const std::string name{text.substr(1, end - 1)};
    text.remove_prefix(end + 1);
    std::optional<std::string> value;
    if (name.starts_with("file:")) {
      std::string why;
      value = read_file(name.substr(5), why);
      if (!value) {
        result.problem = "cannot read the secret file " + name.substr(5) + ": " + why;
        result.fix = "create it, readable by the user that runs postponed";
        return result;
      }
      if (value->ends_with('\n')) value->pop_back();
      if (value->ends_with('\r')) value->pop_back();
    } else {
      value = env(name);
      if (!value) {
        result.problem = "the environment variable " + name + " is not set";
        result.fix = "export " + name + ", or name a file with ${file:/path}";
        return result;
      }
    }
    result.text += *value;
    result.replaced.push_back({std::move(*value), "${" + name + "}"});
  }
  return result;
}

bool holds_password(std::string_view written) {
  // What ${..} stands for is not in the file; ${file:/path} also holds a colon and slashes of its own.
  std::string literal;
  while (!written.empty()) {
    const std::size_t begin = written.find("${");
    literal += written.substr(0, begin);
    const std::size_t end = begin == std::string_view::npos ? begin : written.find('}', begin);
    if (end == std::string_view::npos) break;
    written.remove_prefix(end + 1);
  }
  const auto password = next_password(literal, 0);
  return password && password->end > password->begin;
}

std::string without_values(std::string text, const std::vector<substitution::replacement>& replaced) {
  std::vector<const substitution::replacement*> longest_first;
  for (const auto& each : replaced)
    if (each.value.size() >= shortest_secret) longest_first.push_back(&each);
  // One secret may be a part of another, whose rest must not stay behind.
  std::stable_sort(longest_first.begin(), longest_first.end(),
                   [](const auto* a, const auto* b) { return a->value.size() > b->value.size(); });
  for (const auto* each : longest_first) {
    for (std::size_t at = text.find(each->value); at != std::string::npos;
         at = text.find(each->value, at + each->written.size()))
      text.replace(at, each->value.size(), each->written);
  }
  return text;
}

std::string without_passwords(std::string text) {
  for (auto found = next_password(text, 0); found; found = next_password(text, found->begin))
    text.replace(found->begin, found->end - found->begin, "***");
  return text;
}

} // namespace postponed::config
