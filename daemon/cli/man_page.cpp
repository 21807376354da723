// The man page, out of the grammar: man(7) macros.
#include "cli/grammar.hpp"
#include "cli/grammar_walk.hpp"

#include <fmt/format.h>

#include <sstream>

namespace postponed::cli {

namespace {

// Text that roff takes for nothing else.
std::string plain(std::string_view text) {
  std::string to;
  for (const char c : text) {
    if (c == '\\')
      to += "\\e";
    else if (c == '-')
      to += "\\-";
    else if ((c == '.' || c == '\'') && (to.empty() || to.back() == '\n'))
      to += std::string{"\\&"} + c;
    else
      to += c;
  }
  return to;
}

// Lines that stay lines.
std::string lines(const std::string& text) {
  std::string to = ".nf\n";
  std::istringstream all{text};
  for (std::string line; std::getline(all, line);)
    to += (line.empty() ? ".sp" : plain(line)) + "\n";
  return to + ".fi\n";
}

std::string option_line(const CLI::Option& option) {
  std::string to;
  for (const std::string& each : names_of(option))
    to += (to.empty() ? "" : ", ") + fmt::format("\\fB{}\\fR", plain(each));
  if (takes_value(option)) to += fmt::format(" \\fI{}\\fR", plain(option.get_type_name()));
  return to;
}

std::string about(const CLI::Option& option) {
  std::string to = plain(option.get_description());
  if (!option.get_default_str().empty()) to += fmt::format(" [{}]", plain(option.get_default_str()));
  if (!option.get_envname().empty()) to += fmt::format(" ({})", plain(option.get_envname()));
  return to;
}

std::string synopsis(const command_path& of) {
  std::string to = fmt::format("\\fB{}\\fR", plain(of.path));
  if (!options_of(*of.app).empty()) to += " [\\fIoptions\\fR]";
  for (const CLI::Option* const each : arguments_of(*of.app)) {
    const bool many = each->get_expected_max() > 1;
    const std::string name = fmt::format("\\fI{}\\fR{}", plain(each->get_type_name()), many ? ".." : "");
    to += " " + (each->get_required() ? name : "[" + name + "]");
  }
  return to;
}

std::string command_text(const command_path& of) {
  std::string to = fmt::format(".SS \"{}\"\n{}\n.PP\n{}\n", plain(of.path), synopsis(of),
                               plain(of.app->get_description()));
  for (const CLI::Option* const each : arguments_of(*of.app))
    to += fmt::format(".TP\n\\fI{}\\fR\n{}\n", plain(each->get_type_name()), about(*each));
  for (const CLI::Option* const each : options_of(*of.app))
    to += fmt::format(".TP\n{}\n{}\n", option_line(*each), about(*each));
  if (const std::string& footer = of.app->get_footer(); !footer.empty()) to += ".PP\n" + lines(footer);
  return to;
}

} // namespace

std::string man_page(const CLI::App& app) {
  std::string to =
      ".TH POSTPONED 1\n.SH NAME\npostponed \\- delayed messages, retries and dead letters for "
      "RabbitMQ\n.SH SYNOPSIS\n\\fBpostponed\\fR \\fIcommand\\fR [\\fIoptions\\fR]\n.SH DESCRIPTION\n";
  to += plain(app.get_description()) + "\n.PP\n";
  to += lines(app.get_footer());
  to += ".SH OPTIONS\n";
  for (const CLI::Option* const each : options_of(app))
    to += fmt::format(".TP\n{}\n{}\n", option_line(*each), about(*each));
  to += ".SH COMMANDS\n";
  for (const command_path& each : commands_of(app))
    if (each.app != &app) to += command_text(each);
  to += ".SH ENVIRONMENT\n"
        ".TP\n\\fBPOSTPONED_ADMIN\\fR\nWhere the daemon is, as \\-\\-admin.\n"
        ".TP\n\\fBPOSTPONED_TOKEN\\fR\nThe token, where \\-\\-token\\-file is not given.\n"
        ".TP\n\\fBNO_COLOR\\fR\nNot empty: no colours.\n"
        ".SH SEE ALSO\n\\fBrabbitmqctl\\fR(8)\n";
  return to;
}

} // namespace postponed::cli
