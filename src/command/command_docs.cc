#include "command/command_docs.h"

#include <string>
#include <vector>

#include "base/check.h"
#include "command/argument_syntax.h"
#include "command/command_table.h"
#include "command/spec_names.h"
#include "resp/reply.h"

namespace tusk::command {
namespace {

using resp::Reply;

void WriteNames(uint32_t bits, std::span<const BitName> names, std::string_view prefix, Reply& reply) {
  size_t count = 0;
  for (const BitName& name : names) count += (bits & name.bit) != 0;
  reply.SetHeader(count);
  for (const BitName& name : names) {
    if (bits & name.bit) reply.Simple(std::string(prefix) + std::string(name.name));
  }
}

void WriteField(std::string_view name, std::string_view value, Reply& reply) {
  reply.Bulk(name);
  reply.Bulk(value);
}

void WriteNumber(std::string_view name, int64_t value, Reply& reply) {
  reply.Bulk(name);
  reply.Integer(value);
}

void WriteBegin(const KeySpec& spec, Reply& reply) {
  reply.MapHeader(2);
  switch (spec.begin) {
    case KeySpec::Begin::kIndex:
      WriteField("type", "index", reply);
      reply.Bulk("spec");
      reply.MapHeader(1);
      WriteNumber("index", spec.index, reply);
      break;
    case KeySpec::Begin::kKeyword:
      WriteField("type", "keyword", reply);
      reply.Bulk("spec");
      reply.MapHeader(2);
      WriteField("keyword", spec.keyword, reply);
      WriteNumber("startfrom", spec.index, reply);
      break;
    case KeySpec::Begin::kUnknown:
      WriteField("type", "unknown", reply);
      reply.Bulk("spec");
      reply.MapHeader(0);
      break;
  }
}

void WriteFind(const KeySpec& spec, Reply& reply) {
  reply.MapHeader(2);
  switch (spec.find) {
    case KeySpec::Find::kRange:
      WriteField("type", "range", reply);
      reply.Bulk("spec");
      reply.MapHeader(3);
      WriteNumber("lastkey", spec.last, reply);
      WriteNumber("keystep", spec.step, reply);
      WriteNumber("limit", spec.limit, reply);
      break;
    case KeySpec::Find::kKeyNum:
      WriteField("type", "keynum", reply);
      reply.Bulk("spec");
      reply.MapHeader(3);
      WriteNumber("keynumidx", spec.key_num_index, reply);
      WriteNumber("firstkey", spec.first_key, reply);
      WriteNumber("keystep", spec.step, reply);
      break;
    case KeySpec::Find::kUnknown:
      WriteField("type", "unknown", reply);
      reply.Bulk("spec");
      reply.MapHeader(0);
      break;
  }
}

void WriteKeySpec(const KeySpec& spec, Reply& reply) {
  reply.MapHeader(spec.notes.empty() ? 3 : 4);
  if (!spec.notes.empty()) WriteField("notes", spec.notes, reply);
  reply.Bulk("flags");
  WriteKeyFlags(spec.flags, reply);
  reply.Bulk("begin_search");
  WriteBegin(spec, reply);
  reply.Bulk("find_keys");
  WriteFind(spec, reply);
}

void WriteArguments(const std::vector<Argument>& arguments, Reply& reply);

void WriteArgument(const Argument& argument, Reply& reply) {
  bool group = argument.type == ArgumentType::kOneOf || argument.type == ArgumentType::kBlock;
  bool flags = argument.optional || argument.multiple || argument.multiple_token;
  reply.MapHeader(size_t{3} + (argument.key_spec >= 0) + !argument.token.empty() + !argument.since.empty() +
                  !argument.deprecated_since.empty() + flags);
  WriteField("name", argument.name, reply);
  WriteField("type", ArgumentTypeName(argument.type), reply);
  if (!group) WriteField("display_text", argument.display_text(), reply);
  if (argument.key_spec >= 0) WriteNumber("key_spec_index", argument.key_spec, reply);
  if (!argument.token.empty()) WriteField("token", argument.token, reply);
  if (!argument.since.empty()) WriteField("since", argument.since, reply);
  if (!argument.deprecated_since.empty()) WriteField("deprecated_since", argument.deprecated_since, reply);
  if (flags) {
    reply.Bulk("flags");
    reply.SetHeader(size_t{0} + argument.optional + argument.multiple + argument.multiple_token);
    if (argument.optional) reply.Simple("optional");
    if (argument.multiple) reply.Simple("multiple");
    if (argument.multiple_token) reply.Simple("multiple_token");
  }
  if (group) {
    reply.Bulk("arguments");
    WriteArguments(argument.children, reply);
  }
}

void WriteArguments(const std::vector<Argument>& arguments, Reply& reply) {
  reply.ArrayHeader(arguments.size());
  for (const Argument& argument : arguments) WriteArgument(argument, reply);
}

void WriteHistory(std::span<const History> history, Reply& reply) {
  reply.Bulk("history");
  reply.SetHeader(history.size());
  for (const History& entry : history) {
    reply.ArrayHeader(2);
    reply.Bulk(entry.since);
    reply.Bulk(entry.change);
  }
}

// DEBUG is for those who test the server, which the documentation says with a flag.
bool IsSystemCommand(const CommandSpec& spec) noexcept {
  return spec.name == "debug" || spec.name == "pfdebug" || spec.name == "pfselftest" || spec.name == "replconf" ||
         spec.name == "restore-asking";
}

}  // namespace

void WriteKeyFlags(unsigned flags, Reply& reply) { WriteNames(flags, KeyFlagNames(), "", reply); }

void WriteCommandInfo(const Command* command, Reply& reply) {
  if (command == nullptr) return reply.Null();
  const CommandSpec& spec = *command->spec;
  reply.ArrayHeader(10);
  reply.Bulk(command->parent ? command->full_name : command->name);
  reply.Integer(command->arity);
  WriteNames(command->flags, FlagNames(), "", reply);
  reply.Integer(command->first_key);
  reply.Integer(command->last_key);
  reply.Integer(command->key_step);
  WriteNames(command->categories, CategoryNames(), "@", reply);
  reply.SetHeader(spec.tips.size());
  for (std::string_view tip : spec.tips) reply.Bulk(tip);
  reply.SetHeader(spec.keys.size());
  for (const KeySpec& key : spec.keys) WriteKeySpec(key, reply);
  if (command->subcommands.empty()) return reply.SetHeader(0);
  reply.ArrayHeader(command->subcommands.size());
  for (const Command* child : command->subcommands) WriteCommandInfo(child, reply);
}

void WriteCommandDocs(const Command& command, Reply& reply) {
  const CommandSpec& spec = *command.spec;
  auto arguments = ParseArguments(spec.arguments);
  CHECK(arguments.has_value());  // Rows are ours; a test parses every one.
  bool deprecated = !spec.deprecated_since.empty();
  bool system = IsSystemCommand(spec);
  reply.MapHeader(size_t{3} + !spec.complexity.empty() + (deprecated || system) + deprecated +
                  !spec.replaced_by.empty() + !spec.history.empty() + !arguments->empty() +
                  !command.subcommands.empty());
  WriteField("summary", spec.summary, reply);
  WriteField("since", spec.since, reply);
  WriteField("group", spec.group, reply);
  if (!spec.complexity.empty()) WriteField("complexity", spec.complexity, reply);
  if (deprecated || system) {
    reply.Bulk("doc_flags");
    reply.SetHeader(size_t{0} + deprecated + system);
    if (deprecated) reply.Simple("deprecated");
    if (system) reply.Simple("syscmd");
  }
  if (deprecated) WriteField("deprecated_since", spec.deprecated_since, reply);
  if (!spec.replaced_by.empty()) WriteField("replaced_by", spec.replaced_by, reply);
  if (!spec.history.empty()) WriteHistory(spec.history, reply);
  if (!arguments->empty()) {
    reply.Bulk("arguments");
    WriteArguments(*arguments, reply);
  }
  if (command.subcommands.empty()) return;
  reply.Bulk("subcommands");
  reply.MapHeader(command.subcommands.size());
  for (const Command* child : command.subcommands) {
    reply.Bulk(child->full_name);
    WriteCommandDocs(*child, reply);
  }
}

}  // namespace tusk::command
