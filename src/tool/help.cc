#include "tool/help.h"

namespace tusk::tool {

std::string_view Help() noexcept {
  return "Usage: tusk COMMAND [options]\n"
         "\n"
         "  check    verify RDB files and append logs, and repair the latter\n"
         "  import   bring data in from a file or from a server that runs\n"
         "  export   write the data of a server that runs to an RDB file\n"
         "\n"
         "  tusk COMMAND --help   says more, with examples\n"
         "  tusk --version\n";
}

std::string_view CheckHelp() noexcept {
  return "Usage: tusk check FILE|DIRECTORY... [--fix]\n"
         "\n"
         "Reads the files of a server as the server would, says what they hold and what is wrong with them, and at which byte.\n"
         "Takes an RDB file, an append file, the directory of an append log (with its manifest), or a server's directory.\n"
         "\n"
         "  --fix   cut an append file where its whole commands end; the file as it was stays beside it as NAME.damaged\n"
         "\n"
         "Exit status: 0 all is whole (now), 1 something is damaged or cannot be read, 2 wrong usage.\n"
         "\n"
         "Examples:\n"
         "  tusk check /var/lib/redis/dump.rdb\n"
         "  tusk check /var/lib/redis                      everything in a server's directory\n"
         "  tusk check --fix /var/lib/redis/appendonlydir\n";
}

std::string_view ImportHelp() noexcept {
  return "Usage: tusk import SOURCE --to TARGET [--replace] [--sync | --scan]\n"
         "\n"
         "  SOURCE      FILE.rdb, an append log's directory or file, or redis://[[user]:password@]host[:port][/database]\n"
         "  TARGET      redis://... for a server that runs, or a directory, which gets a dump.rdb (an append log is copied)\n"
         "  --replace   keys (or the dump.rdb) that are there already are replaced; otherwise they stay\n"
         "  --sync      read a server as a replica does: one moment of time. The default where the server permits it\n"
         "  --scan      walk a server's keys instead; each key has its value of some moment during the walk\n"
         "\n"
         "A database in SOURCE's address leaves the others out; one in TARGET's address takes all keys.\n"
         "\n"
         "Exit status: 0 everything got over, 1 not everything (keys that were there already count), 2 wrong usage.\n"
         "\n"
         "Examples:\n"
         "  tusk import /var/lib/redis/dump.rdb --to redis://localhost:7000\n"
         "  tusk import /var/lib/redis/appendonlydir --to redis://localhost:7000\n"
         "  tusk import redis://:secret@old-server:6379 --to redis://localhost:7000\n"
         "  tusk import redis://old-server --to /var/lib/tusk      then start tusk-server there\n";
}

std::string_view ExportHelp() noexcept {
  return "Usage: tusk export redis://[[user]:password@]host[:port][/database] FILE.rdb [--replace] [--sync | --scan]\n"
         "\n"
         "Writes the data of a server that runs to an RDB file that Tusk and Redis (from 7.0 on) read. The file appears whole or\n"
         "not at all. --sync and --scan are those of `tusk import`; --replace lets an older file go.\n"
         "\n"
         "Example:\n"
         "  tusk export redis://localhost:6379 backup.rdb && tusk check backup.rdb\n";
}

std::string_view VersionLine() noexcept { return "tusk 0.1.0"; }

}  // namespace tusk::tool
