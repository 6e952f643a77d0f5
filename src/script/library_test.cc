// Libraries in several interpreters, and the registry's rules.
#include <gtest/gtest.h>

#include "resp/output_buffer.h"
#include "script/fake_caller.h"
#include "script/interpreter.h"
#include "script/library_registry.h"

namespace tusk::script {
namespace {

std::shared_ptr<Library> MakeLibrary(Interpreter& interpreter, uint64_t id, const std::string& code) {
  auto header = ParseLibraryHeader(code);
  if (!header) return nullptr;
  auto library = std::make_shared<Library>(id, header->name, code, header->code_offset);
  auto functions = interpreter.Load(*library);
  if (!functions) return nullptr;
  library->SetFunctions(*std::move(functions));
  return library;
}

std::string Call(Interpreter& interpreter, const Library& library, size_t function) {
  FakeCaller caller;
  resp::OutputBuffer out;
  resp::Reply reply(out, 2);
  interpreter.RunFunction({library, *library.functions()[function], {}, {}}, caller, reply);
  return out.ToString();
}

TEST(Libraries, AnInterpreterThatHasNotSeenThemLoadsThemWhenCalled) {
  Interpreter first;
  Interpreter second;
  const auto library = MakeLibrary(first, 1, "#!lua name=l\nlocal n = {0}\nredis.register_function('f', function() "
                                             "n[1] = n[1] + 1 return n[1] end)");
  ASSERT_TRUE(library);
  EXPECT_EQ(Call(first, *library, 0), ":1\r\n");
  EXPECT_EQ(Call(first, *library, 0), ":2\r\n");
  EXPECT_EQ(Call(second, *library, 0), ":1\r\n");  // Its Lua variables are its own.
  EXPECT_EQ(Call(first, *library, 0), ":3\r\n");
}

TEST(Libraries, RunsInProgressKeepTheirVersion) {
  Interpreter interpreter;
  const auto one = MakeLibrary(interpreter, 1, "#!lua name=l\nredis.register_function('f', function() return 1 end)");
  const auto two = MakeLibrary(interpreter, 2, "#!lua name=l\nredis.register_function('f', function() return 2 end)");
  ASSERT_TRUE(one && two);
  EXPECT_EQ(Call(interpreter, *two, 0), ":2\r\n");
  EXPECT_EQ(Call(interpreter, *one, 0), ":1\r\n");
  EXPECT_EQ(Call(interpreter, *two, 0), ":2\r\n");
}

TEST(LibraryRegistry, ARefusedLibraryLeavesEverythingAsItWas) {
  LibraryRegistry registry;
  auto make = [&](std::string name, std::vector<std::string> functions) {
    auto library = std::make_shared<Library>(registry.NextId(), std::move(name), "", 0);
    std::vector<FunctionSpec> specs;
    for (std::string& function : functions) specs.push_back({std::move(function), {}, 0});
    library->SetFunctions(std::move(specs));
    return library;
  };
  const auto a = make("a", {"f", "g"});
  EXPECT_TRUE(registry.Add(a, false).ok());
  EXPECT_FALSE(registry.Add(make("a", {"h"}), false).ok());
  EXPECT_FALSE(registry.Add(make("b", {"h", "F"}), false).ok());
  EXPECT_EQ(registry.Find("F").library, a);
  EXPECT_EQ(registry.Find("h").library, nullptr);
  EXPECT_EQ(registry.counts().functions, 2u);
  EXPECT_TRUE(registry.Add(make("a", {"g", "h"}), true).ok());
  EXPECT_EQ(registry.Find("f").library, nullptr);
  EXPECT_NE(registry.Find("h").library, nullptr);
  EXPECT_TRUE(registry.Delete("a"));
  EXPECT_FALSE(registry.Delete("a"));
  EXPECT_EQ(registry.counts().functions, 0u);
}

}  // namespace
}  // namespace tusk::script
