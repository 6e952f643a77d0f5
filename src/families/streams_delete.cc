// XDELEX and XACKDEL: deletion that says what becomes of pending entries.
#include <vector>

#include "families/collections.h"
#include "families/stream_arguments.h"
#include "families/streams.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::Stream;
using types::StreamGroup;
using types::StreamId;
using types::StreamReferences;

struct DeleteRequest {
  StreamReferences references = StreamReferences::kKeep;
  std::vector<StreamId> ids;
};

// The options from argument i on, in any order. False after an error reply.
bool ParseDelete(Context& ctx, size_t i, DeleteRequest& request) {
  bool has_policy = false;
  while (i < ctx.argc()) {
    std::optional<StreamReferences> policy = ReferencesArg(ctx, i);
    if (policy && !has_policy) {
      request.references = *policy;
      has_policy = true;
      ++i;
    } else if (request.ids.empty() && ctx.ArgIs(i, "IDS") && i + 1 < ctx.argc()) {
      if (!CountedStreamIdsArg(ctx, ++i, request.ids)) return false;
    } else {
      break;
    }
  }
  if (i == ctx.argc() && !request.ids.empty()) return true;
  ctx.reply().Error(command::kSyntaxError);
  return false;
}

// What a reply says of an id.
enum Verdict : int64_t { kNoSuchId = -1, kDeleted = 1, kStillReferenced = 2 };

void ReplyNoSuchIds(Context& ctx, const DeleteRequest& request) {
  ctx.reply().ArrayHeader(request.ids.size());
  for (size_t i = 0; i < request.ids.size(); ++i) ctx.reply().Integer(kNoSuchId);
}

Stream::Deletion Delete(Stream& stream, StreamId id, StreamReferences references) {
  Stream::Deletion deletion = stream.Delete(id, references);
  // References to an entry that went earlier dangle: they go now.
  if (deletion == Stream::Deletion::kAbsent && references == StreamReferences::kDelete) stream.DropReferences(id);
  return deletion;
}

}  // namespace

void CmdXdelex(Context& ctx) {
  DeleteRequest request;
  if (!ParseDelete(ctx, 2, request)) return;
  Key key = ctx.key(1);
  Found<Stream> stream = ctx.Write<Stream>(key);
  if (stream.wrong_type) return;
  if (!stream) return ReplyNoSuchIds(ctx, request);
  ctx.reply().ArrayHeader(request.ids.size());
  uint64_t deleted = 0;
  for (StreamId id : request.ids) {
    Stream::Deletion deletion = Delete(*stream, id, request.references);
    deleted += deletion == Stream::Deletion::kDeleted;
    ctx.reply().Integer(deletion == Stream::Deletion::kDeleted      ? kDeleted
                        : deletion == Stream::Deletion::kReferenced ? kStillReferenced
                                                                    : kNoSuchId);
  }
  if (deleted != 0) return ModifiedBy(ctx, key, store::kEventStream, "xdel", deleted);
  // Dangling references may have gone.
  if (request.references == StreamReferences::kDelete) ctx.transaction().AddDirty(1);
}

void CmdXackdel(Context& ctx) {
  DeleteRequest request;
  if (!ParseDelete(ctx, 3, request)) return;
  Key key = ctx.key(1);
  Found<Stream> stream = ctx.Write<Stream>(key);
  if (stream.wrong_type) return;
  StreamGroup* group = stream ? stream->FindGroup(ctx.arg(2)) : nullptr;
  if (!group) return ReplyNoSuchIds(ctx, request);
  ctx.reply().ArrayHeader(request.ids.size());
  uint64_t deleted = 0, acknowledged = 0;
  for (StreamId id : request.ids) {
    if (!group->Acknowledge(id)) {
      ctx.reply().Integer(kNoSuchId);
      continue;
    }
    ++acknowledged;
    Stream::Deletion deletion = Delete(*stream, id, request.references);
    deleted += deletion == Stream::Deletion::kDeleted;
    // One that was deleted before is gone as well.
    ctx.reply().Integer(deletion == Stream::Deletion::kReferenced ? kStillReferenced : kDeleted);
  }
  ctx.transaction().AddDirty(acknowledged);
  if (deleted != 0) ctx.Modified(key, store::kEventStream, "xdel");
}

}  // namespace tusk::families
