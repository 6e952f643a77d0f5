// SORT and SORT_RO.
//
// BY and GET name further keys, one per element, that nobody knows before the elements are read; with them the command
// takes the lane, in which their stripes may be locked on the way.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/text.h"
#include "command/access.h"
#include "command/context.h"
#include "command/worker.h"
#include "families/keys.h"
#include "families/limits.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Access;
using store::Entry;
using store::Key;
using store::Type;

struct SortOptions {
  bool descending = false;
  bool alpha = false;
  bool sorted = true;  // False with BY and a pattern that has no '*': the elements stay in their order.
  bool has_by = false;
  std::string_view by;
  int64_t offset = 0;
  int64_t count = -1;
  std::vector<std::string_view> gets;
  bool has_store = false;
  size_t store_argument = 0;
};

// BY and GET reach keys that no argument names, so they ask for the right to read all. False after the error reply.
bool MayReadAnyKey(Context& ctx, std::string_view option) {
  const command::Rights* rights = ctx.session().rights.get();
  if (!rights || rights->ReadsEveryKey(ctx.command(), ctx.args(), ctx.worker().key_refs)) return true;
  ctx.reply().Error("ERR " + std::string(option) + " option of SORT denied due to insufficient ACL permissions.");
  return false;
}

bool ParseSort(Context& ctx, bool may_store, SortOptions& options) {
  for (size_t i = 2; i < ctx.argc(); ++i) {
    size_t values = ctx.argc() - i - 1;
    if (ctx.ArgIs(i, "asc")) {
      options.descending = false;
    } else if (ctx.ArgIs(i, "desc")) {
      options.descending = true;
    } else if (ctx.ArgIs(i, "alpha")) {
      options.alpha = true;
    } else if (values >= 2 && ctx.ArgIs(i, "limit")) {
      std::optional<int64_t> offset = ctx.Integer(i + 1);
      if (!offset) return false;
      std::optional<int64_t> count = ctx.Integer(i + 2);
      if (!count) return false;
      options.offset = *offset;
      options.count = *count;
      i += 2;
    } else if (may_store && values >= 1 && ctx.ArgIs(i, "store")) {
      options.has_store = true;
      options.store_argument = ++i;
    } else if (values >= 1 && ctx.ArgIs(i, "by")) {
      options.by = ctx.arg(++i);
      options.has_by = true;
      if (options.by.find('*') == std::string_view::npos) {
        options.sorted = false;
      } else if (!MayReadAnyKey(ctx, "BY")) {
        return false;
      }
    } else if (values >= 1 && ctx.ArgIs(i, "get")) {
      if (!MayReadAnyKey(ctx, "GET")) return false;
      options.gets.push_back(ctx.arg(++i));
    } else {
      ctx.reply().Error(command::kSyntaxError);
      return false;
    }
  }
  return true;
}

// The text that a BY or GET pattern stands for with one element put in: "#", "weight_*", "object_*->field".
class Pattern {
 public:
  explicit Pattern(std::string_view text) {
    is_element_ = text == "#";
    size_t star = text.find('*');
    if (star == std::string_view::npos) return;
    has_star_ = true;
    prefix_ = text.substr(0, star);
    suffix_ = text.substr(star + 1);
    size_t arrow = suffix_.find("->");
    if (arrow != std::string_view::npos && arrow + 2 < suffix_.size()) {
      field_ = suffix_.substr(arrow + 2);
      suffix_ = suffix_.substr(0, arrow);
    }
  }

  // False when there is no such key, no such field, or a value of another type.
  bool Fetch(Context& ctx, const std::string& element, std::string& value) const {
    if (is_element_) {
      value = element;
      return true;
    }
    if (!has_star_) return false;
    std::string name;
    name.reserve(prefix_.size() + element.size() + suffix_.size());
    name.append(prefix_).append(element).append(suffix_);
    Key key = Key::Of(name);
    // Out of reach only in a script that promised to touch declared keys alone; to it, others do not exist.
    if (!ctx.transaction().Reach(key)) return false;
    Entry* entry = ctx.Lookup(key, Access::kRead);
    if (!entry) return false;
    if (!field_.empty()) {
      if (entry->type() != Type::kHash) return false;
      std::optional<types::Hash::Element> found = entry->object<types::Hash>().Get(field_);
      if (!found) return false;
      value = found->ToString();
      return true;
    }
    if (entry->type() != Type::kString) return false;
    Entry::TextBuffer buffer;
    value.assign(entry->text(buffer));
    return true;
  }

