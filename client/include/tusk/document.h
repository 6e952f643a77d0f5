// tusk::Document: a nested value, as a Tusk server stores it under one key: null, bool, integer, double, text, bytes, error, array,
// map, set. It reads and writes JSON text, and RESP as it goes over the wire, both as the server does.
//
//   tusk::Document doc = tusk::Document::Map{{"name", "Ada"}, {"visits", tusk::Document::Array{1, 2.5, nullptr}}};
//   doc["visits"][2] = true;
//   doc["tags"].push_back("new");                      // What is not there yet, or null, becomes what is asked of it.
//   std::string text = doc.to_json();                  // {"name":"Ada","visits":[1,2.5,true],"tags":["new"]}
//   tusk::Document same = tusk::Document::from_json(text);
//   std::string request = tusk::Document(tusk::Document::Array{"SET", "key", doc}).to_resp();
//
// Errors: exceptions, see tusk/error.h; what throws leaves everything as it was. Cost: element access O(1) (maps and sets: expected), the
// rest O(values) unless said otherwise. Copying, comparing and destroying recurse, a stack frame or two per level.
// Threads: as std containers: any number may read, one alone may write. Owns: everything it holds; references and iterators are
// invalidated as those of a std::vector.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tusk/api.h"
#include "tusk/error.h"

namespace tusk {

class Document;
class DocumentMap;
class DocumentMember;
class DocumentSet;
class DocumentIndex;

TUSK_API bool operator==(const Document& a, const Document& b) noexcept;
TUSK_API std::weak_ordering operator<=>(const Document& a, const Document& b);
TUSK_API bool operator==(const DocumentMap& a, const DocumentMap& b) noexcept;
TUSK_API bool operator==(const DocumentSet& a, const DocumentSet& b) noexcept;

// The pairs of a map in the order in which their keys came. Keys are scalars and differ from each other: 1 and 1.0 are one key, a text
// and equal bytes are two.
class TUSK_API DocumentMap {
 public:
  using value_type = DocumentMember;
  using iterator = std::vector<DocumentMember>::iterator;
  using const_iterator = std::vector<DocumentMember>::const_iterator;

  DocumentMap() noexcept;
  // Of equal keys the last value counts, at the place of the first.
  DocumentMap(std::initializer_list<std::pair<Document, Document>> pairs);
  DocumentMap(const DocumentMap& other);
  DocumentMap(DocumentMap&& other) noexcept;
  DocumentMap& operator=(DocumentMap other) noexcept;
  ~DocumentMap();

  size_t size() const noexcept;
  bool empty() const noexcept;
  // for (auto& [key, value] : map): the key is const.
  iterator begin() noexcept;
  iterator end() noexcept;
  const_iterator begin() const noexcept;
  const_iterator end() const noexcept;

  // A name is a text. Any other key is given as a Document: map.find(Document(7)).
  iterator find(std::string_view name) noexcept;
  const_iterator find(std::string_view name) const noexcept;
  template <std::same_as<Document> Key>
  iterator find(const Key& key) noexcept;
  template <std::same_as<Document> Key>
  const_iterator find(const Key& key) const noexcept;
  bool contains(const auto& key) const noexcept { return find(key) != end(); }
  // NotFoundError.
  const Document& at(std::string_view name) const;
  // A key that is not there comes with null. EncodingError, or KindError for a key that is a container.
  Document& operator[](std::string_view name);
  template <std::same_as<Document> Key>
  Document& operator[](const Key& key);
  // True: the key is new.
  bool insert_or_assign(Document key, Document value);
  // O(pairs behind it, plus all pairs of a large map). True: there was one.
  bool erase(std::string_view name) noexcept;
  template <std::same_as<Document> Key>
  bool erase(const Key& key) noexcept;
  void clear() noexcept;

  // Whatever the order of the pairs.
  friend bool operator==(const DocumentMap& a, const DocumentMap& b) noexcept;

 private:
  size_t PlaceOf(std::string_view name) const noexcept;
  size_t PlaceOfKey(const Document& key) const noexcept;
  void EraseAt(size_t place) noexcept;

  std::vector<DocumentMember> members_;
  std::unique_ptr<DocumentIndex> index_;  // Of large maps.
};

// The members of a set in the order in which they came. They are scalars and differ from each other as the keys of a map do.
class TUSK_API DocumentSet {
 public:
  using value_type = Document;
  using const_iterator = std::vector<Document>::const_iterator;
  using iterator = const_iterator;

  DocumentSet() noexcept;
  DocumentSet(std::initializer_list<Document> members);
  DocumentSet(const DocumentSet& other);
  DocumentSet(DocumentSet&& other) noexcept;
  DocumentSet& operator=(DocumentSet other) noexcept;
  ~DocumentSet();

  size_t size() const noexcept;
  bool empty() const noexcept;
  const_iterator begin() const noexcept;
  const_iterator end() const noexcept;
  bool contains(const Document& member) const noexcept;
  // True: it is new. KindError for a container.
  bool insert(Document member);
  // O(members behind it, plus all members of a large set). True: it was there.
  bool erase(const Document& member) noexcept;
  void clear() noexcept;
  friend bool operator==(const DocumentSet& a, const DocumentSet& b) noexcept;

