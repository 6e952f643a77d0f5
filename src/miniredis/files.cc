// SAVE, RESTORE and MERGE: the dataset in a file that the client names, which is an RDB file like any other.
//
// SAVE takes its moment with every stripe held and writes without any. RESTORE and MERGE read the whole file before they change
// anything; then one commit puts all of it in place.
#include <optional>
#include <vector>

#include "base/numbers.h"
#include "codec/dataset_reader.h"
#include "codec/payload.h"
#include "families/keyspace.h"
#include "io/file_system.h"
#include "miniredis/call.h"
#include "miniredis/data_path.h"
#include "miniredis/handlers.h"
#include "persist/file_sink.h"
#include "persist/file_source.h"

namespace tusk::miniredis {
namespace {

using base::Status;
using command::Context;
using store::Access;
using store::Entry;
using store::Key;
using types::Document;

struct SavedKey {
  std::string key;
  std::optional<std::string> text;  // Of a string; else `value`.
  store::Value value;
  int64_t deadline_ms = Entry::kNoDeadline;
};

// Keeps what the file has for one database.
class SavedKeys final : public codec::DatasetVisitor {
 public:
  SavedKeys(store::DbIndex db, int64_t now_ms) noexcept : db_(db), now_ms_(now_ms) {}

  Status OnKey(codec::LoadedKey& key) override {
    const bool has_expired = key.deadline_ms != Entry::kNoDeadline && key.deadline_ms <= now_ms_;
    if (key.db != db_ || has_expired) return {};
    SavedKey& saved = keys_.emplace_back();
    saved.key = key.key;
    if (key.is_text) saved.text = std::string(key.text);
    if (!key.is_text) saved.value = std::move(key.value);
    saved.deadline_ms = key.deadline_ms;
    return {};
  }
  std::vector<SavedKey>& keys() noexcept { return keys_; }

 private:
  const store::DbIndex db_;
  const int64_t now_ms_;
  std::vector<SavedKey> keys_;
};

// The file that the client names. Replies the error.
std::optional<std::string> PathOf(Call& call) {
  std::optional<Document> value = call.Value(0);
  if (!value) return {};
  std::optional<std::string> path = PlainText(value->view());
  if (!path) return call.Fail(kUnhandled), std::nullopt;
  base::Result<std::string> inside = PathInDataDirectory(*path);
  if (!inside) return call.Fail(inside.error().message()), std::nullopt;
  return *std::move(inside);
}

Status ReadFile(Context& ctx, const std::string& path, SavedKeys& saved) {
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, io::RealFileSystem().OpenRead(path));
  ASSIGN_OR_RETURN(const io::FileInfo info, io::RealFileSystem().Stat(path));
  persist::FileSource source(*file);
  codec::Reader reader(source, info.size);
  return codec::ReadDataset(reader, {.limits = codec::EncodingLimits(ctx.settings()), .databases = ctx.keyspace().databases()}, saved);
}

void Place(Context& ctx, SavedKey& saved) {
  DCHECK(saved.text.has_value() != !saved.value.empty());
  const Key key = Key::Of(saved.key);
  Entry* old = ctx.Lookup(key, Access::kWrite);
  if (old) ctx.Delete(key, *old);
  Entry* entry = saved.text ? &ctx.PutString(key, nullptr, *saved.text)
                            : &ctx.transaction().Put(ctx.db(), key, nullptr, std::move(saved.value));
  const bool has_deadline = saved.deadline_ms != Entry::kNoDeadline;
  if (has_deadline) entry = &ctx.transaction().SetDeadline(ctx.db(), key, *entry, saved.deadline_ms);
  ctx.Modified(key, store::kEventGeneric, "restore");
  if (!ctx.wants_record()) return;
  const std::string payload = codec::DumpValue(*entry, codec::EncodingLimits(ctx.settings()), false);
  const std::string deadline = base::Int64ToString(has_deadline ? saved.deadline_ms : 0);
  ctx.RecordAs({"RESTORE", key.text, deadline, payload, "REPLACE", "ABSTTL"});
}

enum class Mode : uint8_t { kReplace, kMerge };

void Load(Context& ctx, Mode mode) {
  Call call(ctx);
  std::optional<std::string> path = PathOf(call);
  if (!path) return;
  SavedKeys saved(ctx.db(), ctx.now_ms());
  Status status = ReadFile(ctx, *path, saved);
  if (status.code() == base::Code::kNotFound) return call.Integer64(0);
  if (!status.ok()) return call.Fail(kNotOurFile);
  ctx.transaction().EnterLaneBlocking();
  ctx.transaction().LockAllInLane();
  if (mode == Mode::kReplace) {
    families::EmptyDatabases(ctx, ctx.db(), size_t{ctx.db()} + 1, false);
    ctx.RecordAs({"FLUSHDB"});
  } else if (Entry* schedule = ctx.Lookup(Key::Of(kScheduleKey), Access::kWrite)) {
    // Of other keys the one that is there stays; the schedule becomes the file's.
    ctx.Delete(Key::Of(kScheduleKey), *schedule);
    ctx.Modified(Key::Of(kScheduleKey), store::kEventGeneric, "del");
    ctx.RecordAs({"DEL", kScheduleKey});
  }
  ctx.ChangedNothing();  // But for what is recorded key by key.
  for (SavedKey& key : saved.keys()) {
    if (mode == Mode::kReplace || !ctx.Lookup(Key::Of(key.key), Access::kPeek)) Place(ctx, key);
  }
  call.Integer64(1);
}

}  // namespace

void CmdSave(Context& ctx) {
  Call call(ctx);
  std::optional<std::string> path = PathOf(call);
  if (!path) return;
  command::Persistence* persistence = ctx.services().persistence;
  if (!persistence) return call.Fail(kUnhandled);
  if (!IsFreeOrSaved(*path)) return call.Fail(kNotOurFile);
  auto write = [&]() -> Status {
    ctx.transaction().EnterLaneBlocking();
    ctx.transaction().LockAllInLane();
    base::Result<std::unique_ptr<command::DatasetCopy>> copy = persistence->BeginCopy(ctx.transaction(), {});
    ctx.transaction().Unlock();
    if (!copy) return copy.error();
    ASSIGN_OR_RETURN(persist::FileSink sink, persist::FileSink::Create(io::RealFileSystem(), *path));
    RETURN_IF_ERROR((*copy)->Run(sink));
    return sink.Commit();
  };
  Status status = write();
  status.ok() ? call.Integer64(1) : call.Fail(status.message());
}

void CmdRestore(Context& ctx) { Load(ctx, Mode::kReplace); }
void CmdMerge(Context& ctx) { Load(ctx, Mode::kMerge); }

}  // namespace tusk::miniredis
