#include "engine/client_filter.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/numbers.h"
#include "base/text.h"
#include "command/command_table.h"
#include "engine/engine_of.h"

namespace tusk::engine {
namespace {

using command::ClientInfo;
using command::Context;

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr std::string_view kFlagLetters = "AbBcdeiMNOPrRSTtuUx";

bool Fail(Context& ctx, std::string_view error) {
  ctx.reply().Error(error);
  return false;
}

// "normal", "replica", "master" or "pubsub"; empty for any other word.
std::string_view TypeNamed(std::string_view name) noexcept {
  if (base::EqualsIgnoreCase(name, "slave")) return "replica";
  for (std::string_view type : {"normal", "replica", "master", "pubsub"}) {
    if (base::EqualsIgnoreCase(name, type)) return type;
  }
  return {};
}

std::string_view TypeOf(const ClientInfo& client) noexcept {
  if (client.replica) return "replica";
  return client.subscribed ? "pubsub" : "normal";
}

}  // namespace

bool ClientFilter::FieldNamed(std::string_view name, Field& field) noexcept {
  struct Word {
    std::string_view name;
    Field field;
  };
  static constexpr Word kWords[] = {
      {"id", Field::kId},           {"type", Field::kType},        {"addr", Field::kAddress},
      {"laddr", Field::kLocalAddress}, {"ip", Field::kIp},         {"user", Field::kUser},
      {"name", Field::kName},       {"lib-name", Field::kLibraryName}, {"lib-ver", Field::kLibraryVersion},
      {"flags", Field::kFlags},     {"db", Field::kDb},            {"maxage", Field::kAge},
      {"idle", Field::kIdle},       {"capa", Field::kCapability},
  };
  for (const Word& word : kWords) {
    if (!base::EqualsIgnoreCase(name, word.name)) continue;
    field = word.field;
    return true;
  }
  return false;
}

bool ClientFilter::Parse(Context& ctx, size_t first) {
  for (size_t i = first; i < ctx.argc();) {
    if (!ParseOne(ctx, i)) return false;
  }
  return true;
}

void ClientFilter::AddAddress(std::string_view address) {
  conditions_.push_back({Field::kAddress, false, address, 0, {}});
  skip_caller_ = false;
}

bool ClientFilter::ParseOne(Context& ctx, size_t& i) {
  if (i + 1 >= ctx.argc()) return Fail(ctx, command::kSyntaxError);
  if (ctx.ArgIs(i, "skipme")) {
    if (!ctx.ArgIs(i + 1, "yes") && !ctx.ArgIs(i + 1, "no")) return Fail(ctx, command::kSyntaxError);
    skip_caller_ = ctx.ArgIs(i + 1, "yes");
    i += 2;
    return true;
  }
  constexpr std::string_view kNot = "not-";
  std::string_view name = ctx.arg(i);
  Condition condition{};
  condition.negated = name.size() > kNot.size() && base::EqualsIgnoreCase(name.substr(0, kNot.size()), kNot);
  if (condition.negated) name.remove_prefix(kNot.size());
  if (!FieldNamed(name, condition.field)) return Fail(ctx, command::kSyntaxError);
  const bool is_time = condition.field == Field::kAge || condition.field == Field::kIdle;
  if (condition.negated && is_time) return Fail(ctx, command::kSyntaxError);
  ++i;
  if (condition.field == Field::kId) {
    if (!ParseIds(ctx, i, condition)) return false;
  } else {
    if (!ReadValue(ctx, i, condition)) return false;
    ++i;
  }
  conditions_.push_back(std::move(condition));
  return true;
}

// Ids as far as there are any.
bool ClientFilter::ParseIds(Context& ctx, size_t& i, Condition& condition) {
  std::vector<uint64_t> ids;
  for (; i < ctx.argc(); ++i) {
    const std::optional<int64_t> id = base::ParseInt64(ctx.arg(i));
    if (!id && !ids.empty()) break;
    if (use_ == Use::kList && !id) return Fail(ctx, "ERR Invalid client ID");
    if (use_ == Use::kKill && (!id || *id < 1)) return Fail(ctx, "ERR client-id should be greater than 0");
    ids.push_back(*id > 0 ? static_cast<uint64_t>(*id) : 0);  // Nobody is 0.
  }
  condition.ids = ids;
  if (!condition.negated) ids_ = std::move(ids);
  return true;
}

bool ClientFilter::ReadValue(Context& ctx, size_t i, Condition& condition) {
  condition.text = ctx.arg(i);
  auto number = [&](std::string_view not_a_number, std::string_view too_small, int64_t least) {
    const std::optional<int64_t> value = ctx.Integer(i, not_a_number);
    if (!value) return false;
    condition.number = *value;
    return *value >= least || Fail(ctx, too_small);
  };
  switch (condition.field) {
    case Field::kType:
      condition.text = TypeNamed(ctx.arg(i));
      return !condition.text.empty() || Fail(ctx, "ERR Unknown client type '" + std::string(command::UpToZeroByte(ctx.arg(i))) + "'");
    case Field::kUser:
      return EngineOf(ctx).users().Has(ctx.arg(i)) || Fail(ctx, "ERR No such user '" + std::string(command::UpToZeroByte(ctx.arg(i))) + "'");
    case Field::kAge:
      return number("ERR maxage is not an integer or out of range", "ERR maxage should be greater than 0", 1);
    case Field::kIdle:
      return number("ERR idle is not an integer or out of range", "ERR idle should be greater than 0", 1);
    case Field::kDb: {
      constexpr std::string_view kNoSuchDb = "ERR DB index is out of range";
      const auto databases = static_cast<int64_t>(ctx.keyspace().databases());
      if (!number("ERR DB is not an integer or out of range", kNoSuchDb, 0)) return false;
      return condition.number < databases || Fail(ctx, kNoSuchDb);
    }
    case Field::kFlags:
      if (condition.text.find_first_not_of(kFlagLetters) == std::string_view::npos) return true;
      return Fail(ctx, "ERR Unknown flags found in the provided filter: " + std::string(condition.text));
    default: return true;
  }
}

bool ClientFilter::Holds(const Condition& condition, const ClientInfo& client, int64_t now_micros) {
  auto seconds = [now_micros](int64_t since) { return (now_micros - since) / kMicrosPerSecond; };
  switch (condition.field) {
    case Field::kId: return std::ranges::find(condition.ids, client.id) != condition.ids.end();
    case Field::kType: return TypeOf(client) == condition.text;
    case Field::kAddress: return client.address == condition.text;
    case Field::kLocalAddress: return client.local_address == condition.text;
    case Field::kIp: return client.address.substr(0, client.address.rfind(':')) == condition.text;
    case Field::kUser: return client.user == condition.text;
    case Field::kName: return client.name == condition.text;
    case Field::kLibraryName: return client.library_name == condition.text;
    case Field::kLibraryVersion: return client.library_version == condition.text;
    case Field::kDb: return static_cast<int64_t>(client.db) == condition.number;
    case Field::kAge: return seconds(client.connected_micros) >= condition.number;
    case Field::kIdle: return seconds(client.last_interaction_micros) >= condition.number;
    case Field::kCapability: return false;  // Nobody's are kept.
    case Field::kFlags:
      return std::ranges::all_of(condition.text,
                                 [&](char letter) { return client.flags.find(letter) != std::string::npos; });
  }
  return false;
}

bool ClientFilter::Matches(const ClientInfo& client, uint64_t caller_id, int64_t now_micros) const {
  if (skip_caller_ && client.id == caller_id) return false;
  return std::ranges::all_of(conditions_, [&](const Condition& condition) {
    return Holds(condition, client, now_micros) != condition.negated;
  });
}

}  // namespace tusk::engine
