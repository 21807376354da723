// The section admin: addresses, tokens, TLS, names.
#include "findings.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace postponed::config;
using namespace postponed::config::test;

namespace {

const std::string key = "0123456789abcdef0123456789abcdef";

class token_files {
 public:
  token_files() {
    std::string name = std::filesystem::temp_directory_path() / "postponed-tokens-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~token_files() { std::filesystem::remove_all(path_); }
  token_files(const token_files&) = delete;
  token_files& operator=(const token_files&) = delete;
  std::string write(const std::string& name, const std::string& text, ::mode_t mode = 0600) const {
    const std::string whole = path_ + "/" + name;
    std::ofstream{whole} << text;
    ::chmod(whole.c_str(), mode);
    return whole;
  }

 private:
  std::string path_;
};

std::string with_admin(const std::string& admin) {
  return broker + store + "admin: {" + admin + "}\n" + route + letters;
}
std::string said_of(const std::string& admin) {
  return all_of(with_admin(admin));
}
admin_settings read(const std::string& admin) {
  auto outcome = load_text(with_admin(admin), "f", no_environment);
  INFO(all_of(with_admin(admin)));
  REQUIRE(outcome.value);
  return outcome.value->admin;
}

} // namespace

TEST_CASE("where the admin endpoint listens") {
  CHECK(read("").host == "127.0.0.1");
  CHECK(read("").port == 9470);
  CHECK(read("listen: \"localhost:1\"").host == "127.0.0.1");
  CHECK(read("listen: \"127.1.2.3:1\"").host == "127.1.2.3");
  CHECK(read("listen: \"[::1]:9471\"").host == "::1");
  CHECK(read("listen: \"[::1]:9471\"").port == 9471);
  CHECK(read("listen: \"unix:/run/x/admin.sock\"").socket == "/run/x/admin.sock");
  const std::string fix = "; write listen: 127.0.0.1:9470, or unix:/run/postponed/admin.sock";
  for (const char* const wrong : {"9470", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", ":9470", "::1:9470",
                                  "[127.0.0.1]:9470", "127.0.0.1:9470x"})
    CHECK(said_of("listen: \"" + std::string{wrong} + "\"") ==
          line("3:17: listen is not address:port" + fix));
  CHECK(said_of("listen: \"postponed.example:9470\"") ==
        line("3:17: postponed.example is no address: a name may mean several" + fix));
  for (const std::string& wrong :
       {std::string{"unix:"}, std::string{"unix:admin.sock"}, "unix:/" + std::string(107, 'x')})
    CHECK(said_of("listen: \"" + wrong + "\"") ==
          line("3:17: the path of a unix socket begins with / and has at most 107 bytes" + fix));
}

TEST_CASE("an address that others can reach needs tokens, and is better with TLS") {
  const token_files files;
  const std::string tokens = ", tokens: [{name: ops, file: " + files.write("ops", key) + "}]";
  const std::string tls = ", tls: {certificate_file: c, key_file: k}";
  const std::string no_tokens =
      "admin.tokens has none: anybody could change anything; add tokens: [{name: ops, file: "
      "/etc/postponed/ops.token, role: operator}], or listen on 127.0.0.1\n";
  CHECK(said_of("listen: \"10.0.0.1:80\"" + tls) == "f:3:17: others can reach 10.0.0.1, and " + no_tokens);
  CHECK(said_of("listen: \"[fe80::1]:80\"" + tls) == "f:3:17: others can reach fe80::1, and " + no_tokens);
  CHECK(said_of("listen: \"10.0.0.1:80\"" + tls + tokens).empty());
  CHECK(said_of("listen: \"10.0.0.1:80\"" + tokens) ==
        line("3:17: warning: tokens go to 10.0.0.1 in clear text; add tls: {certificate_file: .., key_file: "
             "..}, unless something before it does TLS"));
  for (const char* const all : {"0.0.0.0", "[::]"}) {
    const std::string listen = "listen: \"" + std::string{all} + ":80\"" + tls + tokens;
    CHECK(said_of(listen) == line("3:17: it listens on every address, and admin.allowed_hosts has no name by "
                                  "which it may be asked for; add allowed_hosts: [postponed.example]"));
    CHECK(said_of(listen + ", allowed_hosts: [a.example]").empty());
  }
  CHECK_THAT(said_of("listen: \"0.0.0.0:80\""), Catch::Contains(no_tokens)); // all at once
  CHECK(said_of("listen: \"unix:/run/x\"").empty());
}

TEST_CASE("tokens come from their files, and may only read unless they say otherwise") {
  const token_files files;
  const auto read_back = read("tokens: [{name: a, file: " + files.write("a", key + "a\n") +
                              "}, {name: b, role: operator, file: " + files.write("b", key + "b\r\n") + "}]");
  REQUIRE(read_back.tokens.size() == 2);
  CHECK(read_back.tokens[0].value == key + "a");
  CHECK(!read_back.tokens[0].operates);
  CHECK(read_back.tokens[1].value == key + "b");
  CHECK(read_back.tokens[1].operates);
}

TEST_CASE("mistakes in tokens") {
  const token_files files;
  const auto token = [&](const std::string& name, const std::string& text, ::mode_t mode = 0600) {
    const std::string file = files.write(name, text, mode);
    return said_of("tokens: [{name: a, file: " + file + "}]");
  };
  const std::string made = token("short", "0123456789abcde\n");
  CHECK_THAT(made, Catch::Contains("/short has fewer than 16 bytes and could be guessed; make a longer one: "
                                   "openssl rand -hex 32 >"));
  CHECK_THAT(token("spaced", key + " " + key), Catch::Contains("/spaced is no token: one line of letters"));
  CHECK_THAT(token("two", key + "\n" + key), Catch::Contains("/two is no token: one line of letters"));
  CHECK_THAT(token("long", std::string(4097, 'x')), Catch::Contains("/long is no token"));
  CHECK_THAT(token("open", key, 0644),
             Catch::StartsWith("f:3:34: warning: everybody may read the token file "));
  CHECK_THAT(token("open", key, 0644), Catch::Contains("; chmod o-r "));
  CHECK(token("good", key, 0640).empty());
  CHECK_THAT(
      said_of("tokens: [{name: a, file: /nowhere/a}]"),
      Catch::StartsWith("f:3:34: cannot read the token file /nowhere/a: No such file or directory; make "
                        "one, readable by the user that runs postponed: openssl rand -hex 32 >/nowhere/a"));
  const std::string good = files.write("good", key), other = files.write("other", key + "x");
  CHECK_THAT(said_of("tokens: [{name: a, file: " + good + "}, {name: a, file: " + other + "}]"),
             Catch::Contains("there are two tokens a; give each a name of its own"));
  CHECK_THAT(said_of("tokens: [{name: a, file: " + good + "}, {name: b, file: " + good + "}]"),
             Catch::Contains("the tokens a and b are the same; make a token for each"));
  CHECK_THAT(said_of("tokens: [{name: a, file: " + good + ", role: admin}]"),
             Catch::Contains("role is none of read-only, operator"));
  CHECK(made.find("0123456789abcde") == std::string::npos); // what is in a file is not shown
}

TEST_CASE("mistakes in TLS and in names of hosts") {
  CHECK(said_of("tls: {certificate_file: c}") ==
        line("3:14: admin.tls has no key_file; add key_file: /etc/postponed/admin.key"));
  for (const char* const wrong : {"http://a.example", "a.example:80", "a b", "*.example", ""})
    CHECK(said_of("allowed_hosts: [\"" + std::string{wrong} + "\"]") ==
          line("3:25: " + std::string{wrong} +
               " is no name of a host; write postponed.example: no scheme, no "
               "port"));
  CHECK(read("allowed_hosts: [a.example, 10.0.0.1]").allowed_hosts ==
        std::vector<std::string>{"a.example", "10.0.0.1"});
}
