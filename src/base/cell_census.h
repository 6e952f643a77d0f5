// CellCensus: how much of the cells' pages is in use, and which pages are to be emptied so that the others hold everything.
//
// Pages are looked at a few at a time: Count() until it is done, then the figures hold. A round begins with Mark(), again until it is
// done: of each heap's pages of one cell size as many stay as its cells need, those with the most cells, and among alike ones those at
// low addresses, so that whole huge pages come free; the others are marked (CellSpace::WantsMove), get no new cells, and whoever owns
// cells moves them. What nobody moved is ordinary again when the round ends.
//
// Figures are of pages that change meanwhile: estimates. Cost: a cache miss per page.
// Threads: caller-synchronised; heaps are used meanwhile. Owns: the counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/cells.h"

namespace tusk::base {

class CellCensus {
 public:
  explicit CellCensus(CellSpace& space) noexcept : space_(space) {}
  CellCensus(const CellCensus&) = delete;
  CellCensus& operator=(const CellCensus&) = delete;
  ~CellCensus() { EndRound(); }

  // Goes on with the count, from the start after a complete one. True when it is complete.
  bool Count(size_t pages_max);
  // Bytes of pages in use as the last complete count found them, and of those that could be emptied.
  struct Figures {
    size_t in_use = 0;
    size_t spare = 0;
  };
  Figures figures() const noexcept { return figures_; }

  // After a complete count. True when all are marked.
  bool Mark(size_t pages_max);
  // Pages marked in this round.
  size_t marked() const noexcept { return marked_; }
  void EndRound() noexcept;
  // How many rounds in a row, up to the last one, have left what they began with, within a quarter, as the last count found.
  uint32_t rounds_in_vain() const noexcept { return rounds_in_vain_; }

 private:
  static constexpr size_t kGrades = 8;  // Of how full a page is.
  struct Group {  // A heap's pages of one size.
    uint32_t pages = 0;
    uint64_t cells = 0;
    uint32_t grades[kGrades] = {};
    // Pages of a higher grade than `last` stay, and of that one so many.
    uint32_t last = 0;
    uint32_t last_pages = 0;
  };

  // Calls look(page, label) for pages in use, from where the last call ended. True at the end, which is the new start.
  template <typename Look>
  bool Walk(size_t pages_max, Look look);
  Group& GroupOf(uint32_t label);
  static uint32_t GradeOf(const CellPage& page, uint32_t label) noexcept;
  static size_t Needed(const Group& group, size_t size_class) noexcept;
  void Settle();

  CellSpace& space_;
  size_t next_chunk_ = 0;
  std::vector<Group> groups_;  // [heap * kCellClasses + size class]
  Figures figures_;
  bool marking_ = false;
  size_t marked_ = 0;
  uint32_t last_round_ = 0;
  size_t spare_before_ = 0;       // When the last round began; 0: none did, or it was not in vain.
  bool round_is_judged_ = false;  // By a count after it.
  uint32_t rounds_in_vain_ = 0;
};

}  // namespace tusk::base
