#include "config/values.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <numeric>

namespace postponed::config {

namespace {

using std::chrono::microseconds;

struct unit {
  std::string_view name;
  std::int64_t size;
};
constexpr unit duration_units[] = {{"us", 1},         {"ms", 1000},       {"s", 1000000},     {"m", 60000000},
                                   {"h", 3600000000}, {"d", 86400000000}, {"w", 604800000000}};
constexpr unit size_units[] = {{"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Takes a whole number and the letters behind it off the front.
bool take(std::string_view& text, std::int64_t& number, std::string_view& letters) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0 || text.front() == '-') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  std::size_t size = 0;
  while (size < text.size() && is_letter(text[size]))
    ++size;
  letters = text.substr(0, size);
  text.remove_prefix(size);
  return true;
}

std::optional<std::int64_t> scaled(std::int64_t number, std::string_view letters, const unit* begin,
                                   const unit* end) {
  const unit* const found = std::find_if(begin, end, [&](const unit& each) { return each.name == letters; });
  std::int64_t result = 0;
  if (found == end || __builtin_mul_overflow(number, found->size, &result)) return std::nullopt;
  return result;
}

std::string decoded(boost::urls::pct_string_view text) {
  return text.decode();
}

} // namespace

std::optional<microseconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    std::string_view letters;
    if (!take(text, number, letters)) return std::nullopt;
    const auto part = scaled(number, letters, std::begin(duration_units), std::end(duration_units));
    if (!part || __builtin_add_overflow(total, *part, &total)) return std::nullopt;
  }
  return microseconds{total};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::int64_t number = 0;
  std::string_view letters;
  if (text.empty() || !take(text, number, letters) || !text.empty()) return std::nullopt;
  const auto size = scaled(number, letters, std::begin(size_units), std::end(size_units));
  return size ? std::optional{static_cast<std::uint64_t>(*size)} : std::nullopt;
}

std::optional<double> parse_decimal(std::string_view text) {
  // from_chars would take inf, nan, an exponent and a sign as well.
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_rate(std::string_view text, bool unit_needed) {
  constexpr double most = 1e9;
  const std::size_t slash = text.find('/');
  const std::string_view unit = slash == std::string_view::npos ? "" : text.substr(slash + 1);
  double seconds = 1;
  if (unit == "m")
    seconds = 60;
  else if (unit == "h")
    seconds = 3600;
  else if (unit != "s" && (unit_needed || slash != std::string_view::npos))
    return std::nullopt;
  const auto count = parse_decimal(text.substr(0, slash));
  if (!count || *count <= 0 || *count / seconds > most) return std::nullopt;
  return *count / seconds;
}

uri_outcome parse_uri(const std::string& text) {
  uri_outcome result;
  const std::string shape = "write amqp://user:password@host:5672/vhost, special characters percent-encoded";
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) {
    result.problem = "not a URI";
    result.fix = shape;
    return result;
  }
  const boost::urls::url_view& uri = *parsed;
  const std::string scheme{uri.scheme().data(), uri.scheme().size()};
  if (scheme != "amqp" && scheme != "amqps") {
    result.problem = "a broker's address begins with amqp:// or amqps://, not " + scheme + "://";
    result.fix = shape;
    return result;
  }
  // Most often these stand for a password that was not encoded. Read on, and a part of it would become the
  // virtual host, which is shown in logs.
  const std::string_view path{uri.encoded_path().data(), uri.encoded_path().size()};
  if (uri.has_query() || uri.has_fragment() || path.find('@') != std::string_view::npos) {
    result.problem = "a broker's address has no ? or # part, and no @ after the host";
    result.fix = "in user, password and virtual host write %3F for ?, %23 for #, %40 for @, %2F for /";
    return result;
  }
  result.value.tls = scheme == "amqps";
  result.value.host = decoded(uri.encoded_host_address());
  if (result.value.host.empty()) {
    result.problem = "the address names no host";
    result.fix = shape;
    return result;
  }
  result.value.port = result.value.tls ? 5671 : 5672;
  if (uri.has_port()) {
    const std::string digits{uri.port().data(), uri.port().size()};
    unsigned port = 0; // Boost.URL's own port_number() wraps around
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 || port > 65535) {
      result.problem = "the port is not between 1 and 65535";
      result.fix = shape;
      return result;
    }
    result.value.port = static_cast<std::uint16_t>(port);
  }
  if (uri.has_userinfo()) {
    result.value.user = decoded(uri.encoded_user());
    if (uri.has_password()) result.value.password = decoded(uri.encoded_password());
  }
  if (path.size() > 1) {
    if (path.find('/', 1) != std::string_view::npos) {
      result.problem = "the virtual host holds a slash";
      result.fix = "write %2F for a slash in it";
      return result;
    }
    result.value.virtual_host = decoded(boost::urls::pct_string_view{path.data() + 1, path.size() - 1});
    if (result.value.virtual_host.size() > 255) {
      result.problem = "the virtual host is longer than 255 bytes";
      result.fix = "shorten it";
    }
  }
  return result;
}

std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& known) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& each : known) {
    // Levenshtein's distance, one row at a time.
    std::vector<std::size_t> row(each.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < word.size(); ++i) {
      std::size_t diagonal = row[0]++;
      for (std::size_t j = 0; j < each.size(); ++j) {
        const std::size_t replaced = diagonal + (word[i] == each[j] ? 0u : 1u);
        diagonal = row[j + 1];
        row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = each;
    }
  }
  return best;
}

std::string broker_uri::display() const {
  const bool six = host.find(':') != std::string::npos;
  return (tls ? "amqps://" : "amqp://") + user + "@" + (six ? "[" + host + "]" : host) + ":" +
         std::to_string(port) + (virtual_host == "/" ? "/" : "/" + virtual_host);
}

} // namespace postponed::config