 private:
  bool is_element_ = false;
  bool has_star_ = false;
  std::string_view prefix_;
  std::string_view suffix_;
  std::string_view field_;
};

struct Element {
  std::string text;
  double score = 0;
  bool has_weight = false;  // With BY and ALPHA: the key was there.
  std::string weight{};
};

// Elements [begin, end) of what would be the whole result.
struct Window {
  size_t begin = 0;
  size_t end = 0;
};

Window WindowOf(const SortOptions& options, size_t size) noexcept {
  auto length = static_cast<int64_t>(size);
  int64_t begin = std::clamp<int64_t>(options.offset, 0, length);
  int64_t count = options.count < 0 ? length : std::min(options.count, length);
  return {static_cast<size_t>(begin), static_cast<size_t>(std::min(begin + count, length))};
}

// A list or sorted set in its own order, only the part that is asked for.
void LoadWindow(const Entry& entry, bool descending, Window window, std::vector<Element>& elements) {
  size_t length = entry.ElementCount();
  auto load = [&](auto cursor) {
    for (size_t left = window.end - window.begin; left > 0; --left) {
      if constexpr (requires { cursor.member(); }) {
        elements.push_back({.text = cursor.member().ToString()});
      } else {
        elements.push_back({.text = cursor.Get().ToString()});
      }
      descending ? cursor.Prev() : cursor.Next();
    }
  };
  if (window.begin >= window.end) return;
  size_t first = descending ? length - 1 - window.begin : window.begin;
  if (entry.type() == Type::kList) {
    load(entry.object<types::List>().Seek(static_cast<int64_t>(first)));
  } else {
    load(entry.object<types::ZSet>().At(first));
  }
}

void LoadAll(const Entry& entry, std::vector<Element>& elements) {
  elements.reserve(entry.ElementCount());
  if (entry.type() == Type::kSet) {
    entry.object<types::Set>().ForEach(
        [&](types::Set::Member member) { elements.push_back({.text = member.ToString()}); });
  } else {
    LoadWindow(entry, false, {0, entry.ElementCount()}, elements);
  }
}

// As strtod reads it, blanks in front included, but the whole text must be the number. A zero byte ends the text, as it
// does for Redis.
bool ParseScore(const std::string& text, double& score) noexcept {
  char* end = nullptr;
  errno = 0;
  score = std::strtod(text.c_str(), &end);
  return *end == '\0' && errno != ERANGE && !std::isnan(score);
}

// Fills in what the elements are compared by. False: not a number somewhere.
bool Weigh(Context& ctx, const SortOptions& options, std::vector<Element>& elements) {
  if (options.alpha && !options.has_by) return true;
  Pattern by(options.by);
  std::string value;
  for (Element& element : elements) {
    if (options.has_by && !by.Fetch(ctx, element.text, value)) continue;
    const std::string& weight = options.has_by ? value : element.text;
    if (options.alpha) {
      element.has_weight = true;
      element.weight = weight;
    } else if (!ParseScore(weight, element.score)) {
      return false;
    }
  }
  return true;
}

// Texts are compared byte by byte, which is what the C locale's collation does: the order must not depend on the
// environment that the server was started in.
int Compare(const Element& a, const Element& b, const SortOptions& options) noexcept {
  if (!options.alpha) {
    if (a.score != b.score) return a.score < b.score ? -1 : 1;
    return a.text.compare(b.text);
  }
  if (!options.has_by) return a.text.compare(b.text);
  if (a.has_weight != b.has_weight) return a.has_weight ? 1 : -1;
  return a.weight.compare(b.weight);
}

void SortWindow(const SortOptions& options, Window window, std::vector<Element>& elements) {
  auto before = [&options](const Element& a, const Element& b) {
    int order = Compare(a, b, options);
    return options.descending ? order > 0 : order < 0;
  };
  if (window.begin >= window.end) return;
  auto end = elements.begin() + static_cast<std::ptrdiff_t>(window.end);
  if (window.end < elements.size()) {
    std::partial_sort(elements.begin(), end, elements.end(), before);
  } else {
    std::stable_sort(elements.begin(), elements.end(), before);
  }
}

