#include "types/field_deadlines.h"

#include <cstring>

#include "base/memory.h"

namespace tusk::types {

FieldDeadlines::Node* FieldDeadlines::Node::New(std::string_view field) {
  size_t bytes = sizeof(Node) + NodeLength::Bytes(field.size()) + field.size();
  auto* node = static_cast<Node*>(base::Allocate(bytes));
  node->position = 0;
  char* at = NodeLength::Write(reinterpret_cast<char*>(node + 1), field.size());
  if (!field.empty()) std::memcpy(at, field.data(), field.size());
  return node;
}

void FieldDeadlines::Node::Free(Node* node) noexcept { base::Free(node); }

std::string_view FieldDeadlines::Node::field() const noexcept {
  size_t length;
  const char* at = NodeLength::Read(reinterpret_cast<const char*>(this + 1), &length);
  return {at, length};
}

FieldDeadlines::Node* FieldDeadlines::Find(std::string_view field) const noexcept {
  return nodes_.Find(base::KeyHash(field), [field](const Node* node) { return node->field() == field; });
}

void FieldDeadlines::CopyFrom(const FieldDeadlines& other) {
  DCHECK(empty());
  other.ForEach([this](std::string_view field, int64_t deadline_ms) { Set(field, deadline_ms); });
}

std::optional<int64_t> FieldDeadlines::Get(std::string_view field) const noexcept {
  Node* node = Find(field);
  if (!node) return std::nullopt;
  return heap_.deadline_ms(node);
}

void FieldDeadlines::Set(std::string_view field, int64_t deadline_ms) {
  if (Node* node = Find(field)) return heap_.Change(node, deadline_ms);
  Node* node = Node::New(field);
  nodes_.Insert(base::KeyHash(field), node);
  heap_.Insert(node, deadline_ms);
  DCHECK(nodes_.size() == heap_.size());
}

bool FieldDeadlines::Remove(std::string_view field) noexcept {
  Node* node = nodes_.Erase(base::KeyHash(field), [field](const Node* other) { return other->field() == field; });
  if (!node) return false;
  heap_.Remove(node);
  Node::Free(node);
  DCHECK(nodes_.size() == heap_.size());
  return true;
}

void FieldDeadlines::Clear() noexcept {
  heap_.Clear();
  nodes_.Clear(&Node::Free);
}

size_t FieldDeadlines::MemoryBytes() const noexcept {
  size_t bytes = sizeof *this + nodes_.MemoryBytes() + heap_.MemoryBytes();
  for (size_t i = 0; i < heap_.size(); ++i) bytes += base::AllocatedSize(heap_.at(i));
  return bytes;
}

}  // namespace tusk::types
