// Handlers of the verbs. What each takes and answers: docs/guide/miniredis.md.
// Threads: each runs on the worker that executes the command, under the locks that its row asks for. Owns: nothing.
#pragma once

namespace tusk::command {
class Context;
}

namespace tusk::miniredis {

// values.cc
void CmdAppend(command::Context& ctx);
void CmdDelete(command::Context& ctx);
void CmdExists(command::Context& ctx);
void CmdExpire(command::Context& ctx);
void CmdGet(command::Context& ctx);
void CmdGetset(command::Context& ctx);
void CmdMget(command::Context& ctx);
void CmdMpop(command::Context& ctx);
void CmdMset(command::Context& ctx);
void CmdMsetex(command::Context& ctx);
void CmdPop(command::Context& ctx);
void CmdSet(command::Context& ctx);
void CmdSetex(command::Context& ctx);
void CmdSetnx(command::Context& ctx);

// numbers.cc
void CmdDecr(command::Context& ctx);
void CmdDecrby(command::Context& ctx);
void CmdIncr(command::Context& ctx);
void CmdIncrby(command::Context& ctx);

// queues.cc
void CmdLflush(command::Context& ctx);
void CmdLindex(command::Context& ctx);
void CmdLlen(command::Context& ctx);
void CmdLpop(command::Context& ctx);
void CmdLpush(command::Context& ctx);
void CmdLrange(command::Context& ctx);
void CmdLrem(command::Context& ctx);
void CmdLset(command::Context& ctx);
void CmdLtrim(command::Context& ctx);
void CmdRpop(command::Context& ctx);
void CmdRpoplpush(command::Context& ctx);
void CmdRpush(command::Context& ctx);

// dicts.cc
void CmdHdel(command::Context& ctx);
void CmdHexists(command::Context& ctx);
void CmdHget(command::Context& ctx);
void CmdHgetall(command::Context& ctx);
void CmdHincrby(command::Context& ctx);
void CmdHkeys(command::Context& ctx);
void CmdHlen(command::Context& ctx);
void CmdHmget(command::Context& ctx);
void CmdHmset(command::Context& ctx);
void CmdHset(command::Context& ctx);
void CmdHsetnx(command::Context& ctx);
void CmdHvals(command::Context& ctx);

// sets.cc
void CmdSadd(command::Context& ctx);
void CmdScard(command::Context& ctx);
void CmdSdiff(command::Context& ctx);
void CmdSdiffstore(command::Context& ctx);
void CmdSinter(command::Context& ctx);
void CmdSinterstore(command::Context& ctx);
void CmdSismember(command::Context& ctx);
void CmdSmembers(command::Context& ctx);
void CmdSpop(command::Context& ctx);
void CmdSrem(command::Context& ctx);
void CmdSunion(command::Context& ctx);
void CmdSunionstore(command::Context& ctx);

// schedule.cc
void CmdAdd(command::Context& ctx);
void CmdFlushSchedule(command::Context& ctx);
void CmdLengthSchedule(command::Context& ctx);
void CmdRead(command::Context& ctx);

// database.cc
void CmdFlush(command::Context& ctx);
void CmdFlushall(command::Context& ctx);
void CmdInfo(command::Context& ctx);
void CmdLen(command::Context& ctx);
void CmdQuit(command::Context& ctx);
void CmdShutdown(command::Context& ctx);
void CmdRefuse(command::Context& ctx);
void CmdHelp(command::Context& ctx);

// files.cc
void CmdMerge(command::Context& ctx);
void CmdRestore(command::Context& ctx);
void CmdSave(command::Context& ctx);

}  // namespace tusk::miniredis