// The result: elements in order, from `first` on.
struct Sorted {
  std::vector<Element> elements;
  Window window;
};

bool LoadAndSort(Context& ctx, SortOptions& options, const Entry* source, Sorted& sorted) {
  if (!source) return true;
  // A set has no order of its own. Where the order must be the same whenever it is repeated, it is made one.
  if (!options.sorted && source->type() == Type::kSet && (options.has_store || ctx.in_script())) {
    options.sorted = true;
    options.alpha = true;
    options.has_by = false;
  }
  sorted.window = WindowOf(options, source->ElementCount());
  if (!options.sorted && source->type() != Type::kSet) {
    LoadWindow(*source, options.descending, sorted.window, sorted.elements);
    sorted.window = {0, sorted.elements.size()};
    return true;
  }
  LoadAll(*source, sorted.elements);
  if (!options.sorted) return true;
  if (!Weigh(ctx, options, sorted.elements)) {
    ctx.reply().Error("ERR One or more scores can't be converted into double");
    return false;
  }
  SortWindow(options, sorted.window, sorted.elements);
  return true;
}

// Calls visit(const std::string*) for every value of the result; null where a GET found nothing.
template <typename Visit>
void ForEachResult(Context& ctx, const SortOptions& options, const Sorted& sorted, Visit&& visit) {
  std::vector<Pattern> gets(options.gets.begin(), options.gets.end());
  std::string value;
  for (size_t i = sorted.window.begin; i < sorted.window.end; ++i) {
    const std::string& text = sorted.elements[i].text;
    if (gets.empty()) visit(&text);
    for (const Pattern& get : gets) visit(get.Fetch(ctx, text, value) ? &value : nullptr);
  }
}

size_t ResultSize(const SortOptions& options, const Sorted& sorted) noexcept {
  return (sorted.window.end - sorted.window.begin) * std::max<size_t>(options.gets.size(), 1);
}

void StoreResult(Context& ctx, const SortOptions& options, const Sorted& sorted) {
  types::ListLimits limits = ListLimitsOf(ctx.settings());
  auto list = std::make_unique<types::List>();
  ForEachResult(ctx, options, sorted, [&](const std::string* value) {
    list->Push(types::ListEnd::kTail, value ? std::string_view(*value) : std::string_view(), limits);
  });
  Key key = ctx.key(options.store_argument);
  auto size = static_cast<int64_t>(list->size());
  // Only now, because GET may have found the destination expired and deleted it.
  Entry* target = ctx.Lookup(key, Access::kWrite);
  if (size != 0) {
    ctx.Replace(key, target, store::Value::Object(std::move(list)));
    ctx.Modified(key, store::kEventList, "sortstore");
  } else if (target) {
    ctx.Delete(key, *target);
    ctx.Modified(key, store::kEventGeneric, "del");
  }
  ctx.reply().Integer(size);
}

void Sort(Context& ctx, bool may_store) {
  SortOptions options;
  if (!ParseSort(ctx, may_store, options)) return;
  Entry* source = ctx.Lookup(ctx.key(1), Access::kRead);
  bool sortable = !source || source->type() == Type::kList || source->type() == Type::kSet || source->type() == Type::kZSet;
  if (!sortable) {
    return ctx.reply().Error(command::kWrongType);
  }
  Sorted sorted;
  if (!LoadAndSort(ctx, options, source, sorted)) return;
  if (options.has_store) return StoreResult(ctx, options, sorted);
  ctx.reply().ArrayHeader(ResultSize(options, sorted));
  ForEachResult(ctx, options, sorted, [&ctx](const std::string* value) {
    value ? ctx.reply().Bulk(*value) : ctx.reply().Null();
  });
}

}  // namespace

// May say yes too often (an option's value can look like BY), never no.
bool SortRoams(std::span<const std::string_view> argv) {
  for (size_t i = 2; i + 1 < argv.size(); ++i) {
    bool is_pattern = base::EqualsIgnoreCase(argv[i], "by") || base::EqualsIgnoreCase(argv[i], "get");
    if (is_pattern && argv[i + 1].find('*') != std::string_view::npos) return true;
  }
  return false;
}

void CmdSort(Context& ctx) { Sort(ctx, true); }

void CmdSortRo(Context& ctx) { Sort(ctx, false); }

}  // namespace tusk::families
