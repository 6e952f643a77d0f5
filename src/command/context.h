// Context: what a command handler sees: its arguments, the keys it declared (locked for it), the reply, and the means to
// record effects. One handler call, one context.
//
//   void CmdHget(Context& ctx) {
//     auto hash = ctx.Read<types::Hash>(ctx.key(1));
//     if (hash.wrong_type) return;              // WRONGTYPE has been replied.
//     if (!hash) return ctx.reply().Null();
//     ...
//   }
//
// Entries and values found stay valid until the next write to the same key.
// Threads: caller-synchronised. Owns: nothing.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command/services.h"
#include "command/session.h"
#include "command/spec.h"
#include "resp/reply.h"
#include "store/transaction.h"

namespace tusk::command {

class Worker;
struct Command;

// Error texts that many commands share.
inline constexpr std::string_view kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr std::string_view kSyntaxError = "ERR syntax error";
inline constexpr std::string_view kNotInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kNotFloat = "ERR value is not a valid float";
inline constexpr std::string_view kNoSuchKey = "ERR no such key";
inline constexpr std::string_view kOutOfRange = "ERR index out of range";

// A key's value of one type, nothing, or a wrong type.
template <typename T>
struct Found {
  store::Entry* entry = nullptr;
  bool wrong_type = false;
  explicit operator bool() const noexcept { return entry != nullptr; }
  T& operator*() const noexcept { return entry->object<T>(); }
  T* operator->() const noexcept { return &entry->object<T>(); }
};

struct FoundString {
  store::Entry* entry = nullptr;
  bool wrong_type = false;
  explicit operator bool() const noexcept { return entry != nullptr; }
  store::Entry* operator->() const noexcept { return entry; }
};

class Context {
 public:
  struct Options {
    Worker* worker;
    Session* session;
    store::Transaction* transaction;
    resp::Reply* reply;
    const Command* command;
    std::span<const std::string_view> argv;
    // Who runs it: a script's redis.call, an EXEC, a waiter that is served. Decides whether it may block.
    bool in_script = false;
    bool in_exec = false;
    const store::Key* first_key = nullptr;  // Hash of argv[first_key_index], when known already.
    int first_key_index = 0;
  };
  explicit Context(const Options& options) noexcept : o_(options) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // ---- Request ----
  size_t argc() const noexcept { return o_.argv.size(); }
  std::string_view arg(size_t i) const noexcept { return o_.argv[i]; }
  std::span<const std::string_view> args() const noexcept { return o_.argv; }
  store::Key key(size_t i) const noexcept {
    if (o_.first_key && static_cast<int>(i) == o_.first_key_index) return *o_.first_key;
    return store::Key::Of(arg(i));
  }
  // Case-blind: is argument i this word?
  bool ArgIs(size_t i, std::string_view word) const noexcept;
  // The argument as an integer; replies `error` when it is none.
  std::optional<int64_t> Integer(size_t i, std::string_view error = kNotInteger);
  // With the default error, an integer outside the range is answered by a text that names the range.
  std::optional<int64_t> IntegerInRange(size_t i, int64_t low, int64_t high, std::string_view error = kNotInteger);
  std::optional<double> Double(size_t i, std::string_view error = kNotFloat);

  Session& session() noexcept { return *o_.session; }
  store::DbIndex db() const noexcept { return o_.session->db; }
  resp::Reply& reply() noexcept { return *o_.reply; }
  const Command& command() const noexcept { return *o_.command; }
  Worker& worker() noexcept { return *o_.worker; }
  Services& services() noexcept;
  store::Keyspace& keyspace() noexcept { return o_.transaction->keyspace(); }
  const store::Settings& settings() noexcept { return keyspace().settings(); }
  store::Transaction& transaction() noexcept { return *o_.transaction; }
  int64_t now_ms() const noexcept { return o_.transaction->now_ms(); }
  bool in_script() const noexcept { return o_.in_script; }
  bool in_exec() const noexcept { return o_.in_exec; }

  // ---- Visits (Locks::kVisit) ----
  // Holds the stripe until Leave(). False: it is busy and the executor will run the command anew later, so the handler
  // returns at once; what it has replied is dropped. One stripe at a time, except inside a transaction or script.
  bool Visit(size_t stripe);
  void Leave(size_t stripe);

  // ---- Look-ups ----
  store::Entry* Lookup(const store::Key& key, store::Access access) { return Lookup(db(), key, access); }
  store::Entry* Lookup(store::DbIndex db, const store::Key& key, store::Access access);
  template <typename T>
  Found<T> Read(const store::Key& key) { return Typed<T>(key, store::Access::kRead); }
  template <typename T>
  Found<T> Write(const store::Key& key) { return Typed<T>(key, store::Access::kWrite); }
  FoundString ReadString(const store::Key& key) { return TypedString(key, store::Access::kRead); }
  FoundString WriteString(const store::Key& key) { return TypedString(key, store::Access::kWrite); }

