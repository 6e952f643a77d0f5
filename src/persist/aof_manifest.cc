#include "persist/aof_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/numbers.h"
#include "base/text.h"

namespace tusk::persist {
namespace {

constexpr std::string_view kBadFormat = "Invalid AOF manifest file format";

bool NeedsQuotes(std::string_view name) {
  return std::ranges::any_of(name, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte >= 0x7f || c == '"' || c == '\'' || c == '\\';
  });
}

std::string Line(const AofFile& file, char type) {
  return fmt::format("file {} seq {} type {}\n", NeedsQuotes(file.name) ? base::QuoteText(file.name) : file.name, file.sequence,
                     type);
}

}  // namespace

base::Result<AofManifest> AofManifest::Parse(std::string_view text) {
  if (text.empty()) return base::Error(base::Status::Invalid("Found an empty AOF manifest"));
  AofManifest manifest;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (std::min(end, text.size()) >= kLineBytesMax) {
      return base::Error(base::Status::Invalid("The AOF manifest file contains too long line"));
    }
    if (end == std::string_view::npos) {
      return base::Error(base::Status::Invalid("The last line of the AOF manifest file has no end"));
    }
    RETURN_IF_ERROR(manifest.ParseLine(text.substr(0, end)));
    text.remove_prefix(end + 1);
  }
  return manifest;
}

base::Status AofManifest::ParseLine(std::string_view line) {
  if (line.starts_with('#')) return {};
  const std::optional<std::vector<std::string>> words = base::SplitQuotedLine(line);
  constexpr size_t kWordsMin = 6;
  if (!words || words->size() < kWordsMin || words->size() % 2 != 0) return base::Status::Invalid(kBadFormat);
  AofFile file;
  char type = 0;
  for (size_t i = 0; i < words->size(); i += 2) {
    const std::string& value = (*words)[i + 1];
    if (base::EqualsIgnoreCase((*words)[i], "file")) {
      // A path would lead out of the directory.
      if (value.find('/') != std::string::npos) return base::Status::Invalid("File can't be a path, just a filename");
      file.name = value;
    } else if (base::EqualsIgnoreCase((*words)[i], "seq")) {
      const std::optional<int64_t> sequence = base::ParseInt64(value);
      if (!sequence || *sequence <= 0) return base::Status::Invalid(kBadFormat);
      file.sequence = static_cast<uint64_t>(*sequence);
    } else if (base::EqualsIgnoreCase((*words)[i], "type")) {
      type = value.empty() ? '\0' : value[0];
    }
  }
  if (file.name.empty() || file.sequence == 0 || type == 0) return base::Status::Invalid(kBadFormat);
  switch (type) {
    case 'b':
      if (base_) return base::Status::Invalid("Found duplicate base file information");
      base_sequence_ = file.sequence;
      base_ = std::move(file);
      return {};
    case 'h': history_.push_back(std::move(file)); return {};
    case 'i':
      if (file.sequence <= increment_sequence_) return base::Status::Invalid("Found a non-monotonic sequence number");
      increment_sequence_ = file.sequence;
      increments_.push_back(std::move(file));
      return {};
    default: return base::Status::Invalid("Unknown AOF file type");
  }
}

std::string AofManifest::Format() const {
  std::string text;
  if (base_) text += Line(*base_, 'b');
  for (const AofFile& file : history_) text += Line(file, 'h');
  for (const AofFile& file : increments_) text += Line(file, 'i');
  return text;
}

const AofFile& AofManifest::AddBase(std::string_view stem, bool rdb) {
  if (base_) history_.insert(history_.begin(), *std::move(base_));
  ++base_sequence_;
  base_ = AofFile{fmt::format("{}.{}.base.{}", stem, base_sequence_, rdb ? "rdb" : "aof"), base_sequence_};
  return *base_;
}

void AofManifest::SetBase(AofFile base) {
  DCHECK(!base_);
  base_sequence_ = base.sequence;
  base_ = std::move(base);
}

const AofFile& AofManifest::AddIncrement(std::string_view stem) {
  ++increment_sequence_;
  DCHECK(increments_.empty() || increments_.back().sequence < increment_sequence_);
  increments_.push_back({fmt::format("{}.{}.incr.aof", stem, increment_sequence_), increment_sequence_});
  return increments_.back();
}

void AofManifest::RetireIncrements(size_t kept) {
  DCHECK(kept <= increments_.size());
  const auto first_kept = increments_.end() - static_cast<ptrdiff_t>(kept);
  for (auto file = increments_.begin(); file != first_kept; ++file) history_.insert(history_.begin(), std::move(*file));
  increments_.erase(increments_.begin(), first_kept);
}

}  // namespace tusk::persist
