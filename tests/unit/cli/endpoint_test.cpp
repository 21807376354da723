#include "cli/endpoint.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace postponed::cli;
using kind = endpoint::kind;

TEST_CASE("an address is http, https or a unix socket, and is written as it was meant") {
  CHECK(to_string(endpoint{}) == "http://127.0.0.1:9470");
  for (const char* const text :
       {"http://127.0.0.1:9470", "http://127.0.0.1", "127.0.0.1:9470", "http://127.0.0.1:9470/"})
    CHECK(to_string(endpoint_from_text(text)) == "http://127.0.0.1:9470");
  CHECK(to_string(endpoint_from_text("https://postponed.example:9471")) == "https://postponed.example:9471");
  CHECK(endpoint_from_text("https://postponed.example").by == kind::tls);
  CHECK(endpoint_from_text("http://[::1]:9470").host == "::1");
  CHECK(to_string(endpoint_from_text("http://[::1]:9470")) == "http://[::1]:9470");
  for (const char* const text : {"unix:/run/postponed/admin.sock", "unix:///run/postponed/admin.sock"}) {
    CHECK(endpoint_from_text(text).by == kind::unix_socket);
    CHECK(to_string(endpoint_from_text(text)) == "unix:/run/postponed/admin.sock");
  }
}

TEST_CASE("what is no address is refused in words, with what would be one") {
  for (const char* const text :
       {"", "ftp://h", "http://", "http://user:pass@h", "http://h/path", "http://h?x=1",
        "unix:", "unix:relative", "http://h:0", "http://h:99999", "http://h:port"}) {
    INFO(text);
    try {
      endpoint_from_text(text);
      FAIL("it was taken");
    } catch (const failure& why) {
      CHECK(why.exit_code() == bad_usage);
      CHECK_THAT(why.what(), Catch::Contains("http://127.0.0.1:9470"));
    }
  }
}

TEST_CASE("the token file's first line counts before POSTPONED_TOKEN") {
  const auto file =
      std::filesystem::temp_directory_path() / ("postponed-token-" + std::to_string(::getpid()));
  std::ofstream{file} << "out of the file\r\nsecond line\n";
  endpoint_options given;
  CHECK(token_from(given).empty());
  given.token = "of the environment";
  CHECK(token_from(given) == "of the environment");
  given.token_file = file;
  CHECK(token_from(given) == "out of the file");
  std::filesystem::remove(file);
  CHECK_THROWS_AS(token_from(given), failure);
}
