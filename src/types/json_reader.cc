#include "types/json_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace tusk::types {
namespace {

using base::Status;
namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

class JsonReader {
 public:
  JsonReader(size_t depth_max, DocumentPacker& out) noexcept : depth_max_(depth_max), out_(out) {}

  // `Any` is an ondemand::document or ondemand::value, which have the same methods.
  template <typename Any>
  bool Value(Any& any, size_t depth) {
    ondemand::json_type type{};
    if (Failed(any.type().get(type))) return false;
    switch (type) {
      case ondemand::json_type::array: return Array(any, depth);
      case ondemand::json_type::object: return Object(any, depth);
      case ondemand::json_type::number: return Number(any);
      case ondemand::json_type::string: {
        std::string_view text;
        if (Failed(any.get_string().get(text))) return false;
        out_.Text(text);
        return true;
      }
      case ondemand::json_type::boolean: {
        bool value = false;
        if (Failed(any.get_bool().get(value))) return false;
        out_.Bool(value);
        return true;
      }
      case ondemand::json_type::null: {
        bool is_null = false;
        if (Failed(any.is_null().get(is_null))) return false;
        if (!is_null) return Fail("expected ident");
        out_.Null();
        return true;
      }
    }
    return Fail("expected value");
  }

  // The only element of the array that a scalar was wrapped in.
  bool Scalar(ondemand::document& wrapped) {
    ondemand::array array;
    if (Failed(wrapped.get_array().get(array))) return false;
    size_t count = 0;
    for (auto item : array) {
      ondemand::value value;
      if (count++ > 0) return Fail("trailing characters");
      if (Failed(item.get(value)) || !Value(value, 0)) return false;
    }
    return count > 0 || Fail("EOF while parsing a value");
  }

  bool Fail(std::string_view what) {
    if (what_.empty()) what_ = what;
    return false;
  }
  bool Failed(error_code error) {
    if (error == simdjson::SUCCESS) return false;
    switch (error) {
      case simdjson::UTF8_ERROR: return !Fail("invalid UTF-8");
      case simdjson::STRING_ERROR: return !Fail("invalid escape");
      case simdjson::UNESCAPED_CHARS: return !Fail("control character found while parsing a string");
      case simdjson::UNCLOSED_STRING: return !Fail("EOF while parsing a string");
      case simdjson::EMPTY: return !Fail("EOF while parsing a value");
      case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return !Fail("EOF while parsing a value");
      case simdjson::NUMBER_ERROR: return !Fail("invalid number");
      case simdjson::TRAILING_CONTENT: return !Fail("trailing characters");
      case simdjson::MEMALLOC:
      case simdjson::CAPACITY: return !Fail("text too large");
      default: return !Fail("expected value");
    }
  }
  const std::string& what() const noexcept { return what_; }
  bool too_deep() const noexcept { return too_deep_; }

 private:
  bool Enter(size_t depth) {
    if (depth < depth_max_) return true;
    too_deep_ = true;
    return Fail("recursion limit exceeded");
  }

  template <typename Any>
  bool Array(Any& any, size_t depth) {
    ondemand::array array;
    if (!Enter(depth) || Failed(any.get_array().get(array))) return false;
    const DocumentPacker::Mark mark = out_.Begin(DocumentKind::kArray);
    size_t count = 0;
    for (auto item : array) {
      ondemand::value value;
      if (Failed(item.get(value)) || !Value(value, depth + 1)) return false;
      ++count;
    }
    out_.End(mark, count);
    return true;
  }

  template <typename Any>
  bool Object(Any& any, size_t depth) {
    ondemand::object object;
    if (!Enter(depth) || Failed(any.get_object().get(object))) return false;
    const DocumentPacker::Mark mark = out_.Begin(DocumentKind::kMap);
    size_t count = 0;
    for (auto item : object) {
      ondemand::field field;
      std::string_view key;
      if (Failed(std::move(item).get(field)) || Failed(field.unescaped_key().get(key))) return false;
      out_.Text(key);
      ondemand::value value = field.value();
      if (!Value(value, depth + 1)) return false;
      ++count;
    }
    out_.End(mark, count);
    return true;
  }

  template <typename Any>
  bool Number(Any& any) {
    std::string_view token;
    if (Failed(simdjson::simdjson_result<std::string_view>(any.raw_json_token()).get(token))) return false;
    token = token.substr(0, token.find_first_of(" \t\r\n"));
    ondemand::number number;
    if (error_code error = any.get_number().get(number); error != simdjson::SUCCESS) return BigInteger(token, error);
    switch (number.get_number_type()) {
      case ondemand::number_type::signed_integer:
        if (number.get_int64() == 0 && token[0] == '-') {
          out_.Double(-0.0);
        } else {
          out_.Integer(number.get_int64());
        }
        return true;
      case ondemand::number_type::unsigned_integer: {
        const uint64_t value = number.get_uint64();
        value <= INT64_MAX ? out_.Integer(static_cast<int64_t>(value)) : out_.Double(static_cast<double>(value));
        return true;
      }
      case ondemand::number_type::floating_point_number: return Double(token);
    }
    return Fail("invalid number");
  }

  // What does not fit 64 bits is refused by the parser; as digits alone it is a number still.
  bool BigInteger(std::string_view token, error_code error) {
    const std::string_view digits = token.substr(token.starts_with('-'));
    const bool is_integer = !digits.empty() && digits[0] != '0' &&
                            std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_integer) {
      const bool is_large = error == simdjson::NUMBER_ERROR && token.find_first_of("eE") != std::string_view::npos;
      return is_large ? Fail("number out of range") : !Failed(error);
    }
    return Double(token);
  }

