#include "configuration.hpp"

namespace postponed {

std::optional<config::settings> configuration::read_again(std::vector<config::finding>& findings) const {
  config::load_outcome read = config::load_file(file_, config::process_environment());
  findings = std::move(read.findings);
  if (!read.value) return std::nullopt;
  if (read.value->store.path != now_.store.path) {
    config::finding fixed;
    fixed.file = file_;
    fixed.what = "store.path would change from " + now_.store.path + " to " + read.value->store.path +
                 ", which a running daemon cannot do: what it holds is in the first";
    fixed.fix = "put it back, or stop the daemon, move the file and start again";
    findings.push_back(std::move(fixed));
    return std::nullopt;
  }
  return std::move(read.value);
}

} // namespace postponed
