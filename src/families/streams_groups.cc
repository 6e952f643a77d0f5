// XGROUP and XACK: the life of consumer groups.
#include <fmt/format.h>

#include <vector>

#include "command/command_table.h"
#include "command/help.h"
#include "families/collections.h"
#include "families/stream_arguments.h"
#include "families/stream_records.h"
#include "families/streams.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::Stream;
using types::StreamGroup;
using types::StreamId;

constexpr std::string_view kKeyMustExist =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option "
    "to create an empty stream automatically.";

struct GroupOptions {
  bool make_stream = false;
  int64_t entries_read = StreamGroup::kUnknown;
};

// CREATE key group id MKSTREAM ENTRIESREAD n, and SETID without the MKSTREAM: more words are one option given twice.
constexpr size_t kCreateWordsMax = 8, kSetidWordsMax = 7;
// Redis says so after it has read the options and looked for the key. True after the error reply.
bool RefusesCount(Context& ctx, size_t words_max) {
  if (ctx.argc() <= words_max) return false;
  command::ReplySubcommandError(ctx);
  return true;
}

// The options behind the id. False after an error reply.
bool ParseGroupOptions(Context& ctx, bool create, GroupOptions& options) {
  for (size_t i = 5; i < ctx.argc(); ++i) {
    if (create && ctx.ArgIs(i, "MKSTREAM")) {
      options.make_stream = true;
    } else if (ctx.ArgIs(i, "ENTRIESREAD") && i + 1 < ctx.argc()) {
      std::optional<int64_t> read = ctx.Integer(++i);
      if (!read) return false;
      if (*read < 0 && *read != StreamGroup::kUnknown) {
        ctx.reply().Error("ERR value for ENTRIESREAD must be positive or -1");
        return false;
      }
      options.entries_read = *read;
    } else {
      command::ReplySubcommandError(ctx);
      return false;
    }
  }
  return true;
}

// An id, or "$" for the stream's last one; SETID knows "-" and "+" as well.
enum class Bounds : uint8_t { kRefused, kAllowed };
std::optional<StreamId> PositionArg(Context& ctx, size_t i, const Stream* stream, Bounds bounds) {
  if (ctx.arg(i) == "$") return stream ? stream->last_id() : StreamId{};
  return bounds == Bounds::kAllowed ? StreamBoundArg(ctx, i, 0) : StreamIdArg(ctx, i);
}

// The stream at argument 2 for subcommands that can't do without. Empty after an error reply.
Found<Stream> ExistingStream(Context& ctx) {
  Found<Stream> stream = ctx.Write<Stream>(ctx.key(2));
  if (!stream && !stream.wrong_type) ctx.reply().Error(kKeyMustExist);
  return stream;
}

StreamGroup* ExistingGroup(Context& ctx, Stream& stream) {
  StreamGroup* group = stream.FindGroup(ctx.arg(3));
  if (!group) {
    ctx.reply().Error(
        fmt::format("NOGROUP No such consumer group '{}' for key name '{}'", command::UpToZeroByte(ctx.arg(3)), command::UpToZeroByte(ctx.arg(2))));
  }
  return group;
}

// Counts as a change, and tells nobody who waits: they wait for entries.
void GroupChanged(Context& ctx, const Key& key, std::string_view event) {
  ctx.transaction().AddDirty(1);
  ctx.Event(key, store::kEventStream, event);
}

}  // namespace

void CmdXgroupCreate(Context& ctx) {
  GroupOptions options;
  if (!ParseGroupOptions(ctx, true, options)) return;
  Key key = ctx.key(2);
  Found<Stream> stream = ctx.Write<Stream>(key);
  if (stream.wrong_type) return;
  if (!stream && !options.make_stream) return ctx.reply().Error(kKeyMustExist);
  if (RefusesCount(ctx, kCreateWordsMax)) return;
  std::optional<StreamId> position = PositionArg(ctx, 4, stream ? &*stream : nullptr, Bounds::kRefused);
  if (!position) return;
  if (!stream) {
    ctx.Create<Stream>(key);
    stream = ctx.Write<Stream>(key);
    ctx.transaction().Touch(ctx.db(), key);
  }
  if (!stream->AddGroup(ctx.arg(3), *position, options.entries_read)) {
    return ctx.reply().Error("BUSYGROUP Consumer Group name already exists");
  }
  ctx.reply().Ok();
  GroupChanged(ctx, key, "xgroup-create");
}

void CmdXgroupSetid(Context& ctx) {
  GroupOptions options;
  if (!ParseGroupOptions(ctx, false, options)) return;
  Found<Stream> stream = ExistingStream(ctx);
  if (!stream) return;
  StreamGroup* group = ExistingGroup(ctx, *stream);
  if (!group || RefusesCount(ctx, kSetidWordsMax)) return;
  std::optional<StreamId> position = PositionArg(ctx, 4, &*stream, Bounds::kAllowed);
  if (!position) return;
  group->last_id = *position;
  group->entries_read = options.entries_read;
  ctx.reply().Ok();
  GroupChanged(ctx, ctx.key(2), "xgroup-setid");
}

void CmdXgroupDestroy(Context& ctx) {
  Found<Stream> stream = ExistingStream(ctx);
  if (!stream) return;
  bool removed = stream->RemoveGroup(ctx.arg(3));
  ctx.reply().Integer(removed ? 1 : 0);
  // Those who wait for it have to hear of its end.
  if (removed) ctx.Modified(ctx.key(2), store::kEventStream, "xgroup-destroy");
}

void CmdXgroupCreateconsumer(Context& ctx) {
  Found<Stream> stream = ExistingStream(ctx);
  if (!stream) return;
  StreamGroup* group = ExistingGroup(ctx, *stream);
  if (!group) return;
  bool created = false;
  group->ConsumerOf(ctx.arg(4), ctx.now_ms(), &created);
  if (created) GroupChanged(ctx, ctx.key(2), "xgroup-createconsumer");
  ctx.reply().Integer(created ? 1 : 0);
}

void CmdXgroupDelconsumer(Context& ctx) {
  Found<Stream> stream = ExistingStream(ctx);
  if (!stream) return;
  StreamGroup* group = ExistingGroup(ctx, *stream);
  if (!group) return;
  if (!group->FindConsumer(ctx.arg(4))) return ctx.reply().Integer(0);
  ctx.reply().Integer(static_cast<int64_t>(group->RemoveConsumer(ctx.arg(4))));
  GroupChanged(ctx, ctx.key(2), "xgroup-delconsumer");
}

void CmdXgroupHelp(Context& ctx) { command::ReplyHelp(ctx); }

void CmdXack(Context& ctx) {
  Found<Stream> stream = ctx.Write<Stream>(ctx.key(1));
  if (stream.wrong_type) return;
  StreamGroup* group = stream ? stream->FindGroup(ctx.arg(2)) : nullptr;
  if (!group) return ctx.reply().Integer(0);
  std::vector<StreamId> ids;
  ids.reserve(ctx.argc() - 3);
  for (size_t i = 3; i < ctx.argc(); ++i) {
    std::optional<StreamId> id = StreamIdArg(ctx, i);
    if (!id) return;
    ids.push_back(*id);
  }
  uint64_t acknowledged = 0;
  for (StreamId id : ids) acknowledged += group->Acknowledge(id);
  ctx.transaction().AddDirty(acknowledged);
  ctx.reply().Integer(static_cast<int64_t>(acknowledged));
}

}  // namespace tusk::families
