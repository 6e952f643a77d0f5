#include "engine/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/network_settings.h"
#include "engine/settings_binding.h"
#include "store/events.h"
#include "store/settings.h"

namespace tusk::engine {
namespace {

std::string Value(const Config& config, std::string_view name) {
  std::string_view patterns[] = {name};
  auto found = config.Get(patterns);
  return found.size() == 1 ? found[0].second : "(" + std::to_string(found.size()) + " found)";
}

std::string Set(Config& config, std::vector<std::string_view> pairs, bool protected_allowed = false) {
  base::Status status = config.Set(pairs, protected_allowed);
  return status.ok() ? "OK" : status.message();
}

constexpr std::string_view kFailed = "ERR CONFIG SET failed (possibly related to argument '";

std::string Failed(std::string_view name, std::string_view reason) {
  return std::string(kFailed) + std::string(name) + "') - " + std::string(reason);
}

TEST(Config, EveryDefaultIsValidAndShown) {
  Config config;
  std::string_view all[] = {"*"};
  EXPECT_GT(config.Get(all).size(), 150u);
  EXPECT_EQ(Value(config, "maxmemory-policy"), "noeviction");
  EXPECT_EQ(Value(config, "proto-max-bulk-len"), "536870912");
  EXPECT_EQ(Value(config, "client-output-buffer-limit"),
            "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60");
  EXPECT_EQ(Value(config, "save"), "3600 1 300 100 60 10000");
}

TEST(Config, WhatGetListsSetAccepts) {
  Config config;
  std::string_view all[] = {"*"};
  for (const auto& [name, value] : config.Get(all)) {
    std::string reply = Set(config, {name, value}, true);
    bool immutable = reply == Failed(name, "can't set immutable config");
    EXPECT_TRUE(reply == "OK" || immutable || name == "dir" || name == "replicaof") << name << ": " << reply;
  }
}

TEST(Config, HiddenSettingsShowOnlyToTheirName) {
  Config config;
  EXPECT_EQ(Value(config, "rdb-key-save-delay"), "0");
  EXPECT_EQ(Value(config, "rdb-key-save*"), "(0 found)");
}

TEST(Config, AliasesAreTheSameSetting) {
  Config config;
  EXPECT_EQ(Set(config, {"hash-max-ziplist-entries", "7"}), "OK");
  EXPECT_EQ(Value(config, "hash-max-listpack-entries"), "7");
  EXPECT_EQ(Value(config, "HASH-max-ziplist-entries"), "7");
  EXPECT_EQ(config.Number("hash-max-listpack-entries"), 7);
}

TEST(Config, SetSaysWhyItRefuses) {
  Config config;
  EXPECT_EQ(Set(config, {"foo", "bar"}), "ERR Unknown option or number of arguments for CONFIG SET - 'foo'");
  EXPECT_EQ(Set(config, {"timeout"}), "ERR syntax error");
  EXPECT_EQ(Set(config, {"databases", "3"}), Failed("databases", "can't set immutable config"));
  EXPECT_EQ(Set(config, {"dir", "/tmp"}), Failed("dir", "can't set protected config"));
  EXPECT_EQ(Set(config, {"timeout", "1", "TIMEOUT", "2"}), Failed("TIMEOUT", "duplicate parameter"));
  EXPECT_EQ(Set(config, {"timeout", "x"}), Failed("timeout", "argument couldn't be parsed into an integer"));
  EXPECT_EQ(Set(config, {"timeout", "-1"}),
            Failed("timeout", "argument must be between 0 and 2147483647 inclusive"));
  EXPECT_EQ(Set(config, {"appendonly", "x"}), Failed("appendonly", "argument must be 'yes' or 'no'"));
  EXPECT_EQ(Set(config, {"maxmemory", "-1"}), Failed("maxmemory", "argument must be a memory value"));
  EXPECT_EQ(Set(config, {"maxmemory-clients", "101%"}),
            Failed("maxmemory-clients", "percentage argument must be less or equal to 100"));
  EXPECT_EQ(Set(config, {"appendfsync", "x"}),
            Failed("appendfsync", "argument(s) must be one of the following: everysec, always, no"));
  EXPECT_EQ(Set(config, {"save", "1"}), Failed("save", "Invalid save parameters"));
  EXPECT_EQ(Set(config, {"notify-keyspace-events", "q"}),
            Failed("notify-keyspace-events", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."));
  EXPECT_EQ(Set(config, {"client-output-buffer-limit", "normal 1 1"}),
            Failed("client-output-buffer-limit", "Wrong number of arguments in buffer limit configuration."));
}

TEST(Config, ChangesAreAllOrNothing) {
  Config config;
  EXPECT_NE(Set(config, {"timeout", "5", "maxmemory", "x"}), "OK");
  EXPECT_EQ(Value(config, "timeout"), "0");
}

TEST(Config, ARefusingHookBringsTheOldValuesBack) {
  Config config;
  int64_t timeout = -1;
  config.OnChange("timeout", [&](const SettingValue& value) {
    timeout = value.number;
    return base::Status::Ok();
  });
  config.OnChange("port", [](const SettingValue& value) {
    return value.number == 1 ? base::Status::Invalid("no") : base::Status::Ok();
  });
  EXPECT_EQ(Set(config, {"timeout", "5", "port", "1"}), Failed("port", "no"));
  EXPECT_EQ(Value(config, "timeout"), "0");
  EXPECT_EQ(timeout, 0);
}

TEST(Config, SpellsCompositeValuesCanonically) {
  Config config;
  EXPECT_EQ(Set(config, {"notify-keyspace-events", "KEAn"}), "OK");
  EXPECT_EQ(Value(config, "notify-keyspace-events"), "AKEn");
  EXPECT_EQ(config.Number("notify-keyspace-events"),
            store::kEventAll | store::kEventKeyspace | store::kEventKeyevent | store::kEventNew);
  EXPECT_EQ(Set(config, {"client-output-buffer-limit", "replica 1kb 2 3"}), "OK");
  EXPECT_EQ(Value(config, "client-output-buffer-limit"),
            "normal 0 0 0 slave 1024 2 3 pubsub 33554432 8388608 60");
  EXPECT_EQ(Set(config, {"save", ""}), "OK");
  EXPECT_EQ(Value(config, "save"), "");
  EXPECT_EQ(Set(config, {"save", "10 1  20 2"}), "OK");
  EXPECT_EQ(Value(config, "save"), "10 1 20 2");
  EXPECT_EQ(Set(config, {"shutdown-on-sigint", "force nosave"}), "OK");
  EXPECT_EQ(Value(config, "shutdown-on-sigint"), "nosave force");
  EXPECT_EQ(Set(config, {"maxmemory-clients", "5%"}), "OK");
  EXPECT_EQ(Value(config, "maxmemory-clients"), "5%");
}

TEST(Config, BindingCarriesValuesToTheSettings) {
  Config config;
  store::Settings settings;
  NetworkSettings network;
  BindSettings(config, settings, network);
  EXPECT_TRUE(config.ApplyAll().ok());
  EXPECT_EQ(settings.hash_max_listpack_entries.get(), 512u);
  EXPECT_EQ(Set(config, {"maxmemory", "1mb", "maxmemory-policy", "allkeys-lfu"}), "OK");
  EXPECT_EQ(settings.maxmemory.get(), 1u << 20);
  EXPECT_EQ(settings.maxmemory_policy.get(), store::EvictionPolicy::kAllKeysLfu);
  EXPECT_EQ(Set(config, {"client-output-buffer-limit", "pubsub 5 6 7", "requirepass", "x"}), "OK");
  EXPECT_EQ(network.pubsub_output.soft_seconds.get(), 7);
}

// ---- Files and options ----

std::string Load(Config& config, std::string_view text) {
  base::Status status = config.LoadText(text, "the file");
  return status.ok() ? "OK" : status.message();
}

TEST(ConfigLoad, ReadsDirectivesQuotesAndComments) {
  Config config;
  EXPECT_EQ(Load(config,
                 "# comment\n\n  PORT 7000\r\nlogfile \"a b\"\nsave 1 2\nsave 3 4\nrename-command get fetch\n"
                 "shutdown-on-sigterm \"nosave now\"\n"),
            "OK");
  EXPECT_EQ(config.Number("port"), 7000);
  EXPECT_EQ(config.Text("logfile"), "a b");
  EXPECT_EQ(config.Text("save"), "1 2 3 4");
  EXPECT_EQ(config.Text("shutdown-on-sigterm"), "nosave now");
  ASSERT_EQ(config.renamed_commands().size(), 1u);
  EXPECT_EQ(config.renamed_commands()[0].second, "fetch");
}

TEST(ConfigLoad, WrongDirectivesNameLineReasonAndNearestName) {
  Config config;
  std::string message = Load(config, "port 1\nmaxmemoryy 5\n");
  EXPECT_NE(message.find("*** FATAL CONFIG FILE ERROR (Tusk"), std::string::npos) << message;
  EXPECT_NE(message.find("at line 2\n>>> 'maxmemoryy 5'\n"), std::string::npos) << message;
  EXPECT_NE(message.find("Bad directive or wrong number of arguments. Did you mean 'maxmemory'?"),
            std::string::npos);
  EXPECT_EQ(Load(config, "qwertyuiop 1").find("Did you mean"), std::string::npos);
  EXPECT_NE(Load(config, "port 1 2").find("wrong number of arguments"), std::string::npos);
  EXPECT_NE(Load(config, "port \"1").find("Unbalanced quotes in configuration line"), std::string::npos);
  EXPECT_NE(Load(config, "replicaof 127.0.0.1 abc").find("Invalid master port"), std::string::npos);
  EXPECT_EQ(Load(config, "replicaof 127.0.0.1 6379"), "OK");
  EXPECT_NE(Load(config, "cluster-enabled yes").find("not available in this version"), std::string::npos);
  EXPECT_NE(Load(config, "loadmodule /x.so").find("not available in this version"), std::string::npos);
  EXPECT_NE(Load(config, "include /nowhere/x.conf").find("can't open config file '/nowhere/x.conf'"),
            std::string::npos);
}

TEST(ConfigLoad, OptionsAreReadInAllTheirForms) {
  auto load = [](std::vector<std::string_view> options) {
    auto config = std::make_unique<Config>();
    base::Status status = config->LoadOptions(options);
    EXPECT_TRUE(status.ok()) << status.message();
    return config;
  };
  EXPECT_EQ(load({"--port", "7000", "--timeout", "3"})->Number("timeout"), 3);
  EXPECT_EQ(load({"--port 7000", "--timeout", "3"})->Number("port"), 7000);
  EXPECT_EQ(load({"--save", "100 100"})->Text("save"), "100 100");
  EXPECT_EQ(load({"--save 100 100", "--save 5 5"})->Text("save"), "100 100 5 5");
  EXPECT_EQ(load({"--save"})->Text("save"), "");
  EXPECT_EQ(load({"--save", "--port", "1"})->Text("save"), "");
  EXPECT_EQ(load({"--save", ""})->Text("save"), "");
  EXPECT_EQ(load({"shutdown-on-sigint", "nosave force"})->Text("shutdown-on-sigint"), "nosave force");
  EXPECT_EQ(load({"--logfile", "--dashed"})->Text("logfile"), "--dashed");
  EXPECT_EQ(load({"--requirepass", "it's \"x\""})->Text("requirepass"), "it's \"x\"");
}

TEST(ConfigLoad, TheFirstSaveOfFileAndOptionsReplacesTheDefault) {
  Config config;
  ASSERT_EQ(Load(config, "save 900 1\n"), "OK");
  std::string_view options[] = {"--save", "100", "100"};
  ASSERT_TRUE(config.LoadOptions(options).ok());
  EXPECT_EQ(config.Text("save"), "900 1 100 100");
}

TEST(ConfigLoad, NamesAreOfferedToADirectiveWithoutAny) {
  Config config;
  EXPECT_NE(Load(config, "shutdown-on-sigint\n").find("argument(s) must be one of the following: default, save"),
            std::string::npos);
}

TEST(ConfigLoad, ARelativeDirIsKeptAbsolute) {
  std::string before = CurrentDirectory();
  ASSERT_EQ(::chdir("/"), 0);
  Config config;
  EXPECT_EQ(Load(config, "dir tmp\n"), "OK");
  EXPECT_EQ(config.Text("dir"), "/tmp");
  ASSERT_EQ(::chdir(before.c_str()), 0);
}

std::string Slurp(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class ConfigRewrite : public testing::Test {
 protected:
  ConfigRewrite() {
    char name[] = "/tmp/tusk_config_test_XXXXXX";
    int fd = ::mkstemp(name);
    EXPECT_GE(fd, 0);
    ::close(fd);
    path_ = name;
  }
  ~ConfigRewrite() override { ::unlink(path_.c_str()); }
  std::string path_;
};

TEST_F(ConfigRewrite, NeedsAFile) {
  Config config;
  EXPECT_EQ(config.Rewrite().message(), "ERR The server is running without a config file");
}

TEST_F(ConfigRewrite, KeepsCommentsAndOrderAndAddsWhatDiffers) {
  std::ofstream(path_) << "# mine\ntimeout 5\n\nsave 1 2\nsave 3 4\nrename-command get x\nmaxmemory 100\n";
  Config config;
  ASSERT_TRUE(config.LoadFile(path_).ok());
  ASSERT_EQ(
      Set(config, {"timeout", "9", "save", "7 8", "maxmemory", "2mb", "hz", "20", "requirepass", "a b"}),
      "OK");
  ASSERT_TRUE(config.Rewrite().ok());
  EXPECT_EQ(Slurp(path_),
            "# mine\ntimeout 9\n\nsave 7 8\nrename-command get x\nmaxmemory 2mb\n"
            "# Generated by CONFIG REWRITE\nhz 20\nrequirepass \"a b\"\n");
  Config again;
  ASSERT_TRUE(again.LoadFile(path_).ok());
  EXPECT_EQ(Value(again, "requirepass"), "a b");
  std::string first = Slurp(path_);
  ASSERT_TRUE(again.Rewrite().ok());
  EXPECT_EQ(Slurp(path_), first);
}

}  // namespace
}  // namespace tusk::engine
