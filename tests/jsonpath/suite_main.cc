// Runs a JSONPath compliance suite (a JSON file of {"tests": [{"name", "selector", "document", "result" or "results", or
// "invalid_selector"}]}) against types::JsonPath and says what fails:  tusk-jsonpath-suite cts.json [exceptions.txt]
//
// exceptions.txt: "name: reason" a line, of cases that are known to fail. A case that newly fails or newly passes ends the
// run with 1. Threads: one. Owns: nothing.
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "types/json_path.h"
#include "types/json_reader.h"
#include "types/json_writer.h"

namespace {

using tusk::types::Document;
using tusk::types::DocumentCursor;
using tusk::types::DocumentView;

std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::map<std::string, std::string> ReadExceptions(const char* path) {
  std::map<std::string, std::string> exceptions;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.rfind(": ");
    if (!line.starts_with('#') && colon != std::string::npos) exceptions[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return exceptions;
}

// Empty: it passes; else what is wrong. `as_legacy`: the text is no JSONPath here, but a legacy path, which the RFC knows not.
std::string Judge(const DocumentView& test, bool& as_legacy) {
  const std::string selector(test.FindName("selector")->text());
  auto path = tusk::types::JsonPath::Parse(selector);
  if (test.FindName("invalid_selector")) {
    as_legacy = path && path->is_legacy();
    if (!path || as_legacy) return "";
    return "is accepted";
  }
  if (!path) return "is refused: " + path.error().message();
  auto matches = path->Select(*test.FindName("document"), false);
  if (!matches) return matches.error().message();
  Document selected = Document::Array();
  for (const auto& match : *matches) selected.Append(Document::CopyOf(match.value));
  if (auto result = test.FindName("result")) {
    if (selected.view() == *result) return "";
  } else if (auto results = test.FindName("results")) {
    for (DocumentCursor at(*results); at.Next();) {
      if (selected.view() == at.value()) return "";
    }
  }
  return "gives " + tusk::types::JsonOf(selected.view());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: tusk-jsonpath-suite cts.json [exceptions.txt]\n");
    return 2;
  }
  auto suite = tusk::types::DocumentFromJson(ReadFile(argv[1]));
  if (!suite || !suite->view().FindName("tests")) {
    fmt::print(stderr, "{}: no suite: {}\n", argv[1], suite ? "it has no tests" : suite.error().message());
    return 2;
  }
  const std::map<std::string, std::string> exceptions = argc > 2 ? ReadExceptions(argv[2]) : std::map<std::string, std::string>();
  int passed = 0, legacy = 0, excepted = 0, surprises = 0;
  for (DocumentCursor at(*suite->view().FindName("tests")); at.Next();) {
    const std::string name(at.value().FindName("name")->text());
    bool as_legacy = false;
    const std::string wrong = Judge(at.value(), as_legacy);
    legacy += as_legacy;
    const bool is_excepted = exceptions.contains(name);
    passed += wrong.empty();
    excepted += !wrong.empty() && is_excepted;
    if (wrong.empty() != is_excepted) continue;
    ++surprises;
    fmt::print("{}: {} {}\n", name, at.value().FindName("selector")->text(), wrong.empty() ? "passes, but is listed as an exception" : wrong);
  }
  fmt::print("JSONPath compliance: {} passed (of which {} are invalid as JSONPath and taken as legacy paths), {} excepted, {} surprises\n",
             passed, legacy, excepted, surprises);
  return surprises == 0 ? 0 : 1;
}
