#include "families/stream_records.h"

#include "base/check.h"
#include "base/numbers.h"

namespace tusk::families {

using command::Context;
using types::StreamConsumer;
using types::StreamGroup;
using types::StreamId;
using types::StreamIdText;
using types::StreamPending;

void RecordClaim(Context& ctx, const GroupName& name, const StreamGroup& group, StreamId id,
                 const StreamPending& pending) {
  if (!ctx.wants_record()) return;
  DCHECK(!pending.released());
  StreamIdText id_text(id), last_id(group.last_id);
  std::string time = base::Int64ToString(pending.delivered_ms);
  std::string count = base::Int64ToString(static_cast<int64_t>(pending.deliveries));
  ctx.RecordAs({"XCLAIM", name.key, name.group, pending.consumer->name(), "0", id_text.view(), "TIME", time, "RETRYCOUNT",
                count, "FORCE", "JUSTID", "LASTID", last_id.view()});
}

void ForgetPending(Context& ctx, const GroupName& name, StreamGroup& group, StreamId id, const StreamPending& pending) {
  // Followers find out by the same claim; of one that is nobody's they are told.
  if (pending.released()) {
    ctx.RecordAs({"XACK", name.key, name.group, StreamIdText(id).view()});
  } else {
    RecordClaim(ctx, name, group, id, pending);
  }
  group.Acknowledge(id);
  ctx.transaction().AddDirty(1);
}

void RecordGroupPosition(Context& ctx, const GroupName& name, const StreamGroup& group) {
  if (!ctx.wants_record()) return;
  std::string read = base::Int64ToString(group.entries_read);
  ctx.RecordAs({"XGROUP", "SETID", name.key, name.group, StreamIdText(group.last_id).view(), "ENTRIESREAD", read});
}

void RecordNewConsumer(Context& ctx, const GroupName& name, std::string_view consumer) {
  ctx.RecordAs({"XGROUP", "CREATECONSUMER", name.key, name.group, consumer});
}

StreamConsumer& SeenConsumer(Context& ctx, const store::Key& key, StreamGroup& group, std::string_view name,
                             bool* created) {
  bool is_new = false;
  StreamConsumer& consumer = group.ConsumerOf(name, ctx.now_ms(), &is_new);
  consumer.seen_ms = ctx.now_ms();
  if (is_new) {
    ctx.Event(key, store::kEventStream, "xgroup-createconsumer");
    ctx.transaction().AddDirty(1);
  }
  if (created) *created = is_new;
  return consumer;
}

}  // namespace tusk::families
