#include "script/library.h"

#include <algorithm>

#include "base/text.h"

namespace tusk::script {

base::Status CheckLibraryName(std::string_view name) {
  const bool valid = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (valid) return base::Status::Ok();
  return base::Status::Invalid(
      "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long");
}

base::Result<LibraryHeader> ParseLibraryHeader(std::string_view code) {
  auto invalid = [](std::string text) { return base::Error(base::Status::Invalid("ERR " + text)); };
  if (!code.starts_with("#!")) return invalid("Missing library metadata");
  LibraryHeader header;
  header.code_offset = code.find('\n');
  if (header.code_offset == code.npos) return invalid("Invalid library metadata");
  const auto words = base::SplitQuotedLine(code.substr(0, header.code_offset));
  if (!words || words->empty()) return invalid("Invalid library metadata");
  header.engine = code.substr(2, words->front().size() - 2);
  constexpr std::string_view kNameOption = "name=";
  bool named = false;
  for (size_t i = 1; i < words->size(); ++i) {
    const std::string& word = (*words)[i];
    if (!word.starts_with(kNameOption)) return invalid("Invalid metadata value given: " + word);
    if (named) return invalid("Invalid metadata value, name argument was given multiple times");
    named = true;
    header.name = word.substr(kNameOption.size());
  }
  if (!named) return invalid("Library name was not given");
  RETURN_IF_ERROR(CheckLibraryName(header.name));
  if (!base::EqualsIgnoreCase(header.engine, "lua")) {
    return invalid("Engine '" + std::string(header.engine) + "' not found");
  }
  return header;
}

void Library::SetFunctions(std::vector<FunctionSpec> specs) {
  functions_.clear();
  for (FunctionSpec& spec : specs) {
    const size_t index = functions_.size();
    functions_.push_back(std::make_unique<Function>(std::move(spec), index));
  }
}

size_t Library::memory_bytes() const noexcept {
  size_t bytes = sizeof(*this) + name_.capacity() + code_.capacity();
  for (const auto& function : functions_) {
    bytes += sizeof(Function) + function->name().size();
    if (function->description()) bytes += function->description()->size();
  }
  return bytes;
}

}  // namespace tusk::script
