#include "engine/command_groups.h"

#include "engine/acl_commands.h"
#include "engine/cluster_commands.h"
#include "engine/connection_commands.h"
#include "engine/persistence_commands.h"
#include "engine/observation_commands.h"
#include "engine/server_commands.h"
#include "engine/transactions.h"
#include "families/bitmaps.h"
#include "families/geo.h"
#include "families/hashes.h"
#include "families/hyperloglogs.h"
#include "families/json.h"
#include "families/sets.h"
#include "families/strings.h"
#include "families/typed.h"
#include "families/lists.h"
#include "families/zsets.h"
#include "families/streams.h"
#include "families/keys.h"
#include "families/keyspace.h"
#include "families/transfer.h"
#include "miniredis/verbs.h"
#include "pubsub/commands.h"
#include "repl/commands.h"
#include "script/scripting.h"

namespace tusk::engine {

std::vector<std::span<const command::CommandSpec>> CommandGroups() {
  return {
      families::StringsRows(),
      families::BitmapsRows(),
      families::HyperloglogsRows(),
      families::GeoRows(),
      families::HashesRows(),
      families::HashesExpireRows(),
      families::SetsRows(),
      TransactionsRows(),
      families::ListsRows(),
      families::ZsetsRows(),
      families::StreamsRows(),
      families::JsonRows(),
      families::TypedRows(),
      miniredis::MiniRows(),
      families::KeysRows(),
      families::KeyspaceRows(),
      families::TransferRows(),
      pubsub::PubsubRows(),
      repl::ReplicationRows(),
      ConnectionRows(),
      ClusterRows(),
      ServerRows(),
      PersistenceRows(),
      ObservationRows(),
      AclRows(),
      script::ScriptingRows(),
  };
}

}  // namespace tusk::engine