  // ---- Changes ----
  // A new empty object under a key that has none. The caller fills it before it returns.
  template <typename T>
  T& Create(const store::Key& key) {
    return transaction().Put(db(), key, nullptr, store::Value::Object(std::make_unique<T>())).template object<T>();
  }
  store::Entry& PutString(const store::Key& key, store::Entry* entry, std::string_view bytes) {
    return transaction().PutString(db(), key, entry, bytes);
  }
  store::Entry& PutInteger(const store::Key& key, store::Entry* entry, int64_t value) {
    return transaction().PutInteger(db(), key, entry, value);
  }
  // Replaces whatever the key holds, deadline included (that of `entry` is cleared).
  store::Entry& Replace(const store::Key& key, store::Entry* entry, store::Value value);
  // No event: the caller says which.
  void Delete(const store::Key& key, store::Entry& entry);
  // Deletes a collection that became empty and raises "del". True when it did.
  template <typename T>
  bool DeleteIfEmpty(const store::Key& key, Found<T>& found) {
    if (found->size() != 0) return false;
    DeleteEmpty(key, *found.entry);
    found.entry = nullptr;
    return true;
  }
  // The value changed: watchers, waiters, dirty count, and the keyspace event. Once per changed key (events may be
  // raised alone with Event()).
  void Modified(const store::Key& key, store::EventClass event_class, std::string_view event) {
    transaction().Touch(db(), key);
    transaction().Event(event_class, event, key, db());
  }
  void Event(const store::Key& key, store::EventClass event_class, std::string_view event) {
    transaction().Event(event_class, event, key, db());
  }

  // ---- The change record ----
  // Without a call the command is recorded as it came, if it changed something. These replace that: the effect in
  // commands that always do the same (SPOP as SREM). ChangedNothing() records nothing.
  void RecordAs(std::initializer_list<std::string_view> argv, uint8_t targets = store::kToAll);
  void RecordAs(std::span<const std::string_view> argv, uint8_t targets = store::kToAll);
  void ChangedNothing() noexcept { recorded_ = true; }
  bool recorded() const noexcept { return recorded_; }
  // The error that was replied is one that statistics have counted where it arose, in a command of a script.
  void ErrorWasCounted() noexcept { error_counted_ = true; }
  // Whether a key that gets this deadline (Unix milliseconds) goes at once. Not for who repeats what has happened
  // elsewhere: that says itself what goes when.
  bool IsPast(int64_t deadline_ms) noexcept {
    return deadline_ms <= now_ms() && !settings().import_mode && !session().from_master;
  }
  bool wants_record() noexcept { return transaction().wants_changes(); }

  // ---- Blocking ----
  enum class EmptyReply : uint8_t { kNull, kNullArray };
  struct BlockOptions {
    int64_t timeout_ms = 0;  // 0: for ever.
    // What a transaction or script gets, which may not wait. A timeout answers a null array in every case.
    EmptyReply when_refused = EmptyReply::kNullArray;
    // The operation touches other keys than the one that turned ready (BLMOVE): it is served with all its keys locked.
    bool needs_all_keys = false;
    // Writes the reply when the time is up; none: a null array. Called by the loop that owns the session.
    std::function<void(resp::Reply&)> write_timeout = nullptr;
    // What the handler is to see the next time, where the arguments that came would mean something else then (XREAD's
    // "$"). Same keys at the same places. Empty: those that came.
    std::vector<std::string> argv{};
    // The handler is to run again after this time, too, with all keys locked and no ready_key(): what it waits for may come
    // by itself. 0: never.
    int64_t retry_after_ms = 0;
    // Served as well when the key is gone: the command has to say so.
    bool serve_without_key = false;
  };
  // Rests until one of the keys changes, then the handler runs again from its start with ready_key() set (unless
  // needs_all_keys). In a transaction or script it answers `when_refused` at once. The handler returns
  // without a reply of its own.
  void Block(std::span<const store::Key> keys, const BlockOptions& options);
  // The key that turned ready, when this is a second run: the only one that is locked and may be looked at. Otherwise
  // null: look at all keys in order.
  const store::Key* ready_key() const noexcept { return ready_key_; }
  // This is a second run, with ready_key() or with all keys.
  bool has_waited() const noexcept { return has_waited_; }
  // Timeout argument as BLPOP and friends read it, milliseconds; replies the error.
  std::optional<int64_t> TimeoutMillis(size_t i);

 private:
  friend class Executor;
  template <typename T>
  Found<T> Typed(const store::Key& key, store::Access access) {
    store::Entry* entry = Lookup(key, access);
    if (entry && entry->type() != store::TypeOf<T>::kValue) {
      reply().Error(kWrongType);
      return {nullptr, true};
    }
    return {entry, false};
  }
  FoundString TypedString(const store::Key& key, store::Access access) {
    store::Entry* entry = Lookup(key, access);
    if (entry && entry->type() != store::Type::kString) {
      reply().Error(kWrongType);
      return {nullptr, true};
    }
    return {entry, false};
  }
  void DeleteEmpty(const store::Key& key, store::Entry& entry);

  struct BlockWish {
    std::vector<store::Key> keys;
    BlockOptions options;
  };

  Options o_;
  bool recorded_ = false;
  bool error_counted_ = false;
  size_t busy_stripe_ = store::Transaction::kNothingBusy;
  bool visiting_ = false;
  const store::Key* ready_key_ = nullptr;
  bool has_waited_ = false;
  std::unique_ptr<BlockWish> block_wish_;
};

}  // namespace tusk::command
