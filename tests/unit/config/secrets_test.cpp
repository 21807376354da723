// Values from the environment and from files come in, and never go out again in a finding.
#include "config/secrets.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace postponed::config;

namespace {

class folder {
 public:
  folder() {
    std::string name = std::filesystem::temp_directory_path() / "postponed-config-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~folder() { std::filesystem::remove_all(path_); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  std::string write(const std::string& name, const std::string& text, ::mode_t mode = 0600) const {
    const std::string whole = path_ + "/" + name;
    std::ofstream{whole} << text;
    ::chmod(whole.c_str(), mode);
    return whole;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::optional<std::string> env(const std::string& name) {
  if (name == "PASSWORD") return "hunter%32";
  if (name == "PLAIN") return "hunter2";
  if (name == "DIGITS") return "424242";
  if (name == "HOST") return "rabbit";
  return std::nullopt;
}

std::string with_uri(const std::string& uri) {
  return "broker: {uris: [\"" + uri + "\"]}\nstore: {path: /tmp/x}\nroutes: []\n";
}

} // namespace

TEST_CASE("secrets come from the environment and from files") {
  const folder temporary;
  const std::string secret = temporary.write("secret", "from file\r\n");
  const auto outside = load_text(with_uri("amqp://a:${PASSWORD}@h/"), "f", env);
  REQUIRE(outside.value);
  CHECK(outside.value->broker.uris[0].password == "hunter2"); // percent-encoded there as well
  const auto file = load_text("broker: {uris: [\"amqp://h/\"], tls: {server_name: \"${file:" + secret +
                                  "}$$\"}}\nstore: {path: /tmp/x}\nroutes: []\n",
                              "f", env);
  REQUIRE(file.value);
  CHECK(file.value->broker.tls.server_name == "from file$");
}

TEST_CASE("no finding shows a secret, wherever it was put") {
  const std::string rest = "store: {path: /tmp/x}\nroutes: []\n";
  std::vector<std::string> files;
  for (const char* const uri :
       {"amqp://app:hunter2@:x/", "amqp://app:hunter2@h:99999/", "htp://app:hunter2@h/",
        "amqp://app:hunter2@h/a/b", "amqp://app:1/hunter2@h", "amqp://app:hunter2@h/?x",
        "amqp://app:1#hunter2@h/", "amqp://app:hun ter2@h/", "amqp://app:hunter2@@h/", "${PLAIN}://h/",
        "amqp://app:${PLAIN}@h:0/", "amqp://h/${PLAIN}?", "amqp://app:${PLAIN}@h:${DIGITS}/"})
    files.push_back(with_uri(uri));
  for (const char* const broker : {"heartbeat: \"${DIGITS}\"", "prefetch: \"${DIGITS}\"",
                                   "auth: \"${PLAIN}\"", "tls: {verify: \"${PLAIN}\"}"})
    files.push_back(std::string{"broker: {uris: [\"amqp://h/\"], "} + broker + "}\n" + rest);
  // An address where it does not belong.
  files.push_back("broker: {uris: [\"amqp://h/\"], \"amqp://app:hunter2@h/\": 1}\n" + rest);
  files.push_back(with_uri("amqp://h/") + "admin: {listen: \"${PLAIN}:80\"}\n");
  files.push_back(with_uri("amqp://h/") + "admin: {listen: \"amqp://app:hunter2@h:80\"}\n");
  files.push_back(with_uri("amqp://h/") +
                  "topology: {exchanges: [{name: e, type: \"\"}, {name: \"${PLAIN}\"}, "
                  "{name: \"${PLAIN}\"}]}\n");
  files.push_back(
      "broker: {uris: [\"amqp://h/\"]}\nstore: {path: /tmp/x}\nroutes: [{name: r, queue: \"${PLAIN}\", "
      "release: {queue: \"${PLAIN}\"}, dead_letter: \"${PLAIN}\", delay: {headers: [\"${PLAIN}\"], "
      "default: \"${PLAIN}\"}}]\n");
  for (const char* const url : {"http://app:hunter2@:x/", "ftp://app:hunter2@h/", "http://app:hunter2@h/api",
                                "http://app:1/hunter2@h/", "http://app:${PLAIN}@h:0/", "${PLAIN}://h/"})
    files.push_back(std::string{"broker: {uris: [\"amqp://h/\"], management: \""} + url + "\"}\n" + rest);
  for (const char* const url : {"ftp://app:hunter2@h/", "http://app:${PLAIN}@h:0/", "${PLAIN}://h/"})
    files.push_back(with_uri("amqp://h/") +
                    "dead_letters: [{name: d, queue: q, alert: {depth: 1, webhook: \"" + url + "\"}}]\n");
  for (const std::string& yaml : files) {
    INFO(yaml);
    const auto outcome = load_text(yaml, "f", env);
    CHECK_FALSE(outcome.value);
    CHECK_FALSE(outcome.findings.empty());
    for (const finding& each : outcome.findings) {
      INFO(to_string(each));
      CHECK(to_string(each).find("hunter2") == std::string::npos);
      CHECK(to_string(each).find("424242") == std::string::npos);
    }
  }
  const auto shown = load_text(files.at(13), "f", env); // what it is, though, is said
  REQUIRE(shown.findings.size() == 1);
  CHECK(to_string(shown.findings[0]) ==
        "f:1:42: heartbeat is not a duration; say the unit: ${DIGITS}s or ${DIGITS}ms");
}

TEST_CASE("of two secrets, one within the other, nothing stays behind") {
  CHECK(without_values("x-abcdef", {{"abcd", "${A}"}, {"abcdef", "${B}"}}) == "x-${B}");
  CHECK(without_values("abcd abcd", {{"abcd", "${abcd}"}}) == "${abcd} ${abcd}");
  CHECK(without_values("a word", {{"a", "${A}"}, {"", "${E}"}}) == "a word");
  CHECK(without_passwords("amqp://u:p@h amqps://v:q/@r@i http://h:80/ x") ==
        "amqp://u:***@h amqps://v:***@i http://h:80/ x");
}

TEST_CASE("a password in clear text is told from one that comes from elsewhere") {
  CHECK(holds_password("amqp://app:secret@h/"));
  CHECK(holds_password("amqp://app:secret@${HOST}/"));
  CHECK(holds_password("amqp://${USER}:secret@h/"));
  CHECK(holds_password("amqp://app:x${REST}@h/"));
  CHECK_FALSE(holds_password("amqp://app:${PASSWORD}@h/"));
  CHECK_FALSE(holds_password("amqp://app:${file:/run/secret}@h/"));
  CHECK_FALSE(holds_password("amqp://app@h:5672/"));
  CHECK_FALSE(holds_password("amqp://h:5672/"));
}

TEST_CASE("a password in a file that everybody may read is a warning at its place") {
  const folder temporary;
  const std::string file = temporary.write("open.yaml", with_uri("amqp://a:b@${HOST}/"), 0644);
  const auto open = load_file(file, env);
  REQUIRE(open.value);
  REQUIRE(open.findings.size() == 1);
  CHECK(open.findings[0].level == finding::severity::warning);
  CHECK(to_string(open.findings[0]) ==
        file +
            ":1:17: warning: a password stands in a file that everybody may read; "
            "chmod o-r " +
            file + ", or take it from ${RABBITMQ_PASSWORD} or ${file:/path}");
  const std::string urls = "broker: {uris: [\"amqp://h/\"], management: \"http://a:${PASSWORD}@h/\"}\n"
                           "store: {path: /tmp/x}\nroutes: []\ndead_letters: [{name: d, queue: q, alert: "
                           "{depth: 1, webhook: \"http://a:b@h/\"}}]\n";
  const auto webhook = load_file(temporary.write("webhook.yaml", urls, 0644), env);
  REQUIRE(webhook.findings.size() == 1);
  CHECK(webhook.findings[0].at.line == 4);
  CHECK(load_file(temporary.write("guest.yaml", with_uri("amqp://guest:guest@h/"), 0644), env)
            .findings.empty());
  ::chmod(file.c_str(), 0640);
  CHECK(load_file(file, env).findings.empty());
  CHECK(load_file(temporary.write("env.yaml", with_uri("amqp://a:${PASSWORD}@h/"), 0644), env)
            .findings.empty());
}

TEST_CASE("a file that cannot be read is a finding, not an exception") {
  const folder temporary;
  const auto folder_itself = load_file(temporary.path(), env);
  REQUIRE(folder_itself.findings.size() == 1);
  CHECK(to_string(folder_itself.findings[0]) ==
        temporary.path() +
            ": cannot read the file: Is a directory; name the YAML file, readable by this user");
  const auto missing = load_file(temporary.path() + "/none", env);
  REQUIRE(missing.findings.size() == 1);
  CHECK(missing.findings[0].what == "cannot read the file: No such file or directory");
  CHECK_FALSE(load_file("/dev/zero", env).value); // has no end
}
