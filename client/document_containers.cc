// The maps and sets of tusk::Document.
#include <algorithm>
#include <utility>

#include "client/document_index.h"
#include "tusk/document.h"

namespace tusk {
namespace {

auto HashesOf(const std::vector<DocumentMember>& members) {
  return [&members](size_t place) { return HashOfKey(members[place].key()); };
}
auto HashesOf(const std::vector<Document>& members) {
  return [&members](size_t place) { return HashOfKey(members[place]); };
}

// Appends, with a place in the index; nothing has changed when memory is out.
template <typename Member>
void Add(std::vector<Member>& members, std::unique_ptr<DocumentIndex>& index, Member member) {
  members.push_back(std::move(member));
  try {
    DocumentIndex::Added(index, members.size(), HashesOf(members));
  } catch (...) {
    members.pop_back();
    throw;
  }
}

// An index is a help: without memory for it, look-ups go on without.
template <typename Member>
void Drop(std::vector<Member>& members, std::unique_ptr<DocumentIndex>& index, size_t place) noexcept {
  members.erase(members.begin() + static_cast<ptrdiff_t>(place));
  try {
    DocumentIndex::Rebuild(index, members.size(), HashesOf(members));
  } catch (const std::bad_alloc&) {
    index.reset();
  }
}

}  // namespace

// ---- Maps ----

DocumentMap::DocumentMap() noexcept = default;
DocumentMap::DocumentMap(DocumentMap&& other) noexcept : members_(std::move(other.members_)), index_(std::move(other.index_)) {
  other.members_.clear();
}
DocumentMap::~DocumentMap() = default;

DocumentMap::DocumentMap(const DocumentMap& other) : members_(other.members_) {
  DocumentIndex::Rebuild(index_, size(), HashesOf(members_));
}

DocumentMap::DocumentMap(std::initializer_list<std::pair<Document, Document>> pairs) {
  members_.reserve(pairs.size());
  for (const auto& [key, value] : pairs) insert_or_assign(key, value);
}

DocumentMap& DocumentMap::operator=(DocumentMap other) noexcept {
  members_.swap(other.members_);
  index_.swap(other.index_);
  return *this;
}

size_t DocumentMap::PlaceOf(std::string_view name) const noexcept {
  return DocumentIndex::Find(index_.get(), size(), HashOfName(name), [&](size_t place) {
    const auto* text = members_[place].key().get_if<std::string>();
    return text && *text == name;
  });
}

size_t DocumentMap::PlaceOfKey(const Document& key) const noexcept {
  return DocumentIndex::Find(index_.get(), size(), HashOfKey(key), [&](size_t place) { return members_[place].key() == key; });
}

const Document& DocumentMap::at(std::string_view name) const {
  const const_iterator found = find(name);
  if (found == end()) throw NotFoundError("no such key: " + std::string(name));
  return found->value();
}

Document& DocumentMap::operator[](std::string_view name) {
  if (const size_t place = PlaceOf(name); place < size()) return members_[place].value();
  Add(members_, index_, DocumentMember(Document(name), nullptr));
  return members_.back().value();
}

bool DocumentMap::insert_or_assign(Document key, Document value) {
  if (key.is_container()) ThrowContainerKey();
  if (const size_t place = PlaceOfKey(key); place < size()) {
    members_[place].value() = std::move(value);
    return false;
  }
  Add(members_, index_, DocumentMember(std::move(key), std::move(value)));
  return true;
}

bool DocumentMap::erase(std::string_view name) noexcept {
  const size_t place = PlaceOf(name);
  if (place == size()) return false;
  EraseAt(place);
  return true;
}

void DocumentMap::EraseAt(size_t place) noexcept { Drop(members_, index_, place); }

void DocumentMap::clear() noexcept {
  members_.clear();
  index_.reset();
}

bool operator==(const DocumentMap& a, const DocumentMap& b) noexcept {
  if (a.size() != b.size()) return false;
  return std::ranges::all_of(a.members_, [&b](const DocumentMember& member) {
    const size_t place = b.PlaceOfKey(member.key());
    return place < b.size() && b.members_[place].value() == member.value();
  });
}

// ---- Sets ----

DocumentSet::DocumentSet() noexcept = default;
DocumentSet::DocumentSet(DocumentSet&& other) noexcept : members_(std::move(other.members_)), index_(std::move(other.index_)) {
  other.members_.clear();
}
DocumentSet::~DocumentSet() = default;

DocumentSet::DocumentSet(const DocumentSet& other) : members_(other.members_) {
  DocumentIndex::Rebuild(index_, size(), HashesOf(members_));
}

DocumentSet::DocumentSet(std::initializer_list<Document> members) {
  members_.reserve(members.size());
  for (const Document& member : members) insert(member);
}

DocumentSet& DocumentSet::operator=(DocumentSet other) noexcept {
  members_.swap(other.members_);
  index_.swap(other.index_);
  return *this;
}

size_t DocumentSet::PlaceOf(const Document& member) const noexcept {
  return DocumentIndex::Find(index_.get(), size(), HashOfKey(member), [&](size_t place) { return members_[place] == member; });
}

bool DocumentSet::contains(const Document& member) const noexcept { return PlaceOf(member) < size(); }

bool DocumentSet::insert(Document member) {
  if (member.is_container()) ThrowContainerKey();
  if (contains(member)) return false;
  Add(members_, index_, std::move(member));
  return true;
}

bool DocumentSet::erase(const Document& member) noexcept {
  const size_t place = PlaceOf(member);
  if (place == size()) return false;
  Drop(members_, index_, place);
  return true;
}

void DocumentSet::clear() noexcept {
  members_.clear();
  index_.reset();
}

bool operator==(const DocumentSet& a, const DocumentSet& b) noexcept {
  return a.size() == b.size() && std::ranges::all_of(a.members_, [&b](const Document& member) { return b.contains(member); });
}

}  // namespace tusk
