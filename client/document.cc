#include "tusk/document.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "base/hash.h"
#include "client/document_index.h"
#include "types/utf8.h"

namespace tusk {
namespace {

using Kind = Document::Kind;

static_assert(std::variant_size_v<Document::Value> == static_cast<size_t>(Kind::kSet) + 1);

[[noreturn]] void ThrowKind(std::string_view wanted, const Document& found) {
  throw KindError(std::string(wanted) + " wanted, the value is " + std::string(found.kind_name()));
}

[[noreturn]] void ThrowIndex(size_t index, size_t size) {
  throw NotFoundError("no element " + std::to_string(index) + " in an array of " + std::to_string(size));
}

// Of a number that is one. Compared as doubles, different integers would be equal.
std::optional<int64_t> IntegerOf(const Document& number) noexcept {
  if (const auto* integer = number.get_if<int64_t>()) return *integer;
  const double value = *number.get_if<double>();
  constexpr double kLimit = 9223372036854775808.0;
  if (!(value >= -kLimit && value < kLimit) || std::trunc(value) != value) return {};
  return static_cast<int64_t>(value);
}

bool EqualNumbers(const Document& a, const Document& b) noexcept {
  const std::optional<int64_t> left = IntegerOf(a), right = IntegerOf(b);
  if (left || right) return left == right;
  const double x = *a.get_if<double>(), y = *b.get_if<double>();
  return x == y || (std::isnan(x) && std::isnan(y));
}

std::weak_ordering CompareDoubles(double a, double b) noexcept {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) <=> std::isnan(b);
  return a < b ? std::weak_ordering::less : a > b ? std::weak_ordering::greater : std::weak_ordering::equivalent;
}

std::weak_ordering CompareNumbers(const Document& a, const Document& b) noexcept {
  const std::optional<int64_t> left = IntegerOf(a), right = IntegerOf(b);
  if (left && right) return *left <=> *right;
  if (!left && !right) return CompareDoubles(*a.get_if<double>(), *b.get_if<double>());
  if (!left) return 0 <=> CompareNumbers(b, a);
  // A double that is no integer lies strictly between two, or beyond all.
  const double y = *b.get_if<double>();
  constexpr double kLimit = 9223372036854775808.0;
  if (std::isnan(y) || y >= kLimit) return std::weak_ordering::less;
  if (y < -kLimit) return std::weak_ordering::greater;
  return *left <= static_cast<int64_t>(std::floor(y)) ? std::weak_ordering::less : std::weak_ordering::greater;
}

// The kinds' order; both numbers are one.
int RankOf(Kind kind) noexcept { return kind == Kind::kDouble ? static_cast<int>(Kind::kInteger) : static_cast<int>(kind); }

template <typename Member, typename Container>
std::vector<const Member*> Sorted(const Container& container) {
  std::vector<const Member*> sorted;
  sorted.reserve(container.size());
  for (const Member& member : container) sorted.push_back(&member);
  std::ranges::sort(sorted, [](const Member* a, const Member* b) {
    if constexpr (std::is_same_v<Member, Document>) {
      return *a < *b;
    } else {
      return a->key() < b->key();
    }
  });
  return sorted;
}

std::weak_ordering CompareSets(const Document::Set& a, const Document::Set& b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  const auto left = Sorted<Document>(a), right = Sorted<Document>(b);
  for (size_t i = 0; i < left.size(); ++i) {
    if (auto order = *left[i] <=> *right[i]; order != 0) return order;
  }
  return std::weak_ordering::equivalent;
}

std::weak_ordering CompareMaps(const Document::Map& a, const Document::Map& b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  const auto left = Sorted<DocumentMember>(a), right = Sorted<DocumentMember>(b);
  for (size_t i = 0; i < left.size(); ++i) {
    if (auto order = left[i]->key() <=> right[i]->key(); order != 0) return order;
  }
  for (size_t i = 0; i < left.size(); ++i) {
    if (auto order = left[i]->value() <=> right[i]->value(); order != 0) return order;
  }
  return std::weak_ordering::equivalent;
}

}  // namespace

Document::Document(std::string text) {
  if (!types::IsUtf8(text)) throw EncodingError("a text that is no UTF-8; bytes are a Document::Bytes");
  value_ = std::move(text);
}

std::string_view Document::kind_name() const noexcept {
  constexpr std::string_view kNames[] = {"null", "bool", "integer", "double", "text", "bytes", "error", "array", "map", "set"};
  static_assert(std::size(kNames) == std::variant_size_v<Value>);
  return kNames[value_.index()];
}

// ---- Access ----

