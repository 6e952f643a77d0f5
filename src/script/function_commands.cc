// FUNCTION: loading, listing and deleting libraries, their way in and out as a payload, and what runs.
//
// What changes the set of libraries holds the lane, so that records of such changes come in the order in which they happened.
#include "base/text.h"
#include "codec/payload.h"
#include "codec/rdb_format.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "command/command_table.h"
#include "command/context.h"
#include "command/help.h"
#include "script/scripting.h"
#include "script/scripts.h"

namespace tusk::script {
namespace {

void ReplyFunctions(resp::Reply& reply, const Library& library) {
  reply.ArrayHeader(library.functions().size());
  for (const auto& function : library.functions()) {
    reply.MapHeader(3);
    reply.Bulk("name");
    reply.Bulk(function->name());
    reply.Bulk("description");
    if (function->description()) {
      reply.Bulk(*function->description());
    } else {
      reply.Null();
    }
    reply.Bulk("flags");
    const auto flags = NamesOfFlags(function->flags());
    reply.SetHeader(flags.size());
    for (const std::string_view flag : flags) reply.Simple(flag);
  }
}

void ReplyLibrary(resp::Reply& reply, const Library& library, bool with_code) {
  reply.MapHeader(with_code ? 4 : 3);
  reply.Bulk("library_name");
  reply.Bulk(library.name());
  reply.Bulk("engine");
  reply.Bulk("LUA");
  reply.Bulk("functions");
  ReplyFunctions(reply, library);
  if (!with_code) return;
  reply.Bulk("library_code");
  reply.Bulk(library.code());
}

// Runs the code once, so that its functions are known.
base::Result<LibraryPtr> MakeLibrary(Scripts& scripts, std::string_view code, const LibraryHeader& header) {
  auto library =
      std::make_shared<Library>(scripts.libraries().NextId(), header.name, std::string(code), header.code_offset);
  const InterpreterPool::Lease interpreter = scripts.function_pool().Acquire();
  ASSIGN_OR_RETURN(auto functions, interpreter->Load(*library));
  library->SetFunctions(std::move(functions));
  return library;
}

}  // namespace

base::Result<std::string> LoadLibrary(Scripts& scripts, std::string_view code, bool replace) {
  ASSIGN_OR_RETURN(LibraryHeader header, ParseLibraryHeader(code));
  LibraryRegistry& libraries = scripts.libraries();
  if (!replace && libraries.Knows(header.name)) {
    return base::Error(base::Status::Invalid("ERR Library '" + header.name + "' already exists"));
  }
  ASSIGN_OR_RETURN(LibraryPtr library, MakeLibrary(scripts, code, header));
  RETURN_IF_ERROR(libraries.Add(std::move(library), replace));
  return header.name;
}

namespace {

// payload = (kOpFunction, code) ..., version u16 LE, CRC-64 LE
base::Result<std::vector<LibraryPtr>> ReadLibraries(Scripts& scripts, std::string_view payload) {
  auto invalid = [](std::string_view text) { return base::Error(base::Status::Invalid(std::string(text))); };
  if (!codec::PayloadIsIntact(payload, /*ignore_checksum=*/false)) {
    return invalid("ERR DUMP payload version or checksum are wrong");
  }
  codec::Reader in(payload.substr(0, payload.size() - codec::kPayloadFooterBytes));
  std::vector<LibraryPtr> libraries;
  while (!in.at_end()) {
    if (in.Byte() != codec::kOpFunction) return invalid("ERR given type is not a function");
    const std::string code(in.Text());
    if (!in.ok()) return invalid("ERR Failed loading library data");
    ASSIGN_OR_RETURN(LibraryHeader header, ParseLibraryHeader(code));
    ASSIGN_OR_RETURN(LibraryPtr library, MakeLibrary(scripts, code, header));
    libraries.push_back(std::move(library));
  }
  return libraries;
}

}  // namespace

void CmdFunctionLoad(command::Context& ctx) {
  bool replace = false;
  for (size_t i = 2; i + 1 < ctx.argc(); ++i) {
    if (!ctx.ArgIs(i, "replace")) return ctx.reply().Error("ERR Unknown option given: " + std::string(command::UpToZeroByte(ctx.arg(i))));
    replace = true;
  }
  const auto name = LoadLibrary(*ctx.services().scripts, ctx.arg(ctx.argc() - 1), replace);
  if (!name) return ctx.reply().Error(name.error());
  ctx.transaction().AddDirty(1);
  ctx.reply().Bulk(*name);
}

void CmdFunctionDump(command::Context& ctx) {
  codec::StringSink sink;
  codec::Writer out(sink);
  for (const LibraryPtr& library : ctx.services().scripts->libraries().List()) {
    out.Byte(codec::kOpFunction);
    out.Text(library->code());
  }
  CHECK(out.Flush().ok());  // Into memory.
  std::string payload = sink.Take();
  codec::AppendPayloadFooter(payload);
  ctx.reply().Bulk(payload);
}

void CmdFunctionRestore(command::Context& ctx) {
  if (ctx.argc() > 4) {
    return ctx.reply().Error("ERR unknown subcommand or wrong number of arguments for 'restore'. Try FUNCTION HELP.");
  }
  auto policy = LibraryRegistry::RestorePolicy::kAppend;
  if (ctx.argc() == 4) {
    if (ctx.ArgIs(3, "flush")) {
      policy = LibraryRegistry::RestorePolicy::kFlush;
    } else if (ctx.ArgIs(3, "replace")) {
      policy = LibraryRegistry::RestorePolicy::kReplace;
    } else if (!ctx.ArgIs(3, "append")) {
      return ctx.reply().Error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
    }
  }
  Scripts& scripts = *ctx.services().scripts;
  const auto libraries = ReadLibraries(scripts, ctx.arg(2));
  if (!libraries) return ctx.reply().Error(libraries.error());
  const base::Status status = scripts.libraries().AddAll(*libraries, policy);
  if (!status.ok()) return ctx.reply().Error(status);
  if (policy != LibraryRegistry::RestorePolicy::kAppend) scripts.function_pool().Flush();
  ctx.transaction().AddDirty(1);
  ctx.reply().Ok();
}

void CmdFunctionDelete(command::Context& ctx) {
  Scripts& scripts = *ctx.services().scripts;
  if (!scripts.libraries().Delete(ctx.arg(2))) return ctx.reply().Error("ERR Library not found");
  scripts.function_pool().Flush();
  ctx.transaction().AddDirty(1);
  ctx.reply().Ok();
}

void CmdFunctionFlush(command::Context& ctx) {
  // Both modes take the same little time here: interpreters that are in use go when they come back.
  if (ctx.argc() > 3) {
    return command::ReplySubcommandError(ctx);
  }
  if (ctx.argc() == 3 && !ctx.ArgIs(2, "async") && !ctx.ArgIs(2, "sync")) {
    return ctx.reply().Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  }
  ctx.services().scripts->FlushLibraries();
  ctx.transaction().AddDirty(1);
  ctx.reply().Ok();
}

void CmdFunctionList(command::Context& ctx) {
  std::optional<std::string_view> pattern;
  bool with_code = false;
  for (size_t i = 2; i < ctx.argc(); ++i) {
    if (!with_code && ctx.ArgIs(i, "withcode")) {
      with_code = true;
    } else if (!pattern && ctx.ArgIs(i, "libraryname")) {
      if (++i >= ctx.argc()) return ctx.reply().Error("ERR library name argument was not given");
      pattern = ctx.arg(i);
    } else {
      return ctx.reply().Error("ERR Unknown argument " + std::string(command::UpToZeroByte(ctx.arg(i))));
    }
  }
  std::vector<LibraryPtr> libraries = ctx.services().scripts->libraries().List();
  if (pattern) {
    std::erase_if(libraries, [&](const LibraryPtr& library) {
      return !base::GlobMatch(*pattern, library->name(), /*ignore_case=*/true);
    });
  }
  ctx.reply().ArrayHeader(libraries.size());
  for (const LibraryPtr& library : libraries) ReplyLibrary(ctx.reply(), *library, with_code);
}

void CmdFunctionKill(command::Context& ctx) { ReplyKill(ctx, Scripts::Kind::kFunction); }

void CmdFunctionStats(command::Context& ctx) {
  Scripts& scripts = *ctx.services().scripts;
  resp::Reply& reply = ctx.reply();
  reply.MapHeader(2);
  reply.Bulk("running_script");
  if (const auto running = scripts.SlowFunction()) {
    reply.MapHeader(3);
    reply.Bulk("name");
    reply.Bulk(running->name);
    reply.Bulk("command");
    reply.ArrayHeader(running->command.size());
    for (const std::string& word : running->command) reply.Bulk(word);
    reply.Bulk("duration_ms");
    reply.Integer(running->duration.count());
  } else {
    reply.Null();
  }
  const LibraryRegistry::Counts counts = scripts.libraries().counts();
  reply.Bulk("engines");
  reply.MapHeader(1);
  reply.Bulk("LUA");
  reply.MapHeader(2);
  reply.Bulk("libraries_count");
  reply.Integer(static_cast<int64_t>(counts.libraries));
  reply.Bulk("functions_count");
  reply.Integer(static_cast<int64_t>(counts.functions));
}

void CmdFunctionHelp(command::Context& ctx) { command::ReplyHelp(ctx); }

}  // namespace tusk::script
