// Requests of the mini-Redis port as commands: every one becomes MINI with a verb and its arguments, or MINI REFUSE; every value
// among the arguments is refused or a document whose exact spelling reads back as an equal one.
#include <string>

#include "base/check.h"
#include "miniredis/frame.h"
#include "miniredis/request.h"
#include "resp/request_parser.h"

namespace {

namespace miniredis = tusk::miniredis;

constexpr size_t kDepthMax = 32;

void CheckValue(std::string_view frame) {
  auto document = miniredis::DocumentFromFrame(frame, kDepthMax);
  if (!document) return;
  CHECK(document->view().Depth() <= kDepthMax);
  auto scalar = miniredis::ScalarInFrame(frame);
  CHECK(!scalar || *scalar == document->view());
  auto again = miniredis::DocumentFromFrame(miniredis::ExactFrameOf(document->view()), kDepthMax);
  CHECK(again.has_value());
  CHECK(*again == *document);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  CheckValue({reinterpret_cast<const char*>(data), size});
  tusk::resp::RequestParser parser;
  parser.set_mini();
  parser.Feed({reinterpret_cast<const char*>(data), size});
  miniredis::RequestTranslator translator;
  while (parser.ParseBatch() > 0) {
    translator.Reset();
    while (parser.request_count() > 0) {
      tusk::command::Argv argv = translator.Translate(parser.Take()[0]);
      CHECK(argv.size() >= 2);
      CHECK(argv[0] == "MINI");
      if (argv[1] == "REFUSE") {
        CHECK(argv.size() == 4);
        continue;
      }
      const miniredis::Verb* verb = miniredis::FindVerb(argv[1]);
      CHECK(verb != nullptr);
      CHECK(argv[miniredis::kKindArg] == "t" || argv[miniredis::kKindArg] == "b");
      if (verb->shape != miniredis::Shape::kKey) continue;
      for (size_t i = miniredis::kFirstArg + 1; i < argv.size(); ++i) CheckValue(argv[i]);
    }
  }
  return 0;
}
