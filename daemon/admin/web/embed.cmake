# Writes OUTPUT, the C++ source behind admin/web_files.hpp, out of FILES (paths, separated by |).
#   cmake -DOUTPUT=.. -DFILES=.. -P embed.cmake
string(REPLACE "|" ";" files "${FILES}")
set(named)
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME)
  # The licence of what is not ours goes with it, under a name of its own.
  if(name STREQUAL LICENSE)
    set(name uPlot.LICENSE)
  endif()
  list(APPEND named "${name}|${file}")
endforeach()
list(SORT named)

set(arrays)
set(table)
set(number 0)
foreach(each IN LISTS named)
  string(REPLACE "|" ";" each "${each}")
  list(GET each 0 name)
  list(GET each 1 file)
  file(READ ${file} bytes HEX)
  file(SHA256 ${file} hash)
  string(SUBSTRING ${hash} 0 32 tag)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "constexpr unsigned char file_${number}[] = {\n${bytes}};\n")
  string(APPEND table "    web_file{\"${name}\", text_of(file_${number}), \"${tag}\"},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
// Written by daemon/admin/web/embed.cmake; change the files there.
#include "admin/web_files.hpp"

#include <cstddef>

namespace postponed::admin {

namespace {

@arrays@
template <std::size_t N>
std::string_view text_of(const unsigned char (&bytes)[N]) {
  return {reinterpret_cast<const char*>(bytes), N};
}

} // namespace

std::span<const web_file> web_files() {
  static const web_file files[] = {
@table@  };
  return files;
}

} // namespace postponed::admin
]])
