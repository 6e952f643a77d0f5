// JSON.* commands that put values in and take them out: SET, MSET, MERGE, DEL, FORGET, CLEAR.
#include <algorithm>
#include <string>
#include <vector>

#include "families/json.h"
#include "families/json_paths.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::Document;
using types::DocumentCursor;
using types::DocumentKind;
using types::DocumentView;
using types::JsonPath;
using types::PathMatch;
using Matches = std::vector<PathMatch>;

constexpr std::string_view kNotStatic = "Err wrong static path";
constexpr std::string_view kIndexOutOfRange = "ERR array index out of range";

// Where a value goes: in the place of others, or under a new name into an object.
struct Places {
  Matches matches;                // Of what is replaced, or of the object that gets a member.
  std::optional<std::string> name;  // Of the new member.
};

// Where a path that selects nothing would put a value: as a new member of an object that is there.
bool NewMember(Context& ctx, const JsonPath& path, const DocumentView& root, Places& places) {
  if (!path.is_static()) return ctx.reply().Error(kNotStatic), false;
  if (path.is_root()) return ctx.reply().Error("Err path must end with object key to set"), false;
  const types::PathSelector& last = path.segments().back().selectors[0];
  if (last.kind == types::PathSelector::Kind::kIndex) {
    std::optional<Matches> there = SelectJson(ctx, path, root, false);
    if (!there) return false;
    if (there->empty()) return ctx.reply().Error(kIndexOutOfRange), false;
    return true;  // NX, and it is there: nothing to do.
  }
  std::optional<Matches> parents = SelectJson(ctx, path.Parent(), root, true);
  if (!parents) return false;
  places.matches = *std::move(parents);
  places.name = last.name;
  return true;
}

enum class When : uint8_t { kAlways, kIfMissing, kIfThere };

// False: the error is replied.
bool FindPlaces(Context& ctx, const JsonPath& path, const DocumentView& root, When when, Places& places) {
  if (when != When::kIfMissing) {
    std::optional<Matches> matches = SelectJson(ctx, path, root, true);
    if (!matches) return false;
    KeepTopmost(*matches);
    places.matches = *std::move(matches);
    if (!places.matches.empty() || when == When::kIfThere) return true;
  }
  return NewMember(ctx, path, root, places);
}

bool FitsDepth(Context& ctx, const Places& places, size_t value_depth) {
  const size_t limit = ctx.settings().document_max_depth;
  const size_t own = places.name ? 1 : 0;
  return std::all_of(places.matches.begin(), places.matches.end(),
                     [&](const PathMatch& match) { return match.steps.size() + own + value_depth <= limit; });
}

// Puts the value at each place; returns at how many it could.
size_t PutAt(Document& root, const Places& places, Document value) {
  size_t done = 0;
  for (size_t i = 0; i < places.matches.size(); ++i) {
    JsonWay way(root, places.matches[i].steps);
    Document* target = way.value();
    Document one = i + 1 == places.matches.size() ? std::move(value) : value.Clone();
    if (target && !places.name) {
      *target = std::move(one);
      ++done;
    } else if (target && target->kind() == DocumentKind::kMap && !target->view().FindName(*places.name)) {
      target->Put(Document::Text(*places.name), std::move(one));
      ++done;
    }
    way.Settle();
  }
  return done;
}

// RFC 7396, in place: members of the patch replace, null takes out, objects merge.
void Merge(Document& target, const DocumentView& patch) {
  if (patch.kind() != DocumentKind::kMap) {
    target = Document::CopyOf(patch);
    return;
  }
  if (target.kind() != DocumentKind::kMap) target = Document::Map();
  for (DocumentCursor at(patch); at.Next();) {
    if (at.value().is_null()) {
      target.Erase(at.key());
      continue;
    }
    if (at.value().kind() != DocumentKind::kMap) {
      target.Put(Document::CopyOf(at.key()), Document::CopyOf(at.value()));
      continue;
    }
    Document* member = target.Find(at.key());
    if (!member) {
      target.Put(Document::CopyOf(at.key()), Document::Map());
      member = target.Find(at.key());
    }
    Merge(*member, at.value());
  }
  target.Settle();
}