 private:
  size_t PlaceOf(const Document& member) const noexcept;

  std::vector<Document> members_;
  std::unique_ptr<DocumentIndex> index_;
};

// What std::integral takes for integers, too.
template <typename T>
concept DocumentCharacter = std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> || std::same_as<T, char16_t> ||
                            std::same_as<T, char32_t>;

class TUSK_API Document {
 public:
  enum class Kind : uint8_t { kNull, kBool, kInteger, kDouble, kText, kBytes, kError, kArray, kMap, kSet };

  using Array = std::vector<Document>;
  using Map = DocumentMap;
  using Set = DocumentSet;
  // Any bytes, where text is UTF-8. On the wire both look alike: what is UTF-8 is read back as text.
  struct Bytes {
    std::string bytes;
    friend bool operator==(const Bytes&, const Bytes&) = default;
  };
  // An error that is a value, or the error that a server answers: "ERR syntax error".
  struct Failure {
    std::string text;
    friend bool operator==(const Failure&, const Failure&) = default;
  };
  using Value = std::variant<std::nullptr_t, bool, int64_t, double, std::string, Bytes, Failure, Array, Map, Set>;

  // Levels of containers that are read and written where nothing else is said; as many as a server takes at its default settings.
  static constexpr size_t kDepthMax = 128;
  struct JsonLayout {
    std::string_view indent{};   // Before each item, once per level.
    std::string_view newline{};  // After '[', '{', ',' and before ']', '}'.
    std::string_view space{};    // After ':'.
  };

  Document() noexcept = default;  // Null.
  Document(const Document&) = default;
  Document(Document&&) noexcept = default;
  // By value, so that `doc = doc["a"]` may take a part of itself.
  Document& operator=(Document other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  ~Document() = default;
  Document(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor): this and those below, for initialisers.
  template <std::same_as<bool> T>
  Document(T value) noexcept : value_(value) {}
  // What lies above the range of int64_t becomes a double, as it does in a server.
  template <std::integral T>
    requires(!std::same_as<T, bool> && !DocumentCharacter<T>)
  Document(T value) noexcept {
    if (std::in_range<int64_t>(value)) {
      value_ = static_cast<int64_t>(value);
    } else {
      value_ = static_cast<double>(value);
    }
  }
  template <std::floating_point T>
  Document(T value) noexcept : value_(static_cast<double>(value)) {}
  // EncodingError when it is no UTF-8: such bytes are Document::Bytes.
  Document(std::string text);
  Document(std::string_view text) : Document(std::string(text)) {}
  Document(const char* text) : Document(std::string(text)) {}
  Document(Bytes bytes) noexcept : value_(std::move(bytes)) {}
  Document(Failure failure) noexcept : value_(std::move(failure)) {}
  Document(Array array) noexcept : value_(std::move(array)) {}
  Document(Map map) noexcept : value_(std::move(map)) {}
  Document(Set set) noexcept : value_(std::move(set)) {}

  Kind kind() const noexcept { return static_cast<Kind>(value_.index()); }
  // "null", "bool", ... as errors name it.
  std::string_view kind_name() const noexcept;
  bool is_null() const noexcept { return kind() == Kind::kNull; }
  bool is_number() const noexcept { return kind() == Kind::kInteger || kind() == Kind::kDouble; }
  bool is_container() const noexcept { return kind() >= Kind::kArray; }

  // ---- Scalars. KindError when it is something else. ----
  bool as_bool() const;
  int64_t as_int64() const;
  // Of either kind of number; of a large integer the nearest double.
  double as_double() const;
  const std::string& as_text() const;
  const std::string& as_bytes() const;
  const std::string& as_error() const;
  // Null when it is something else. T is one of Value's alternatives.
  template <typename T>
  const T* get_if() const noexcept {
    return std::get_if<T>(&value_);
  }

  // ---- Containers. KindError when it is something else. ----
  const Array& as_array() const;
  Array& as_array();
  const Map& as_map() const;
  Map& as_map();
  const Set& as_set() const;
  Set& as_set();
  // Elements of a container, bytes of a text, 0 of others.
  size_t size() const noexcept;
  bool empty() const noexcept { return size() == 0; }
  // An array's element. NotFoundError.
  const Document& operator[](size_t index) const;
  Document& operator[](size_t index);
  // A map's value. NotFoundError; where it may change: a new key comes with null, and null becomes a map.
  const Document& operator[](std::string_view name) const;
  Document& operator[](std::string_view name);
  // Null when it is no map, or has no such key.
  const Document* find(std::string_view name) const noexcept;
  // Adds to an array; null becomes one.
  void push_back(Document element);

  // visitor(const T&) for the alternative of Value that this is.
  template <typename Visitor>
  decltype(auto) visit(Visitor&& visitor) const {
    return std::visit(std::forward<Visitor>(visitor), value_);
  }
  // Levels of containers: 0 for a scalar, 1 for an empty array.
  size_t depth() const noexcept;

  // ---- JSON text ----
  // Integers beyond 64 bits become doubles; of equal names the last value counts. SyntaxError, DepthError.
  static Document from_json(std::string_view text, size_t depth_max = kDepthMax);
  // Numbers in the shortest form that reads back the same. What JSON has not: bytes are text, or a data URL in base64 where they are no UTF-8;
  // an error is its text; a set is an array; infinities and NaN are null; a key that is no text is its JSON as a text. DepthError.
  std::string to_json(size_t depth_max = kDepthMax) const;
  std::string to_json(const JsonLayout& layout, size_t depth_max = kDepthMax) const;

  // ---- RESP ----
  // The whole of `frame` as one RESP2 or RESP3 value: what a server answers, or what goes into a request. SyntaxError, DepthError.
  static Document from_resp(std::string_view frame, size_t depth_max = kDepthMax);
  // Takes one value off the front of `input`; nullopt, and nothing taken, when it goes on behind the end. Each call begins at the front, so
  // read much before each. Pushes and attributes are refused. SyntaxError, DepthError.
  static std::optional<Document> take_resp(std::string_view& input, size_t depth_max = kDepthMax);
  // As RESP3. An array of texts is a request; other kinds in it make a typed one. DepthError.
  std::string to_resp(size_t depth_max = kDepthMax) const;

  // Numbers are equal by value, NaN to itself; maps and sets whatever their order; a text never to bytes.
  friend bool operator==(const Document& a, const Document& b) noexcept;
  // An order over all values, for sorting and std::map: by kind (both kinds of number are one), then by value; NaN is the largest number;
  // maps and sets by size, then by their sorted keys. O(values * log values).
  friend std::weak_ordering operator<=>(const Document& a, const Document& b);

 private:
  Value value_;
};

// One pair of a map.
class DocumentMember {
 public:
  DocumentMember(Document key, Document value) noexcept : key_(std::move(key)), value_(std::move(value)) {}
  const Document& key() const noexcept { return key_; }
  const Document& value() const noexcept { return value_; }
  Document& value() noexcept { return value_; }

