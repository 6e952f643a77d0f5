#include "miniredis/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/numbers.h"
#include "base/text.h"
#include "miniredis/errors.h"
#include "miniredis/frame.h"
#include "resp/mini_frame.h"
#include "types/json_reader.h"
#include "types/utf8.h"

namespace tusk::miniredis {
namespace {

using command::Argv;
using resp::MiniToken;
using resp::MiniType;
using types::DocumentKind;
using types::DocumentView;

// What bytes.split() takes for blanks.
constexpr std::string_view kBlanks = " \t\n\v\f\r";
// What a batch may leave behind in the pool: requests, and words of each.
constexpr size_t kRequestsKeptMax = 64;
constexpr size_t kWordsKeptMax = 64;

// As Python shows bytes: b'GET'.
std::string ReprOfBytes(std::string_view bytes) {
  const char quote = bytes.find('\'') != std::string_view::npos && bytes.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out = fmt::format("b{}", quote);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out.append({'\\', c});
    } else if (c == '\t' || c == '\n' || c == '\r') {
      out.append(c == '\t' ? "\\t" : c == '\n' ? "\\n" : "\\r");
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + quote;
}

std::string_view NextWord(std::string_view& line) noexcept {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

// Of a request that is well formed as the port's reader sees it.
MiniToken TakeToken(std::string_view& in) noexcept {
  base::Result<std::optional<MiniToken>> token = resp::TakeMiniToken(in, INT64_MAX / 2);
  DCHECK(token && *token);
  return token && *token ? **token : MiniToken{};
}

// Browsers that were made to talk to us: what follows must not be run.
bool IsHttp(std::string_view word) noexcept {
  return base::EqualsIgnoreCase(word, "post") || base::EqualsIgnoreCase(word, "host:");
}

}  // namespace

void RequestTranslator::Reset() noexcept {
  used_ = 0;
  kept_.clear();
  if (words_.size() > kRequestsKeptMax) words_.resize(kRequestsKeptMax);
  for (Words& words : words_) {
    if (words.capacity() > kWordsKeptMax) [[unlikely]] words = {};
  }
}

RequestTranslator::Words& RequestTranslator::NewWords() {
  if (used_ == words_.size()) words_.emplace_back();
  Words& words = words_[used_++];
  words.clear();
  return words;
}

std::string_view RequestTranslator::Keep(std::string text) { return kept_.emplace_back(std::move(text)); }

Argv RequestTranslator::Refuse(std::string error, bool close) {
  Words& words = NewWords();
  words.assign({"MINI", "REFUSE", Keep(std::move(error)), close ? "1" : "0"});
  return words;
}

Argv RequestTranslator::Malformed(std::string_view what) { return Refuse(std::string(kMalformed).append(what), true); }

Argv RequestTranslator::Translate(std::string_view request) {
  std::string_view in = request;
  const MiniToken token = TakeToken(in);
  switch (token.type) {
    case MiniType::kLine:
    case MiniType::kSimple:
    case MiniType::kBytes: return TranslateLine(token.text, false);
    case MiniType::kText:
      if (!types::IsUtf8(token.text)) return Malformed("invalid UTF-8");
      return TranslateLine(token.text, true);
    case MiniType::kJson: return TranslateJson(token.text);
    case MiniType::kArray: break;
    default: return Refuse(std::string(kWrongRequest));
  }
  if (token.count <= 0) return Refuse(std::string(kUnhandled));
  const MiniToken name = TakeToken(in);
  const std::string upper = base::ToUpper(name.text);
  switch (name.type) {
    case MiniType::kLine:
    case MiniType::kSimple:
    case MiniType::kBytes: return Arrange(upper, in, static_cast<size_t>(token.count - 1));
    case MiniType::kText: return Refuse(std::string(kUnknownCommand) + upper);
    default: return Refuse(std::string(kNoName));
  }
}

Argv RequestTranslator::TranslateLine(std::string_view line, bool is_text) {
  const std::string name = base::ToUpper(NextWord(line));
  if (name.empty()) return Refuse(std::string(kUnhandled));
  // The names of the table are bytes, and texts are none.
  if (is_text) return Refuse(std::string(kUnknownCommand) + name);
  if (IsHttp(name)) return Refuse(std::string(kHttp), true);
  std::string frames;
  size_t count = 0;
  for (std::string_view word = NextWord(line); !word.empty(); word = NextWord(line), ++count) {
    frames += fmt::format("${}\r\n{}\r\n", word.size(), word);
  }
  return Arrange(name, Keep(std::move(frames)), count);
}

// Its texts are no bytes, so there is no command that it could name.
Argv RequestTranslator::TranslateJson(std::string_view json) {
  base::Result<types::Document> document = types::DocumentFromJson(json);
  if (!document) return Malformed("invalid JSON");
  const DocumentView request = document->view();
  if (request.kind() == DocumentKind::kText) return TranslateLine(request.text(), true);
  if (request.kind() != DocumentKind::kArray) return Refuse(std::string(kWrongRequest));
  if (request.size() == 0) return Refuse(std::string(kUnhandled));
  const DocumentView name = request.At(0);
  if (name.kind() != DocumentKind::kText) return Refuse(std::string(kNoName));
  return Refuse(std::string(kUnknownCommand) + base::ToUpper(name.text()));
}

Argv RequestTranslator::Arrange(std::string_view name, std::string_view frames, size_t count) {
  const Verb* verb = FindVerb(name);
  if (!verb) return Refuse(std::string(kUnknownCommand) + ReprOfBytes(name));
  if (count < verb->args_min || (verb->args_max != kAnyCount && count > verb->args_max)) return Refuse(std::string(kUnhandled));
  Words& words = NewWords();
  words.assign({"MINI", verb->name, ""});
  KeyKind kind = KeyKind::kBytes;
  bool fits = true;
  error_ = {kUnhandled, false};
  size_t keys = 0;
  switch (verb->shape) {
    case Shape::kNone: break;
    case Shape::kKey: keys = 1; break;
    case Shape::kKeys: keys = count; break;
    case Shape::kSchedule: words.push_back(kScheduleKey); break;
    case Shape::kDict:
      // A dict alone; else keys and values in turns, as the first miniature of this protocol had it.
      if (count == 1) {
        fits = TakeDict(frames, words, kind);
        count = 0;
      } else {
        fits = count % 2 == 0;
        for (; fits && count > 0; count -= 2) {
          fits = TakeKey(frames, words, kind);
          if (fits) TakeFrame(frames, words);
        }
      }
      break;
    case Shape::kDictThen: {
      std::string_view behind = frames;
      SkipValue(behind);
      TakeFrame(behind, words);
      fits = TakeDict(frames, words, kind);
      count = 0;
      break;
    }
  }
  for (size_t i = 0; fits && i < keys; ++i) fits = TakeKey(frames, words, kind);
  if (!fits) return error_.is_malformed ? Malformed(error_.text) : Refuse(std::string(error_.text));
  for (size_t i = keys; i < count; ++i) TakeFrame(frames, words);
  DCHECK(frames.empty() || verb->shape == Shape::kDictThen);
  DCHECK(words.size() >= kFirstArg);
  words[kKindArg] = kind == KeyKind::kText ? "t" : "b";
  return words;
}

void RequestTranslator::TakeFrame(std::string_view& in, Words& words) {
  const std::string_view before = in;
  SkipValue(in);
  words.push_back(before.substr(0, before.size() - in.size()));
}

// A number is its digits. A request with a key that is text counts as one of text keys.
bool RequestTranslator::TakeKey(std::string_view& in, Words& words, KeyKind& kind) {
  const MiniToken token = TakeToken(in);
  switch (token.type) {
    case MiniType::kText:
      if (!types::IsUtf8(token.text)) return error_ = {"invalid UTF-8", true}, false;
      kind = KeyKind::kText;
      break;
    case MiniType::kLine:
    case MiniType::kSimple:
    case MiniType::kBytes: break;
    case MiniType::kNumber:
      if (!base::ParseInt64(token.text)) return false;
      break;
    default: return false;
  }
  words.push_back(token.text);
  return true;
}

bool RequestTranslator::TakeDict(std::string_view& in, Words& words, KeyKind& kind) {
  std::string_view rest = in;
  const MiniToken token = TakeToken(rest);
  if (token.type == MiniType::kDict) {
    in = rest;
    for (int64_t i = 0; i < token.count; i += 2) {
      if (!TakeKey(in, words, kind)) return false;
      TakeFrame(in, words);
    }
    return true;
  }
  if (token.type != MiniType::kJson) return false;
  in = rest;
  base::Result<types::Document> document = types::DocumentFromJson(token.text);
  if (!document) return error_ = {"invalid JSON", true}, false;
  if (document->kind() != DocumentKind::kMap) return false;
  const DocumentView dict = document->view();
  for (types::DocumentCursor at(dict); at.Next();) {
    words.push_back(Keep(std::string(at.key().text())));
    words.push_back(Keep(ExactFrameOf(at.value())));
    kind = KeyKind::kText;
  }
  return true;
}

}  // namespace tusk::miniredis
