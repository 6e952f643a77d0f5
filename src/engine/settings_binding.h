// Carries configuration values into the numbers that the store, the commands and the connections read.
// Threads: hooks run in the thread that changes a setting. Owns: nothing.
#pragma once

namespace tusk::store {
struct Settings;
}

namespace tusk::repl {
class Feed;
class Link;
}

namespace tusk::engine {

class Config;
struct NetworkSettings;

// The settings must outlive the config.
void BindSettings(Config& config, store::Settings& settings, NetworkSettings& network);
void BindFeed(Config& config, repl::Feed& feed);
void BindLink(Config& config, repl::Link& link);

}  // namespace tusk::engine