// A new document, or the old one's new content: the key's deadline stays.
void PutRoot(Context& ctx, const Key& key, Found<Document>& found, Document value) {
  if (found) {
    *found = std::move(value);
  } else {
    ctx.Create<Document>(key) = std::move(value);
  }
}

}  // namespace

void CmdJsonSet(Context& ctx) {
  std::optional<JsonPath> path = JsonPathAt(ctx, 2);
  if (!path) return;
  When when = When::kAlways;
  for (size_t i = 4; i < ctx.argc(); ++i) {
    if (when == When::kAlways && ctx.ArgIs(i, "NX")) {
      when = When::kIfMissing;
    } else if (when == When::kAlways && ctx.ArgIs(i, "XX")) {
      when = When::kIfThere;
    } else if (ctx.ArgIs(i, "FORMAT") && i + 1 < ctx.argc()) {
      ++i;
      if (ctx.arg(i) != "JSON" && ctx.arg(i) != "STRING") return ctx.reply().Error("ERR wrong format");
    } else {
      return ctx.reply().Error(command::kSyntaxError);
    }
  }
  const Key key = ctx.key(1);
  auto found = ctx.Write<Document>(key);
  if (found.wrong_type) return;
  std::optional<Document> value = JsonValueAt(ctx, 3);
  if (!value) return;
  if (!found && when == When::kIfThere) return ctx.reply().Null();
  if (!found && !path->is_root()) return ctx.reply().Error(kJsonNewAtRoot);
  bool all = true;
  if (path->is_root()) {
    if (found && when == When::kIfMissing) return ctx.reply().Null();
    PutRoot(ctx, key, found, *std::move(value));
  } else {
    Places places;
    if (!FindPlaces(ctx, *path, found->view(), when, places)) return;
    if (!FitsDepth(ctx, places, value->view().Depth())) return ctx.reply().Error(kJsonTooDeep);
    const size_t done = PutAt(*found, places, *std::move(value));
    if (done == 0) return ctx.reply().Null();
    all = done == places.matches.size();
  }
  ctx.Modified(key, store::kEventModule, "json.set");
  all ? ctx.reply().Ok() : ctx.reply().Null();
}

void CmdJsonMset(Context& ctx) {
  if (ctx.argc() % 3 != 1) return ctx.reply().Error("ERR wrong number of arguments for 'json.mset' command");
  struct Change {
    size_t i;
    std::optional<Places> places;  // None: the root.
    Document value;
  };
  std::vector<Change> changes;
  // Everything is looked at before anything changes. As in RedisJSON, each path sees the documents as they were.
  for (size_t i = 1; i < ctx.argc(); i += 3) {
    auto found = ctx.Write<Document>(ctx.key(i));
    if (found.wrong_type) return;
    std::optional<JsonPath> path = JsonPathAt(ctx, i + 1);
    if (!path) return;
    if (!found && !path->is_root()) return ctx.reply().Error(kJsonNewAtRoot);
    std::optional<Document> value = JsonValueAt(ctx, i + 2);
    if (!value) return;
    Change change{i, std::nullopt, *std::move(value)};
    if (!path->is_root()) {
      change.places.emplace();
      if (!FindPlaces(ctx, *path, found->view(), When::kAlways, *change.places)) return;
      if (!FitsDepth(ctx, *change.places, change.value.view().Depth())) return ctx.reply().Error(kJsonTooDeep);
    }
    changes.push_back(std::move(change));
  }
  bool all = true;
  for (Change& change : changes) {
    const Key key = ctx.key(change.i);
    auto found = ctx.Write<Document>(key);
    if (!change.places) {
      PutRoot(ctx, key, found, std::move(change.value));
    } else {
      const size_t done = PutAt(*found, *change.places, std::move(change.value));
      all &= done > 0 && done == change.places->matches.size();
      if (done == 0) continue;
    }
    ctx.Modified(key, store::kEventModule, "json.mset");
  }
  all ? ctx.reply().Ok() : ctx.reply().Null();
}

