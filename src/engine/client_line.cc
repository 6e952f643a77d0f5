// One connection as a line of CLIENT LIST. Fields that Redis has had since 7.2 come in its order; younger ones follow,
// whatever their place in the releases that brought them, since readers go by name and tests by prefix.
#include <algorithm>
#include <string>

#include "command/services.h"
#include "engine/connection_commands.h"

namespace tusk::engine {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
// Up to here Redis keeps unsent bytes in the client's own buffer, beyond that in a list: the fields tell them apart.
constexpr size_t kOwnBufferBytes = 16 * 1024;

}  // namespace

std::string DescribeClient(const command::ClientInfo& client, int64_t now_micros) {
  std::string line;
  auto field = [&](std::string_view name, const std::string& value) {
    if (!line.empty()) line += ' ';
    line += name;
    line += '=';
    line += value;
  };
  auto number = [&](std::string_view name, auto value) { field(name, std::to_string(value)); };
  auto seconds = [&](int64_t since) { return (now_micros - since) / kMicrosPerSecond; };
  const bool listed = client.output_length > kOwnBufferBytes;
  number("id", client.id);
  field("addr", client.address);
  field("laddr", client.local_address);
  number("fd", client.fd);
  field("name", client.name);
  number("age", seconds(client.connected_micros));
  number("idle", seconds(client.last_interaction_micros));
  field("flags", client.flags);
  number("db", client.db);
  number("sub", client.channels);
  number("psub", client.patterns);
  number("ssub", client.shard_channels);
  number("multi", client.multi);
  number("qbuf", client.query_buffer);
  number("qbuf-free", client.query_buffer_free);
  number("argv-mem", client.argv_memory);
  number("multi-mem", client.multi_memory);
  number("rbs", listed ? kOwnBufferBytes : client.output_memory);
  number("rbp", std::min(kOwnBufferBytes, std::max(client.output_peak, client.output_length)));
  number("obl", listed ? 0 : client.output_length);
  number("oll", listed ? 1 + client.output_length / kOwnBufferBytes : 0);
  number("omem", listed ? client.output_memory : 0);
  number("tot-mem", client.total_memory);
  field("events", client.writable_wanted ? "rw" : "r");
  field("cmd", client.last_command);
  field("user", client.user);
  field("redir", client.tracking ? std::to_string(client.tracking_redirect) : "-1");
  number("resp", client.protocol);
  field("lib-name", client.library_name);
  field("lib-ver", client.library_version);
  number("watch", client.watched);
  number("tot-net-in", client.input_bytes);
  number("tot-net-out", client.output_bytes);
  number("tot-cmds", client.commands);
  return line + '\n';
}

}  // namespace tusk::engine
