# The page of the admin endpoint, in the binary: its files in this folder, and uPlot, which draws its charts, from npm in
# the version that package-lock.json pins. Included by the CMakeLists.txt of admin, whose folder is the current one.
find_program(NPM npm REQUIRED)
set(uplot ${CMAKE_CURRENT_BINARY_DIR}/npm/node_modules/uplot)
set(uplot_files ${uplot}/dist/uPlot.iife.min.js ${uplot}/dist/uPlot.min.css ${uplot}/LICENSE)
add_custom_command(OUTPUT ${uplot_files}
  COMMAND ${CMAKE_COMMAND} -E copy web/package.json web/package-lock.json ${CMAKE_CURRENT_BINARY_DIR}/npm
  COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --prefix ${CMAKE_CURRENT_BINARY_DIR}/npm
  COMMAND ${CMAKE_COMMAND} -E touch ${uplot_files}
  DEPENDS web/package.json web/package-lock.json
  WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
  COMMENT "uPlot from npm" VERBATIM)
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/npm)

file(GLOB web_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/web/*.html ${CMAKE_CURRENT_SOURCE_DIR}/web/*.css
  ${CMAKE_CURRENT_SOURCE_DIR}/web/*.js ${CMAKE_CURRENT_SOURCE_DIR}/web/*.svg)
list(APPEND web_files ${uplot_files} ${CMAKE_CURRENT_SOURCE_DIR}/openapi.yaml)
string(REPLACE ";" "|" web_file_list "${web_files}")
add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/web_files.cpp
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/web_files.cpp -DFILES=${web_file_list}
          -P ${CMAKE_CURRENT_SOURCE_DIR}/web/embed.cmake
  DEPENDS ${web_files} web/embed.cmake
  COMMENT "the page, as C++" VERBATIM)

target_sources(postponed_admin PRIVATE web_pages.cpp ${CMAKE_CURRENT_BINARY_DIR}/web_files.cpp)