  template <size_t I>
  const Document& get() const noexcept {
    if constexpr (I == 0) return key_;
    if constexpr (I == 1) return value_;
  }
  template <size_t I>
  auto& get() noexcept {
    if constexpr (I == 0) return std::as_const(key_);
    if constexpr (I == 1) return value_;
  }

 private:
  Document key_;
  Document value_;
};

inline size_t DocumentMap::size() const noexcept { return members_.size(); }
inline bool DocumentMap::empty() const noexcept { return members_.empty(); }
inline DocumentMap::iterator DocumentMap::begin() noexcept { return members_.begin(); }
inline DocumentMap::iterator DocumentMap::end() noexcept { return members_.end(); }
inline DocumentMap::const_iterator DocumentMap::begin() const noexcept { return members_.begin(); }
inline DocumentMap::const_iterator DocumentMap::end() const noexcept { return members_.end(); }
inline DocumentMap::iterator DocumentMap::find(std::string_view name) noexcept { return begin() + static_cast<ptrdiff_t>(PlaceOf(name)); }
inline DocumentMap::const_iterator DocumentMap::find(std::string_view name) const noexcept {
  return begin() + static_cast<ptrdiff_t>(PlaceOf(name));
}
template <std::same_as<Document> Key>
DocumentMap::iterator DocumentMap::find(const Key& key) noexcept {
  return begin() + static_cast<ptrdiff_t>(PlaceOfKey(key));
}
template <std::same_as<Document> Key>
DocumentMap::const_iterator DocumentMap::find(const Key& key) const noexcept {
  return begin() + static_cast<ptrdiff_t>(PlaceOfKey(key));
}
template <std::same_as<Document> Key>
Document& DocumentMap::operator[](const Key& key) {
  if (size_t place = PlaceOfKey(key); place < size()) return members_[place].value();
  insert_or_assign(key, nullptr);
  return members_.back().value();
}
template <std::same_as<Document> Key>
bool DocumentMap::erase(const Key& key) noexcept {
  const size_t place = PlaceOfKey(key);
  if (place == size()) return false;
  EraseAt(place);
  return true;
}

inline size_t DocumentSet::size() const noexcept { return members_.size(); }
inline bool DocumentSet::empty() const noexcept { return members_.empty(); }
inline DocumentSet::const_iterator DocumentSet::begin() const noexcept { return members_.begin(); }
inline DocumentSet::const_iterator DocumentSet::end() const noexcept { return members_.end(); }

}  // namespace tusk

template <>
struct std::tuple_size<tusk::DocumentMember> : std::integral_constant<size_t, 2> {};
template <size_t I>
struct std::tuple_element<I, tusk::DocumentMember> {
  using type = std::conditional_t<I == 0, const tusk::Document, tusk::Document>;
};