  // The parser has checked the grammar; its own value is wrong for more than 18 digits (release 3.0.1).
  bool Double(std::string_view token) {
    double value = 0;
    auto [end, code] = std::from_chars(token.data(), token.data() + token.size(), value);
    if (code != std::errc() || end != token.data() + token.size() || std::isinf(value)) return Fail("number out of range");
    out_.Double(value);
    return true;
  }

  const size_t depth_max_;
  DocumentPacker& out_;
  std::string what_;
  bool too_deep_ = false;
};

// The common case: the parser that the library picks for this machine builds its tape, which is walked. It refuses some of what
// is to be taken (integers beyond 64 bits) and says too little of what is wrong, so JsonReader has the last word on all that fails here.
class TapeReader {
 public:
  TapeReader(size_t depth_max, DocumentPacker& out) noexcept : depth_max_(depth_max), out_(out) {}

  // False: `out` is to be taken back.
  bool Value(const simdjson::dom::element& element, size_t depth) {
    using simdjson::dom::element_type;
    switch (element.type()) {
      case element_type::ARRAY: {
        if (depth >= depth_max_) return false;
        const simdjson::dom::array array(element.get_array().value_unsafe());
        const DocumentPacker::Mark mark = out_.Begin(DocumentKind::kArray);
        size_t count = 0;
        for (const simdjson::dom::element item : array) {
          if (!Value(item, depth + 1)) return false;
          ++count;
        }
        out_.End(mark, count);
        return true;
      }
      case element_type::OBJECT: {
        if (depth >= depth_max_) return false;
        const simdjson::dom::object object(element.get_object().value_unsafe());
        const DocumentPacker::Mark mark = out_.Begin(DocumentKind::kMap);
        size_t count = 0;
        for (const simdjson::dom::key_value_pair pair : object) {
          out_.Text(pair.key);
          if (!Value(pair.value, depth + 1)) return false;
          ++count;
        }
        out_.End(mark, count);
        return true;
      }
      case element_type::INT64: out_.Integer(element.get_int64().value_unsafe()); return true;
      case element_type::UINT64: out_.Double(static_cast<double>(element.get_uint64().value_unsafe())); return true;
      case element_type::DOUBLE: out_.Double(element.get_double().value_unsafe()); return true;
      case element_type::STRING: out_.Text(element.get_string().value_unsafe()); return true;
      case element_type::BOOL: out_.Bool(element.get_bool().value_unsafe()); return true;
      case element_type::NULL_VALUE: out_.Null(); return true;
    }
    return false;
  }

 private:
  const size_t depth_max_;
  DocumentPacker& out_;
};

// "-0" as an integer, whose sign the tape loses: nothing but blanks and structure stands beside it. Within a text that does no harm, but the
// slow reader takes six times as long, so that names like "A-001" must not call for it.
bool MayHaveNegativeZero(std::string_view text) noexcept {
  constexpr std::string_view kBefore = "[,: \t\r\n", kBehind = ",]} \t\r\n";
  for (size_t at = text.find("-0"); at != std::string_view::npos; at = text.find("-0", at + 2)) {
    const bool begins = at == 0 || kBefore.contains(text[at - 1]);
    if (begins && (at + 2 == text.size() || kBehind.contains(text[at + 2]))) return true;
  }
  return false;
}

bool ReadTape(std::string_view text, const simdjson::padded_string& padded, size_t depth_max, DocumentPacker& out) {
  if (MayHaveNegativeZero(text)) return false;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  // One level more than is taken, so that what is too deep is judged by one rule only.
  if (parser.allocate(padded.size(), depth_max + 2) != simdjson::SUCCESS || parser.parse(padded).get(root) != simdjson::SUCCESS) return false;
  const size_t before = out.bytes().size();
  if (TapeReader(depth_max, out).Value(root, 0)) return true;
  out.Truncate(before);
  return false;
}

std::string Located(const std::string& what, size_t offset, std::string_view text) {
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const size_t line = 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("{} at line {} column {}", what, line, offset - line_start + 1);
}

}  // namespace

Status ReadJson(std::string_view text, size_t depth_max, DocumentPacker& out) {
  const size_t before = out.bytes().size();
  const size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_container = first != std::string_view::npos && (text[first] == '[' || text[first] == '{');
  // The parser is lax with a scalar that stands alone (release 3.0.1), so that is read as an array's only element.
  const std::string wrapped = is_container ? std::string() : "[" + std::string(text) + "]";
  out.Reserve(text.size());
  const simdjson::padded_string padded(is_container ? text : std::string_view(wrapped));
  if (is_container && ReadTape(text, padded, depth_max, out)) return {};
  ondemand::parser parser;
  ondemand::document document;
  JsonReader reader(depth_max, out);
  const char* at = nullptr;
  bool read = !reader.Failed(parser.iterate(padded).get(document));
  if (read) read = is_container ? reader.Value(document, 0) : reader.Scalar(document);
  if (read && document.current_location().get(at) == simdjson::SUCCESS) read = reader.Fail("trailing characters");
  if (read) return {};
  if (document.is_alive() && document.current_location().get(at) != simdjson::SUCCESS) at = nullptr;
  out.Truncate(before);
  const size_t offset = at ? static_cast<size_t>(at - padded.data()) - !is_container : text.size();
  return {reader.too_deep() ? base::Code::kExhausted : base::Code::kInvalid, Located(reader.what(), offset, text)};
}

base::Result<Document> DocumentFromJson(std::string_view text, size_t depth_max) {
  DocumentPacker packer;
  RETURN_IF_ERROR(ReadJson(text, depth_max, packer));
  return Document::CopyOf(packer.view());
}

}  // namespace tusk::types
