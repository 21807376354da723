#include "support/process.hpp"

#include "support/eventually.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

extern char** environ;

namespace postponed::test {

namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& each : texts)
    result.push_back(each.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& additions) {
  std::vector<std::string> result;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string entry = *each;
    if (!additions.contains(entry.substr(0, entry.find('=')))) result.push_back(entry);
  }
  for (const auto& [name, value] : additions)
    result.push_back(name + "=" + value);
  return result;
}

// Between fork and exec only what is safe after a fork of a program with threads: no allocation, no locks.
[[noreturn]] void become(char** command, char** environment, const char* output, const char* directory,
                         int end_signal, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, end_signal);
  if (::getppid() != parent) ::_exit(126); // it ended before prctl
  const int null = ::open("/dev/null", O_RDWR);
  const int out = *output != '\0' ? ::open(output, O_WRONLY | O_CREAT | O_APPEND, 0644) : null;
  ::dup2(null, 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  if (*directory != '\0' && ::chdir(directory) != 0) ::_exit(126);
  ::execvpe(command[0], command, environment);
  ::_exit(127);
}

} // namespace

process::process(const std::vector<std::string>& command, options chosen) : patience_(chosen.patience) {
  std::vector<std::string> words = command;
  std::vector<std::string> variables = merged_environment(chosen.environment);
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(variables);
  const std::string output = chosen.output.string();
  const std::string directory = chosen.directory.string();
  const pid_t parent = ::getpid();
  id_ = ::fork();
  if (id_ < 0) throw std::system_error(errno, std::system_category(), "fork");
  if (id_ == 0)
    become(const_cast<char**>(argv.data()), const_cast<char**>(envp.data()), output.c_str(),
           directory.c_str(), chosen.end_signal, parent);
}

process::~process() {
  if (running() && patience_.count() > 0) {
    signal(SIGTERM);
    wait(patience_);
  }
  signal(SIGKILL);
  reap(0);
}

std::optional<int> process::reap(int flags) {
  if (ended_) return ended_;
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(id_, &status, flags);
  } while (got < 0 && errno == EINTR);
  if (got == id_) ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended_;
}

bool process::running() {
  return !reap(WNOHANG);
}

void process::signal(int number) {
  // Until it is reaped the id cannot belong to another process.
  if (running()) ::kill(id_, number);
}

std::optional<int> process::wait(std::chrono::milliseconds deadline) {
  eventually([this] { return !running(); }, deadline);
  return ended_;
}

} // namespace postponed::test
