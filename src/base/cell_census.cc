#include "base/cell_census.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tusk::base {
namespace {

constexpr uint32_t kInUse = uint32_t{1} << 31;  // In a label.

}  // namespace

template <typename Look>
bool CellCensus::Walk(size_t pages_max, Look look) {
  for (size_t pages = 0; pages < pages_max; ++next_chunk_) {
    uint32_t used;
    {
      MutexLock hold(space_.mutex_);
      if (next_chunk_ >= space_.chunks_.size()) {
        next_chunk_ = 0;
        return true;
      }
      used = ~space_.chunks_[next_chunk_].free;
    }
    for (; used; used &= used - 1) {
      auto* page = reinterpret_cast<CellPage*>(space_.AddressOf(next_chunk_, static_cast<size_t>(std::countr_zero(used))));
      // Without the lock: a page that goes at this moment is zeroes, or what it was.
      const uint32_t label = page->label.load(std::memory_order_relaxed);
      if (label & kInUse) look(*page, label);
      ++pages;
    }
    ++pages;  // A chunk without pages in use costs time, too.
  }
  return false;
}

CellCensus::Group& CellCensus::GroupOf(uint32_t label) {
  const size_t index = size_t{label >> 8 & 0xffff} * kCellClasses + (label & 0xff);
  if (index >= groups_.size()) groups_.resize((index / kCellClasses + 1) * kCellClasses);
  return groups_[index];
}

uint32_t CellCensus::GradeOf(const CellPage& page, uint32_t label) noexcept {
  const auto used = static_cast<uint32_t>(std::max(0, page.used.load(std::memory_order_relaxed)));
  return std::min<uint32_t>(used * kGrades / CellCapacity(label & 0xff), kGrades - 1);
}

// One more than its cells fill, and a few in a hundred for what comes and goes meanwhile.
size_t CellCensus::Needed(const Group& group, size_t size_class) noexcept {
  const size_t full = group.cells / CellCapacity(size_class);
  return std::min<size_t>(group.pages, full + full / 32 + 1);
}

bool CellCensus::Count(size_t pages_max) {
  if (next_chunk_ == 0) groups_.clear();
  const bool done = Walk(pages_max, [this](const CellPage& page, uint32_t label) {
    Group& group = GroupOf(label);
    ++group.pages;
    group.cells += static_cast<uint64_t>(std::max(0, page.used.load(std::memory_order_relaxed)));
    ++group.grades[GradeOf(page, label)];
  });
  if (done) Settle();
  return done;
}

void CellCensus::Settle() {
  figures_ = {};
  for (size_t i = 0; i < groups_.size(); ++i) {
    Group& group = groups_[i];
    if (group.pages == 0) continue;
    const size_t needed = Needed(group, i % kCellClasses);
    figures_.in_use += group.pages * CellPage::kBytes;
    figures_.spare += (group.pages - needed) * CellPage::kBytes;
    size_t left = needed;
    group.last = kGrades - 1;
    while (group.last > 0 && left > group.grades[group.last]) left -= group.grades[group.last--];
    group.last_pages = static_cast<uint32_t>(left);
  }
  const bool alike = figures_.spare > spare_before_ / 4 * 3 && figures_.spare < spare_before_ / 4 * 5;
  if (!alike) {
    rounds_in_vain_ = 0;
    spare_before_ = 0;
  } else if (std::exchange(round_is_judged_, true) == false) {
    ++rounds_in_vain_;
  }
}

bool CellCensus::Mark(size_t pages_max) {
  if (!marking_) {
    marking_ = true;
    next_chunk_ = 0;
    marked_ = 0;
    spare_before_ = figures_.spare;
    round_is_judged_ = false;
    if (++last_round_ == 0) ++last_round_;  // 0 says "none".
    space_.round_.store(last_round_, std::memory_order_relaxed);
  }
  return Walk(pages_max, [this](CellPage& page, uint32_t label) {
    Group& group = GroupOf(label);
    if (group.pages == 0) return;  // Newer than the count.
    const uint32_t grade = GradeOf(page, label);
    if (grade > group.last || grade == kGrades - 1) return;
    if (grade == group.last && group.last_pages > 0) {
      --group.last_pages;
      return;
    }
    page.round.store(last_round_, std::memory_order_relaxed);
    ++marked_;
  });
}

void CellCensus::EndRound() noexcept {
  if (!marking_) return;
  marking_ = false;
  next_chunk_ = 0;
  space_.round_.store(0, std::memory_order_relaxed);
}

}  // namespace tusk::base
