// The file of users (aclfile): one "user NAME RULE..." per line.
// Threads: any; the table orders changes. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "engine/acl_users.h"

namespace tusk::engine {

// All errors of all lines in one message, as Redis words them. `path` is what the messages call it.
base::Result<UserTable::Users> ParseAclFile(std::string_view text, const std::string& path, const RuleContext& context);
// Puts the file's users in place of all; with an error nothing changes.
base::Status LoadAclFile(UserTable& users, const std::string& path, uint64_t caller_id);
// A crash leaves either the old or the new file.
base::Status SaveAclFile(const UserTable& users, const std::string& path);

}  // namespace tusk::engine