void CmdJsonMerge(Context& ctx) {
  std::optional<JsonPath> path = JsonPathAt(ctx, 2);
  if (!path) return;
  if (ctx.argc() > 4) return ctx.reply().Error(command::kSyntaxError);
  const Key key = ctx.key(1);
  auto found = ctx.Write<Document>(key);
  if (found.wrong_type) return;
  std::optional<Document> patch = JsonValueAt(ctx, 3);
  if (!patch) return;
  if (!found && !path->is_root()) return ctx.reply().Error(kJsonNewAtRoot);
  if (!found) {
    PutRoot(ctx, key, found, *std::move(patch));
  } else {
    Places places;
    std::optional<Matches> matches = SelectJson(ctx, *path, found->view(), true);
    if (!matches) return;
    places.matches = *std::move(matches);
    if (places.matches.empty() && !NewMember(ctx, *path, found->view(), places)) return;
    if (!FitsDepth(ctx, places, patch->view().Depth())) return ctx.reply().Error(kJsonTooDeep);
    size_t done = 0;
    if (places.name) {
      done = PutAt(*found, places, *std::move(patch));
    } else {
      for (const PathMatch& match : places.matches) {
        JsonWay way(*found, match.steps);
        if (way.value()) {
          Merge(*way.value(), patch->view());
          ++done;
        }
        way.Settle();
      }
    }
    if (done == 0) return ctx.reply().Null();
  }
  ctx.Modified(key, store::kEventModule, "json.merge");
  ctx.reply().Ok();
}

void CmdJsonDel(Context& ctx) {
  std::optional<JsonPath> path = JsonPathAt(ctx, 2);
  if (!path) return;
  const Key key = ctx.key(1);
  auto found = ctx.Write<Document>(key);
  if (found.wrong_type) return;
  if (!found) return ctx.reply().Integer(0);
  int64_t deleted = 1;
  bool goes = path->is_root();
  if (!goes) {
    std::optional<Matches> matches = SelectJson(ctx, *path, found->view(), true);
    if (!matches) return;
    KeepTopmost(*matches);
    deleted = 0;
    for (auto match = matches->rbegin(); match != matches->rend(); ++match) {
      const types::PathStep last = std::move(match->steps.back());
      match->steps.pop_back();
      JsonWay way(*found, match->steps);
      Document* container = way.value();
      if (container && last.is_index && container->kind() == DocumentKind::kArray && last.index < container->size()) {
        container->Remove(last.index, 1);
        ++deleted;
      } else if (container && !last.is_index && container->kind() == DocumentKind::kMap) {
        deleted += container->Erase(last.key.view());
      }
      way.Settle();
    }
    if (deleted == 0) return ctx.reply().Integer(0);
    goes = found->size() == 0;  // An empty document goes with its last value.
  }
  if (goes) ctx.Delete(key, *found.entry);
  ctx.Modified(key, store::kEventModule, "json.del");
  ctx.reply().Integer(deleted);
}

void CmdJsonClear(Context& ctx) {
  std::optional<JsonPath> path = JsonPathAt(ctx, 2);
  if (!path) return;
  const Key key = ctx.key(1);
  auto found = ctx.Write<Document>(key);
  if (found.wrong_type) return;
  if (!found) return ctx.reply().Error(kJsonNoKey);
  std::optional<Matches> matches = SelectJson(ctx, *path, found->view(), true);
  if (!matches) return;
  std::erase_if(*matches, [](const PathMatch& match) {
    if (types::IsContainer(match.value.kind())) return match.value.size() == 0;
    return !types::IsNumber(match.value.kind()) || match.value.number() == 0;
  });
  int64_t cleared = 0;
  for (const PathMatch& match : *matches) {
    JsonWay way(*found, match.steps);
    if (Document* value = way.value()) {  // Else it went with what it was in.
      types::IsContainer(value->kind()) ? value->Clear() : void(*value = Document::Integer(0));
      ++cleared;
    }
    way.Settle();
  }
  if (cleared > 0) ctx.Modified(key, store::kEventModule, "json.clear");
  ctx.reply().Integer(cleared);
}

}  // namespace tusk::families