bool Document::as_bool() const {
  if (const auto* value = get_if<bool>()) return *value;
  ThrowKind("bool", *this);
}
int64_t Document::as_int64() const {
  if (const auto* value = get_if<int64_t>()) return *value;
  ThrowKind("integer", *this);
}
double Document::as_double() const {
  if (const auto* value = get_if<double>()) return *value;
  if (const auto* value = get_if<int64_t>()) return static_cast<double>(*value);
  ThrowKind("number", *this);
}
const std::string& Document::as_text() const {
  if (const auto* value = get_if<std::string>()) return *value;
  ThrowKind("text", *this);
}
const std::string& Document::as_bytes() const {
  if (const auto* value = get_if<Bytes>()) return value->bytes;
  ThrowKind("bytes", *this);
}
const std::string& Document::as_error() const {
  if (const auto* value = get_if<Failure>()) return value->text;
  ThrowKind("error", *this);
}
const Document::Array& Document::as_array() const {
  if (const auto* value = get_if<Array>()) return *value;
  ThrowKind("array", *this);
}
const Document::Map& Document::as_map() const {
  if (const auto* value = get_if<Map>()) return *value;
  ThrowKind("map", *this);
}
const Document::Set& Document::as_set() const {
  if (const auto* value = get_if<Set>()) return *value;
  ThrowKind("set", *this);
}
Document::Array& Document::as_array() { return const_cast<Array&>(std::as_const(*this).as_array()); }
Document::Map& Document::as_map() { return const_cast<Map&>(std::as_const(*this).as_map()); }
Document::Set& Document::as_set() { return const_cast<Set&>(std::as_const(*this).as_set()); }

size_t Document::size() const noexcept {
  switch (kind()) {
    case Kind::kText: return get_if<std::string>()->size();
    case Kind::kBytes: return get_if<Bytes>()->bytes.size();
    case Kind::kError: return get_if<Failure>()->text.size();
    case Kind::kArray: return get_if<Array>()->size();
    case Kind::kMap: return get_if<Map>()->size();
    case Kind::kSet: return get_if<Set>()->size();
    default: return 0;
  }
}

const Document& Document::operator[](size_t index) const {
  const Array& array = as_array();
  if (index >= array.size()) ThrowIndex(index, array.size());
  return array[index];
}
Document& Document::operator[](size_t index) { return const_cast<Document&>(std::as_const(*this)[index]); }

const Document& Document::operator[](std::string_view name) const { return as_map().at(name); }

Document& Document::operator[](std::string_view name) {
  if (!is_null()) return as_map()[name];
  Map map;
  map.insert_or_assign(Document(name), nullptr);
  value_ = std::move(map);
  return std::get<Map>(value_).begin()->value();
}

const Document* Document::find(std::string_view name) const noexcept {
  const auto* map = get_if<Map>();
  if (!map) return nullptr;
  const auto found = map->find(name);
  return found == map->end() ? nullptr : &found->value();
}

void Document::push_back(Document element) {
  if (is_null()) value_ = Array();
  as_array().push_back(std::move(element));
}

size_t Document::depth() const noexcept {
  size_t deepest = 0;
  if (const auto* array = get_if<Array>()) {
    for (const Document& element : *array) deepest = std::max(deepest, element.depth());
  } else if (const auto* map = get_if<Map>()) {
    for (const DocumentMember& member : *map) deepest = std::max(deepest, member.value().depth());
  }
  return is_container() ? deepest + 1 : 0;
}

// ---- Comparison. Equal here is what is equal in a server (types/document_view.cc); document_test.cc compares both. ----

bool operator==(const Document& a, const Document& b) noexcept {
  if (a.is_number() && b.is_number()) return EqualNumbers(a, b);
  if (a.kind() != b.kind()) return false;
  return a.visit([&b](const auto& value) { return value == *b.get_if<std::remove_cvref_t<decltype(value)>>(); });
}

std::weak_ordering operator<=>(const Document& a, const Document& b) {
  if (RankOf(a.kind()) != RankOf(b.kind())) return RankOf(a.kind()) <=> RankOf(b.kind());
  switch (a.kind()) {
    case Kind::kNull: return std::weak_ordering::equivalent;
    case Kind::kBool: return a.as_bool() <=> b.as_bool();
    case Kind::kInteger:
    case Kind::kDouble: return CompareNumbers(a, b);
    case Kind::kText: return a.as_text() <=> b.as_text();
    case Kind::kBytes: return a.as_bytes() <=> b.as_bytes();
    case Kind::kError: return a.as_error() <=> b.as_error();
    case Kind::kArray: return a.as_array() <=> b.as_array();
    case Kind::kMap: return CompareMaps(a.as_map(), b.as_map());
    case Kind::kSet: return CompareSets(a.as_set(), b.as_set());
  }
  return std::weak_ordering::equivalent;
}

// ---- Keys ----

uint64_t HashOfName(std::string_view name) noexcept { return base::KeyHash(name); }

uint64_t HashOfKey(const Document& key) noexcept {
  const auto kind = static_cast<uint64_t>(key.kind());
  switch (key.kind()) {
    case Kind::kText: return HashOfName(*key.get_if<std::string>());
    case Kind::kBytes: return base::KeyHash(key.get_if<Document::Bytes>()->bytes) + kind;
    case Kind::kError: return base::KeyHash(key.get_if<Document::Failure>()->text) + kind;
    default: break;
  }
  uint64_t words[2] = {kind, key.size()};
  if (const auto* truth = key.get_if<bool>()) words[1] = *truth;
  if (key.is_number()) {
    // By value, so that both kinds agree.
    const std::optional<int64_t> integer = IntegerOf(key);
    words[0] = integer ? 0x100 : 0x101;
    words[1] = integer ? static_cast<uint64_t>(*integer) : std::bit_cast<uint64_t>(*key.get_if<double>());
    if (!integer && std::isnan(*key.get_if<double>())) words[1] = 0;
  }
  return base::KeyHash({reinterpret_cast<const char*>(words), sizeof(words)});
}

void ThrowContainerKey() { throw KindError("keys of maps and members of sets are scalars"); }

}  // namespace tusk
